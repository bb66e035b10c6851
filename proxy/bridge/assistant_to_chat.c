/* pure: encodes the assistant's side of a turn as Chat Completions messages: text, calls with the provider's state, and
 * the calls' results.
 *
 * The state in a carrier (carrier.h) is a call's thought signature, or a reply's reasoning_details with the ids of its
 * calls. The details name calls by these ids, so the calls are sent with the same ids again. */
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/chat_writer.h"
#include "proxy/bridge/details.h"
#include "proxy/bridge/tools.h"

#include <string.h>

/* Gemini's placeholder for calls of other models; see its documentation on thought signatures. */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* The items of one message: from `at` to before `end`. */
struct run {
    uint32_t at, end;
};

/* Arguments must be a JSON object, as text. Invalid ones are wrapped in an object, because a strict server would refuse
 * every later request of the conversation. */
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

/* Finds the state that was sealed for the call: its details, or its signature. */
static bool find_state(const struct chat_writer *w, struct run run, struct slice call_id, bool details,
                       struct slice *state)
{
    const struct turn_options *o = w->options;
    for (uint32_t i = run.at; o->carrier_keys && i < run.end; i++)
        if (chat_item(w, i)->kind == ITEM_CARRIER && carrier_peek(call_id, chat_item(w, i)->arguments, state) &&
            details_are(*state) == details &&
            carrier_open(o->carrier_keys, o->deployment_id, call_id, chat_item(w, i)->arguments, state))
            return true;
    return false;
}

/* Parses the run's details into w->state_json. w->state is empty: there are none. */
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

/* Writes the call's id: the upstream's if the details have it, else ours. */
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

/* Gemini checks only the first call of each step, so that one gets the placeholder if it has no signature. */
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
        BUF_ADD(w->out, "aborted"); /* as Codex writes it for a call without a result */
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

/* Images of results: a tool message has text only, so a user message after the last result has them. */
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

/* Returns the assistant's items from `i`. Skips results of earlier calls: they were written after those. */
static struct run assistant_run(const struct chat_writer *w, uint32_t i, bool *has_content)
{
    struct run run = {i, i};
    *has_content = false;
    for (; run.end < w->t->item_count; run.end++) {
        const struct item *item = chat_item(w, run.end);
        bool assistant = item->kind == ITEM_CALL || (item->kind == ITEM_MESSAGE && item->role == ROLE_ASSISTANT);
        bool written = item->kind == ITEM_RESULT && item->peer < run.at;
        if (!assistant && !written && item->kind != ITEM_CARRIER && item->kind != ITEM_REASONING)
            break;
        *has_content |= assistant && (item->kind == ITEM_CALL || item->parts);
    }
    return run;
}

/* Writes the run's reasoning as one text. It is empty if there are calls but no reasoning, for example because another
 * deployment made them: the field is required. */
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

/* Writes OpenRouter's details, or, if Gemini's models require some, a placeholder for the first call. */
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

/* Writes the calls with their details and reasoning. */
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
    bool has_content;
    struct run run = assistant_run(w, i, &has_content);
    if (!has_content)
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
