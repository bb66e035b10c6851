/* pure: passes a request through without what the upstream refuses. White space between the members of the request, of
 * messages and of `reasoning` and `text` is always removed, so that two such requests can be compared. */
#include "proxy/bridge/content.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/settings.h"

#include <stdio.h>

#define NO_SIGNATURE "skip_thought_signature_validator" /* see assistant_to_chat.c */

struct editor {
    const struct json *j;
    enum wire wire;
    const struct omissions *omit;
    unsigned ignored; /* set of enum provider_ignores: see pass_ignored() */
    struct buf *out;
    bool instructions; /* Responses: the request has instructions, so the input's first item is not the first message */
};

static bool refuses(const struct editor *e, unsigned part)
{
    return e->omit->parts & part;
}

/* Writes a comma, unless the next member is the object's first. */
static void write_comma(const struct editor *e)
{
    if (e->out->len && e->out->data[e->out->len - 1] != '{')
        BUF_ADD(e->out, ",");
}

static void write_key(const struct editor *e, const char *key)
{
    write_comma(e);
    buf_add_format(e->out, "\"%s\":", key);
}

static void write_raw(const struct editor *e, uint32_t key)
{
    write_comma(e);
    buf_add_slice(e->out, json_raw(e->j, key));
    BUF_ADD(e->out, ":");
    buf_add_slice(e->out, json_raw(e->j, json_value(key)));
}

/* Writes a member of the request, with the name that the upstream knows. */
static void write_plain(const struct editor *e, uint32_t key)
{
    struct slice name = pass_name(e->j, key, e->ignored);
    if (!name.len)
        return;
    write_comma(e);
    buf_add_slice(e->out, name);
    BUF_ADD(e->out, ":");
    buf_add_slice(e->out, json_raw(e->j, json_value(key)));
}

static bool is_role(const struct editor *e, uint32_t message, const char *role)
{
    return json_string_is(e->j, object_field(e->j, message, "role"), role);
}

static bool is_system(const struct editor *e, uint32_t message)
{
    return is_role(e, message, "system") || is_role(e, message, "developer");
}

static bool is_media(const struct editor *e, uint32_t node, struct part *part)
{
    return content_part(e->j, node, part) && part->kind != PART_TEXT;
}

static bool has_media(const struct editor *e, uint32_t content)
{
    struct part part;
    for (uint32_t n = json_is(e->j, content, JSON_ARRAY) ? json_first(e->j, content) : JSON_NONE; n;
         n = json_next(e->j, n))
        if (is_media(e, n, &part))
            return true;
    return false;
}

/* Writes the parts as one string: a server that refuses images may refuse an array too. */
static void write_as_text(const struct editor *e, uint32_t content)
{
    struct part part;
    const char *between = "\"";
    for (uint32_t n = json_first(e->j, content); n; n = json_next(e->j, n)) {
        if (!content_part(e->j, n, &part))
            continue;
        buf_add_text(e->out, between);
        between = "\\n\\n";
        if (part.kind == PART_TEXT)
            buf_add_slice(e->out, part.text);
        else
            buf_add_text(e->out, content_placeholder(part.kind));
    }
    BUF_ADD(e->out, "\"");
}

/* Responses: writes an array, with placeholders for images, files and recordings. */
static void write_parts(const struct editor *e, uint32_t content)
{
    struct part part;
    const char *between = "[";
    for (uint32_t n = json_first(e->j, content); n; n = json_next(e->j, n)) {
        buf_add_text(e->out, between);
        between = ",";
        if (is_media(e, n, &part))
            buf_add_format(e->out, "{\"type\":\"input_text\",\"text\":\"%s\"}", content_placeholder(part.kind));
        else
            buf_add_slice(e->out, json_raw(e->j, n));
    }
    BUF_ADD(e->out, "]");
}

/* Writes the calls; the first one gets a placeholder for its signature, unless it has state. */
static void write_signed_calls(const struct editor *e, uint32_t calls)
{
    uint32_t first = json_first(e->j, calls);
    struct slice all = json_raw(e->j, calls), raw = json_raw(e->j, first);
    if (!json_is(e->j, first, JSON_OBJECT) || object_field(e->j, first, "extra_content")) {
        buf_add_slice(e->out, all);
        return;
    }
    size_t before = (size_t)(raw.ptr + raw.len - 1 - all.ptr); /* the object's last brace */
    buf_add(e->out, all.ptr, before);
    BUF_ADD(e->out, ",\"extra_content\":{\"google\":{\"thought_signature\":\"" NO_SIGNATURE "\"}}");
    buf_add(e->out, all.ptr + before, all.len - before);
}

