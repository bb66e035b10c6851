/* pure: Encodes a turn as a Chat Completions request that strict servers accept. */
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/content.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/settings.h"
#include "proxy/bridge/tools.h"

#include <string.h>

/* Gemini's own word for "this call was not mine": its documentation on thought signatures. */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* One encoding. `text` and `json` are for looking into arguments. */
struct writer {
    const struct turn *t;
    const struct turn_options *options;
    struct buf *out;
    struct buf text;
    struct json json;
    const char *last; /* role of the message that was written last; NULL: none was */
};

/* Items from `at` up to `end` that one message is made of. */
struct run {
    uint32_t at, end;
};

static const struct item *item_at(const struct writer *w, uint32_t i)
{
    return &w->t->items[i];
}

static void begin_message(struct writer *w, const char *role)
{
    if (w->last)
        buf_add_char(w->out, ',');
    w->last = role;
    BUF_ADD(w->out, "{\"role\":\"");
    buf_add_text(w->out, role);
    BUF_ADD(w->out, "\",\"content\":");
}

static bool is_system(const struct item *item)
{
    return item->kind == ITEM_MESSAGE && (item->role == ROLE_SYSTEM || item->role == ROLE_DEVELOPER);
}

/* Neighbouring system and developer messages become one: many templates know a single one only. */
static uint32_t write_system(struct writer *w, uint32_t i)
{
    bool any = false;
    for (; i < w->t->item_count && is_system(item_at(w, i)); i++) {
        const struct item *item = item_at(w, i);
        if (!item->parts)
            continue;
        if (any)
            BUF_ADD(w->out, "\\n\\n");
        else {
            begin_message(w, "system");
            BUF_ADD(w->out, "\"");
        }
        any = true;
        content_write_text(w->t, item, "\\n\\n", true, w->out);
    }
    if (any)
        BUF_ADD(w->out, "\"}");
    return i;
}

static void write_text_part(struct writer *w, struct slice text)
{
    BUF_ADD(w->out, "{\"type\":\"text\",\"text\":\"");
    buf_add_slice(w->out, text);
    BUF_ADD(w->out, "\"}");
}

static void write_image(struct writer *w, const struct part *part)
{
    BUF_ADD(w->out, "{\"type\":\"image_url\",\"image_url\":{\"url\":\"");
    buf_add_slice(w->out, part->text);
    if (slice_is(part->detail, "low") || slice_is(part->detail, "high") || slice_is(part->detail, "auto")) {
        BUF_ADD(w->out, "\",\"detail\":\"");
        buf_add_slice(w->out, part->detail);
    }
    BUF_ADD(w->out, "\"}}");
}

static void write_pair(struct writer *w, const char *before, struct slice first, const char *between,
                       struct slice second)
{
    buf_add_text(w->out, before);
    buf_add_slice(w->out, first);
    buf_add_text(w->out, between);
    buf_add_slice(w->out, second);
    BUF_ADD(w->out, "\"}}");
}

static void write_part(struct writer *w, const struct part *part)
{
    if (part->kind == PART_TEXT)
        write_text_part(w, part->text);
    else if (!part->text.len) /* held by its provider under an id */
        write_text_part(w, SLICE("[a file that is not at hand]"));
    else if (part->kind == PART_IMAGE)
        write_image(w, part);
    else if (part->kind == PART_FILE)
        write_pair(w, "{\"type\":\"file\",\"file\":{\"filename\":\"", part->detail, "\",\"file_data\":\"", part->text);
    else
        write_pair(w, "{\"type\":\"input_audio\",\"input_audio\":{\"format\":\"", part->detail, "\",\"data\":\"",
                   part->text);
}

static bool shows_media(const struct writer *w, const struct item *item)
{
    return !(w->options->without & TURN_WITHOUT_IMAGES) && content_has_media(w->t, item);
}

