/* pure: Encodes the assistant's side of a turn as Chat Completions messages: its text and calls, what a provider wants
 * back with them, and the calls' results.
 *
 * State that comes back in a carrier (carrier.h) is a call's thought signature, or a whole reply's reasoning_details
 * with the ids that its calls had: an entry refers to a call by its id, so the calls are sent under these again. */
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/chat_writer.h"
#include "proxy/bridge/details.h"
#include "proxy/bridge/tools.h"

#include <string.h>

/* Gemini's own word for "this call was not mine": its documentation on thought signatures. */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* Items from `at` up to `end` that one message is made of. */
struct run {
    uint32_t at, end;
};

/* Arguments must be a JSON object in text. What a model once got wrong is wrapped, or strict servers would refuse every
 * later turn of the conversation. */
static void write_arguments(struct chat_writer *w, const struct item *call)
{
    struct slice arguments = call->arguments;
    if (call->raw) {
        json_add_escaped(w->out, arguments);
        return;
    }
    if (call->tool.kind == TOOL_CUSTOM) {
        BUF_ADD(w->out, "{\\\"input\\\":\\\"");
        json_add_escaped(w->out, arguments);
        BUF_ADD(w->out, "\\\"}");
        return;
    }
    buf_clear(&w->text);
    bool object = json_unescape_inner(arguments, &w->text) && json_parse(&w->json, w->text.data, w->text.len) &&
                  json_type(&w->json, 0) == JSON_OBJECT;
    buf_fail_with(w->out, &w->text);
    w->out->failed |= w->json.no_memory;
    if (object) {
        buf_add_slice(w->out, arguments);
    } else if (!arguments.len) {
        BUF_ADD(w->out, "{}");
    } else {
        BUF_ADD(w->out, "{\\\"invalid_arguments\\\":\\\"");
        json_add_escaped(w->out, arguments);
        BUF_ADD(w->out, "\\\"}");
    }
}

/* The state that was sealed for the call: a signature, or details. */
static bool find_state(const struct chat_writer *w, struct run run, struct slice call_id, bool details,
                       struct slice *state)
{
    const struct turn_options *o = w->options;
    for (uint32_t i = run.at; o->carrier_key && i < run.end; i++)
        if (chat_item(w, i)->kind == ITEM_CARRIER && carrier_peek(call_id, chat_item(w, i)->arguments, state) &&
            details_are(*state) == details &&
            carrier_open(o->carrier_key, o->deployment_id, call_id, chat_item(w, i)->arguments, state))
            return true;
    return false;
}

/* Opens the details of the run, if there are any: into w->state_json. */
static void open_details(struct chat_writer *w, struct run run)
{
    struct slice state;
    buf_clear(&w->state);
    for (uint32_t i = run.at; i < run.end && !w->state.len; i++)
        if (chat_item(w, i)->kind == ITEM_CALL && find_state(w, run, chat_item(w, i)->id, true, &state))
            json_unescape_inner(state, &w->state);
    buf_fail_with(w->out, &w->state);
    if (w->state.len && !json_parse(&w->state_json, w->state.data, w->state.len)) {
        w->out->failed |= w->state_json.no_memory;
        buf_clear(&w->state);
    }
}

/* The call's id towards the upstream: its own, where the details name that, else ours. */
static void write_call_id(struct chat_writer *w, const struct item *call)
{
    const char *number = call->id.len ? memrchr(call->id.ptr, '_', call->id.len) : NULL;
    uint32_t id = JSON_NONE;
    if (w->state.len && number) {
        struct slice key = {number + 1, call->id.len - (size_t)(number + 1 - call->id.ptr)};
        id = json_find(&w->state_json, json_get(&w->state_json, 0, "ids"), key);
    }
    if (id)
        buf_add_slice(w->out, json_inner(&w->state_json, id));
    else
        turn_call_id(call, w->out);
}

/* Gemini checks the first call of each step only; so that one gets the placeholder when none has a signature. */
static void write_signature(struct chat_writer *w, struct run run, const struct item *call, bool first)
{
    struct slice state;
    bool found = find_state(w, run, call->id, false, &state);
    if (!found && first && (w->options->thought_signatures || turn_leaves_out(w->options, PART_NO_SIGNATURE))) {
        state = SLICE(NO_SIGNATURE);
        found = true;
    }
    if (!found)
        return;
    BUF_ADD(w->out, ",\"extra_content\":{\"google\":{\"thought_signature\":\"");
    buf_add_slice(w->out, state);
    BUF_ADD(w->out, "\"}}");
}

static void write_call(struct chat_writer *w, struct run run, const struct item *call, bool first)
{
    char flat[TOOL_NAME_MAX + 1];
    tools_flat_name(w->t, &call->tool, flat);
    BUF_ADD(w->out, "{\"id\":\"");
    write_call_id(w, call);
    BUF_ADD(w->out, "\",\"type\":\"function\",\"function\":{\"name\":\"");
    buf_add_text(w->out, flat);
    BUF_ADD(w->out, "\",\"arguments\":\"");
    write_arguments(w, call);
    BUF_ADD(w->out, "\"}");
    write_signature(w, run, call, first);
    BUF_ADD(w->out, "}");
}