/* Writes the fields that the upstream requires in a message with calls, unless the message has them. */
static void write_missing(const struct editor *e, uint32_t message)
{
    uint32_t calls = object_field(e->j, message, "tool_calls");
    if (!json_is(e->j, calls, JSON_ARRAY) || !json_first(e->j, calls))
        return;
    if (refuses(e, PART_NO_REASONING) && !object_field(e->j, message, "reasoning_content")) {
        write_key(e, "reasoning_content");
        BUF_ADD(e->out, "\"\"");
    }
    if (refuses(e, PART_NO_DETAILS) && !object_field(e->j, message, "reasoning_details")) {
        write_key(e, "reasoning_details");
        BUF_ADD(e->out, "[{\"type\":\"reasoning.encrypted\",\"data\":\"" NO_SIGNATURE "\",\"id\":\"");
        buf_add_slice(e->out, object_text(e->j, json_first(e->j, calls), "id"));
        BUF_ADD(e->out, "\",\"format\":\"google-gemini-v1\",\"index\":0}]");
    }
}

/* Returns whether the member of a message is left out: refused reasoning, or null, which write_missing() replaces. */
static bool is_dropped(const struct editor *e, uint32_t key)
{
    static const char *const REASONING[] = {"reasoning_content", "reasoning_details", "reasoning"};
    bool null = json_is(e->j, json_value(key), JSON_NULL);
    for (size_t i = 0; i < sizeof REASONING / sizeof *REASONING; i++)
        if (json_string_is(e->j, key, REASONING[i]))
            return refuses(e, PART_REASONING) || null;
    return false;
}

static void write_message(const struct editor *e, uint32_t message, bool first)
{
    bool chat = e->wire == WIRE_CHAT, refused = refuses(e, PART_SYSTEM) || (!first && refuses(e, PART_LATER_SYSTEM));
    bool as_user = refused && is_system(e, message);
    BUF_ADD(e->out, "{");
    for (uint32_t key = json_first(e->j, message); key; key = json_next(e->j, key)) {
        uint32_t value = json_value(key);
        bool content = json_string_is(e->j, key, "content") || json_string_is(e->j, key, "output");
        if (as_user && json_string_is(e->j, key, "role")) {
            write_key(e, "role");
            BUF_ADD(e->out, "\"user\"");
        } else if (content && refuses(e, PART_IMAGES) && has_media(e, value)) {
            write_key(e, json_string_is(e->j, key, "content") ? "content" : "output");
            if (chat)
                write_as_text(e, value);
            else
                write_parts(e, value);
        } else if (chat && refuses(e, PART_NO_SIGNATURE) && json_string_is(e->j, key, "tool_calls") &&
                   json_is(e->j, value, JSON_ARRAY) && json_first(e->j, value)) {
            write_key(e, "tool_calls");
            write_signed_calls(e, value);
        } else if (!chat || !is_dropped(e, key)) {
            write_raw(e, key);
        }
    }
    if (chat)
        write_missing(e, message);
    BUF_ADD(e->out, "}");
}

static void write_go_on(const struct editor *e)
{
    if (e->wire == WIRE_CHAT)
        BUF_ADD(e->out, ",{\"role\":\"user\",\"content\":\"" TURN_GO_ON "\"}");
    else
        BUF_ADD(e->out,
                ",{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" TURN_GO_ON
                "\"}]}");
}

/* Writes the value of `messages` or `input`. */
static void write_messages(const struct editor *e, uint32_t list)
{
    uint32_t last = JSON_NONE;
    bool first = !e->instructions, any = false;
    if (!json_is(e->j, list, JSON_ARRAY)) {
        buf_add_slice(e->out, json_raw(e->j, list));
        return;
    }
    BUF_ADD(e->out, "[");
    for (uint32_t item = json_first(e->j, list); item; item = json_next(e->j, item)) {
        if (pass_is_carrier(e->j, item))
            continue;
        if (any)
            BUF_ADD(e->out, ",");
        any = true;
        if (json_is(e->j, item, JSON_OBJECT))
            write_message(e, item, first);
        else
            buf_add_slice(e->out, json_raw(e->j, item));
        first = false;
        last = item;
    }
    if (refuses(e, PART_PREFILL) && last && is_role(e, last, "assistant") && !object_field(e->j, last, "tool_calls"))
        write_go_on(e);
    BUF_ADD(e->out, "]");
}