static void write_user(struct writer *w, const struct item *item)
{
    if (!item->parts)
        return;
    begin_message(w, "user");
    if (shows_media(w, item)) {
        for (uint32_t i = 0; i < item->parts; i++) {
            buf_add_char(w->out, i ? ',' : '[');
            write_part(w, &w->t->parts[item->first_part + i]);
        }
        BUF_ADD(w->out, "]}");
    } else {
        BUF_ADD(w->out, "\"");
        content_write_text(w->t, item, "\\n\\n", true, w->out);
        BUF_ADD(w->out, "\"}");
    }
}

/* A result whose call is gone, by compaction for one: servers refuse it as a tool message, the model may still need it.
 */
static void write_orphan(struct writer *w, const struct item *result)
{
    begin_message(w, "user");
    BUF_ADD(w->out, "\"Output of an earlier tool call:\\n");
    content_write_text(w->t, result, "\\n", true, w->out);
    BUF_ADD(w->out, "\"}");
}

/* Arguments must be a JSON object in text. What a model once got wrong is wrapped, or strict servers would refuse every
 * later turn of the conversation. */
static void write_arguments(struct writer *w, const struct item *call)
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

static bool find_state(const struct writer *w, struct run run, struct slice call_id, struct slice *state)
{
    const struct turn_options *o = w->options;
    for (uint32_t i = run.at; o->carrier_key && i < run.end; i++)
        if (item_at(w, i)->kind == ITEM_CARRIER &&
            carrier_open(o->carrier_key, o->deployment_id, call_id, item_at(w, i)->arguments, state))
            return true;
    return false;
}

/* Gemini checks the first call of each step only; so that one gets the placeholder when none has a signature. */
static void write_call(struct writer *w, struct run run, const struct item *call, bool first)
{
    char flat[TOOL_NAME_MAX + 1];
    struct slice state;
    tools_flat_name(w->t, &call->tool, flat);
    BUF_ADD(w->out, "{\"id\":\"");
    turn_call_id(call, w->out);
    BUF_ADD(w->out, "\",\"type\":\"function\",\"function\":{\"name\":\"");
    buf_add_text(w->out, flat);
    BUF_ADD(w->out, "\",\"arguments\":\"");
    write_arguments(w, call);
    BUF_ADD(w->out, "\"}");
    bool found = find_state(w, run, call->id, &state);
    if (!found && first && w->options->thought_signatures) {
        state = SLICE(NO_SIGNATURE);
        found = true;
    }
    if (found) {
        BUF_ADD(w->out, ",\"extra_content\":{\"google\":{\"thought_signature\":\"");
        buf_add_slice(w->out, state);
        BUF_ADD(w->out, "\"}}");
    }
    BUF_ADD(w->out, "}");
}

static void write_result(struct writer *w, const struct item *call)
{
    begin_message(w, "tool");
    BUF_ADD(w->out, "\"");
    if (call->peer == NO_ITEM) {
        BUF_ADD(w->out, "aborted"); /* Codex's own word for a call that got no result */
    } else {
        const struct item *result = item_at(w, call->peer);
        bool media = shows_media(w, result);
        if (content_write_text(w->t, result, "\\n", !media, w->out) && media)
            BUF_ADD(w->out, "\\n");
        if (media)
            BUF_ADD(w->out, "[see the next message]");
    }
    BUF_ADD(w->out, "\",\"tool_call_id\":\"");
    turn_call_id(call, w->out);
    BUF_ADD(w->out, "\"}");
}

/* The pictures of results: a tool message holds text only, and a user message may follow when all results are there. */
static void write_result_media(struct writer *w, struct run run)
{
    bool any = false;
    for (uint32_t i = run.at; i < run.end; i++) {
        const struct item *call = item_at(w, i);
        if (call->kind != ITEM_CALL || call->peer == NO_ITEM || !shows_media(w, item_at(w, call->peer)))
            continue;
        const struct item *result = item_at(w, call->peer);
        if (!any) {
            begin_message(w, "user");
            BUF_ADD(w->out, "[");
            write_text_part(w, SLICE("Output of the tools:"));
        }
        any = true;
        for (uint32_t k = 0; k < result->parts; k++) {
            const struct part *part = &w->t->parts[result->first_part + k];
            if (part->kind == PART_TEXT)
                continue;
            BUF_ADD(w->out, ",");
            write_part(w, part);
        }
    }
    if (any)
        BUF_ADD(w->out, "]}");
}