static void write_result(struct chat_writer *w, const struct item *call)
{
    chat_begin_message(w, "tool");
    BUF_ADD(w->out, "\"");
    if (call->peer == NO_ITEM) {
        BUF_ADD(w->out, "aborted"); /* Codex's own word for a call that got no result */
    } else {
        const struct item *result = chat_item(w, call->peer);
        bool media = chat_shows_media(w, result);
        if (content_write_text(w->t, result, "\\n", !media, w->out) && media)
            BUF_ADD(w->out, "\\n");
        if (media)
            BUF_ADD(w->out, "[see the next message]");
    }
    BUF_ADD(w->out, "\",\"tool_call_id\":\"");
    write_call_id(w, call);
    BUF_ADD(w->out, "\"}");
}

/* The pictures of results: a tool message holds text only, and a user message may follow when all results are there. */
static void write_result_media(struct chat_writer *w, struct run run)
{
    bool any = false;
    for (uint32_t i = run.at; i < run.end; i++) {
        const struct item *call = chat_item(w, i);
        if (call->kind != ITEM_CALL || call->peer == NO_ITEM || !chat_shows_media(w, chat_item(w, call->peer)))
            continue;
        const struct item *result = chat_item(w, call->peer);
        if (!any) {
            chat_begin_message(w, "user");
            BUF_ADD(w->out, "[");
            chat_write_part(w, &(struct part){.kind = PART_TEXT, .text = SLICE("Output of the tools:")});
        }
        any = true;
        for (uint32_t k = 0; k < result->parts; k++) {
            const struct part *part = &w->t->parts[result->first_part + k];
            if (part->kind == PART_TEXT)
                continue;
            BUF_ADD(w->out, ",");
            chat_write_part(w, part);
        }
    }
    if (any)
        BUF_ADD(w->out, "]}");
}

static void write_assistant_text(struct chat_writer *w, struct run run)
{
    bool any = false;
    for (uint32_t i = run.at; i < run.end; i++) {
        const struct item *item = chat_item(w, i);
        if (item->kind != ITEM_MESSAGE || !item->parts)
            continue;
        buf_add_text(w->out, any ? "\\n\\n" : "\"");
        any = true;
        content_write_text(w->t, item, "", true, w->out);
    }
    buf_add_text(w->out, any ? "\"" : "null");
}

/* Where the assistant's side that begins at `i` ends. Results of calls before it are passed over: they were written. */
static struct run assistant_run(const struct chat_writer *w, uint32_t i, bool *says_something)
{
    struct run run = {i, i};
    *says_something = false;
    for (; run.end < w->t->item_count; run.end++) {
        const struct item *item = chat_item(w, run.end);
        bool assistant = item->kind == ITEM_CALL || (item->kind == ITEM_MESSAGE && item->role == ROLE_ASSISTANT);
        bool written = item->kind == ITEM_RESULT && item->peer < run.at;
        if (!assistant && !written && item->kind != ITEM_CARRIER && item->kind != ITEM_REASONING)
            break;
        *says_something |= assistant && (item->kind == ITEM_CALL || item->parts);
    }
    return run;
}

/* The reasoning that came with the message: the reasoning of this side, all together. Where a call needs it and there
 * is none, another deployment's call for one, it is empty. */
static void write_reasoning(struct chat_writer *w, struct run run, bool calls)
{
    bool any = false;
    if (!w->options->returns_reasoning && !turn_leaves_out(w->options, PART_NO_REASONING))
        return;
    for (uint32_t i = run.at; i < run.end; i++) {
        const struct item *item = chat_item(w, i);
        if (item->kind != ITEM_REASONING || !item->parts)
            continue;
        buf_add_text(w->out, any ? "\\n\\n" : ",\"reasoning_content\":\"");
        any = true;
        content_write_text(w->t, item, "\\n\\n", true, w->out);
    }
    if (any)
        BUF_ADD(w->out, "\"");
    else if (calls)
        BUF_ADD(w->out, ",\"reasoning_content\":\"\"");
}

/* What OpenRouter wants back: the details that it gave, else, for Gemini's models, its placeholder for the first call.
 */
static void write_details(struct chat_writer *w, const struct item *first)
{
    if (w->state.len) {
        BUF_ADD(w->out, ",\"reasoning_details\":");
        buf_add_slice(w->out, json_raw(&w->state_json, json_get(&w->state_json, 0, "details")));
    } else if (turn_leaves_out(w->options, PART_NO_DETAILS)) {
        BUF_ADD(w->out,
                ",\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"" NO_SIGNATURE "\",\"id\":\"");
        write_call_id(w, first);
        BUF_ADD(w->out, "\",\"format\":\"google-gemini-v1\",\"index\":0}]");
    }
}

/* The calls, and what comes with them. */
static void write_calls(struct chat_writer *w, struct run run)
{
    const struct item *first = NULL;
    open_details(w, run);
    for (uint32_t i = run.at; i < run.end; i++) {
        const struct item *item = chat_item(w, i);
        if (item->kind != ITEM_CALL)
            continue;
        buf_add_text(w->out, first ? "," : ",\"tool_calls\":[");
        write_call(w, run, item, !first);
        first = first ? first : item;
    }
    if (first) {
        BUF_ADD(w->out, "]");
        write_details(w, first);
    }
    write_reasoning(w, run, first != NULL);
}

uint32_t chat_write_assistant(struct chat_writer *w, uint32_t i)
{
    bool says_something;
    struct run run = assistant_run(w, i, &says_something);
    if (!says_something)
        return run.end;
    chat_begin_message(w, "assistant");
    write_assistant_text(w, run);
    write_calls(w, run);
    BUF_ADD(w->out, "}");
    for (i = run.at; i < run.end; i++)
        if (chat_item(w, i)->kind == ITEM_CALL)
            write_result(w, chat_item(w, i));
    write_result_media(w, run);
    return run.end;
}