/* Writes the effort under the key `name`. false: it is left out. */
static bool write_effort(const struct editor *e, const char *name, uint32_t value)
{
    struct slice asked = json_inner(e->j, value), sent = settings_effort(e->omit, false, asked);
    if (!sent.len && (asked.len || refuses(e, PART_EFFORT)))
        return false;
    write_key(e, name);
    if (sent.len)
        buf_add_format(e->out, "\"%.*s\"", SLICE_ARGS(sent));
    else
        buf_add_slice(e->out, json_raw(e->j, value));
    return true;
}

/* Responses: writes `reasoning` or `text` without refused members. */
static void write_object(const struct editor *e, const char *name, uint32_t object)
{
    write_key(e, name);
    BUF_ADD(e->out, "{");
    for (uint32_t key = json_first(e->j, object); key; key = json_next(e->j, key)) {
        char path[PART_FIELD_NAME];
        (void)snprintf(path, sizeof path, "%s.%.*s", name, SLICE_ARGS(json_inner(e->j, key)));
        if (slice_is(slice_of(path), "reasoning.effort"))
            (void)write_effort(e, "effort", json_value(key));
        else if (!omits_field(e->omit, path) && !(refuses(e, PART_FORMAT) && slice_is(slice_of(path), "text.format")))
            write_raw(e, key);
    }
    BUF_ADD(e->out, "}");
}

/* Returns the other name of the token limit if the upstream refuses this one, and the request has only one; else NULL.
 */
static const char *limit_name(const struct editor *e, uint32_t key)
{
    bool old = json_string_is(e->j, key, "max_tokens"), new = json_string_is(e->j, key, "max_completion_tokens");
    const char *other = old ? "max_completion_tokens" : "max_tokens";
    return refuses(e, PART_MAX_TOKENS) && (old || new) && !json_get(e->j, 0, other) ? other : NULL;
}

static bool is_left_out(const struct editor *e, uint32_t key)
{
    for (unsigned i = 0; i < e->omit->field_count; i++)
        if (json_string_is(e->j, key, e->omit->fields[i]))
            return true;
    return refuses(e, PART_FORMAT) && json_string_is(e->j, key, "response_format");
}

static void write_member(const struct editor *e, uint32_t key)
{
    uint32_t value = json_value(key);
    const char *content = dialect_of(e->wire)->content, *limit = limit_name(e, key);
    bool responses = e->wire == WIRE_RESPONSES, object = json_is(e->j, value, JSON_OBJECT);
    if (is_left_out(e, key))
        return;
    if (json_string_is(e->j, key, "reasoning_effort")) {
        (void)write_effort(e, "reasoning_effort", value);
    } else if (responses && object && json_string_is(e->j, key, "reasoning")) {
        write_object(e, "reasoning", value);
    } else if (responses && object && json_string_is(e->j, key, "text")) {
        write_object(e, "text", value);
    } else if ((e->wire & WIRES_BRIDGED) && json_string_is(e->j, key, content)) {
        write_key(e, content);
        write_messages(e, value);
    } else if (limit) {
        write_key(e, limit);
        buf_add_slice(e->out, json_raw(e->j, value));
    } else {
        write_plain(e, key);
    }
}

bool pass_omit(const struct json *doc, enum wire wire, const struct pass_options *options, struct buf *own)
{
    struct editor e = {
        .j = doc, .wire = wire, .omit = options->omit, .ignored = pass_ignored(doc, options->ignores), .out = own};
    e.instructions = wire == WIRE_RESPONSES && json_is(doc, json_get(doc, 0, "instructions"), JSON_STRING);
    BUF_ADD(own, "{\"model\":");
    json_add_string(own, slice_of(options->upstream_model));
    cache_hint_write(options->hint, own);
    for (uint32_t key = json_first(doc, 0); key && !own->failed; key = json_next(doc, key))
        if (!json_string_is(doc, key, "model"))
            write_member(&e, key);
    return BUF_ADD(own, "}");
}