static void write_assistant_text(struct writer *w, struct run run)
{
    bool any = false;
    for (uint32_t i = run.at; i < run.end; i++) {
        const struct item *item = item_at(w, i);
        if (item->kind != ITEM_MESSAGE || !item->parts)
            continue;
        buf_add_text(w->out, any ? "\\n\\n" : "\"");
        any = true;
        content_write_text(w->t, item, "", true, w->out);
    }
    buf_add_text(w->out, any ? "\"" : "null");
}

/* Where the assistant's side that begins at `i` ends. Results of calls before it are passed over: they were written. */
static struct run assistant_run(const struct writer *w, uint32_t i, bool *says_something)
{
    struct run run = {i, i};
    *says_something = false;
    for (; run.end < w->t->item_count; run.end++) {
        const struct item *item = item_at(w, run.end);
        bool assistant = item->kind == ITEM_CALL || (item->kind == ITEM_MESSAGE && item->role == ROLE_ASSISTANT);
        bool written = item->kind == ITEM_RESULT && item->peer < run.at;
        if (!assistant && !written && item->kind != ITEM_CARRIER)
            break;
        *says_something |= assistant && (item->kind == ITEM_CALL || item->parts);
    }
    return run;
}

/* One assistant message with all its text and calls, then each call's result, wherever in the input it stands. */
static uint32_t write_assistant(struct writer *w, uint32_t i)
{
    bool says_something, any = false;
    struct run run = assistant_run(w, i, &says_something);
    if (!says_something)
        return run.end;
    begin_message(w, "assistant");
    write_assistant_text(w, run);
    for (i = run.at; i < run.end; i++) {
        if (item_at(w, i)->kind != ITEM_CALL)
            continue;
        buf_add_text(w->out, any ? "," : ",\"tool_calls\":[");
        write_call(w, run, item_at(w, i), !any);
        any = true;
    }
    buf_add_text(w->out, any ? "]}" : "}");
    for (i = run.at; i < run.end; i++)
        if (item_at(w, i)->kind == ITEM_CALL)
            write_result(w, item_at(w, i));
    write_result_media(w, run);
    return run.end;
}

static void write_messages(struct writer *w)
{
    uint32_t i = 0;
    while (i < w->t->item_count) {
        const struct item *item = item_at(w, i);
        if (is_system(item)) {
            i = write_system(w, i);
        } else if (item->kind == ITEM_MESSAGE && item->role == ROLE_USER) {
            write_user(w, item);
            i++;
        } else if (item->kind == ITEM_RESULT && item->peer == NO_ITEM) {
            write_orphan(w, item);
            i++;
        } else {
            i = write_assistant(w, i);
        }
    }
}

/* Some models go on with what the assistant said last, others refuse such a request: Codex makes it after a stream that
 * broke off behind a message that was whole. */
static void ask_to_go_on(struct writer *w)
{
    if (!(w->options->without & TURN_WITHOUT_PREFILL) || !w->last || strcmp(w->last, "assistant") != 0)
        return;
    begin_message(w, "user");
    BUF_ADD(w->out, "\"Please go on.\"}");
}

bool request_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    struct writer w = {.t = t, .options = options, .out = out};
    buf_init(&w.text, out->max);
    BUF_ADD(out, "{\"model\":");
    json_add_string(out, slice_of(options->upstream_model));
    BUF_ADD(out, ",\"messages\":[");
    write_messages(&w);
    ask_to_go_on(&w);
    BUF_ADD(out, "]");
    if (options->stream)
        BUF_ADD(out, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    tools_to_chat(t, options, out);
    settings_to_chat(t, options, out);
    BUF_ADD(out, "}");
    buf_free(&w.text);
    json_free(&w.json);
    return !out->failed;
}
