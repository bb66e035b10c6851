/* pure: passes a request through to an upstream with the same API: changes the model's name, and removes carriers and
 * fields that the upstream ignores. */
#include "proxy/bridge/pass.h"
#include "proxy/bridge/carrier.h"

#include <string.h>

bool pass_is_carrier(const struct json *j, uint32_t item)
{
    uint32_t content = json_is(j, item, JSON_OBJECT) ? json_get(j, item, "encrypted_content") : JSON_NONE;
    return content && json_string_is(j, json_get(j, item, "type"), "reasoning") && carrier_is(json_inner(j, content));
}

static void copy_input(struct slice input, struct buf *out)
{
    struct json j = {0};
    bool any = false;
    if (!json_parse(&j, input.ptr, input.len) || json_type(&j, 0) != JSON_ARRAY) {
        buf_add_slice(out, input);
    } else {
        buf_add_char(out, '[');
        for (uint32_t item = json_first(&j, 0); item; item = json_next(&j, item)) {
            if (pass_is_carrier(&j, item))
                continue;
            if (any)
                buf_add_char(out, ',');
            any = true;
            buf_add_slice(out, json_raw(&j, item));
        }
        buf_add_char(out, ']');
    }
    out->failed |= j.no_memory; /* else the carriers would be sent */
    json_free(&j);
}

/* Writes the model's name, and the hint after it. */
static bool write_model(const struct pass_options *options, struct buf *out)
{
    return json_add_string(out, slice_of(options->upstream_model)) && cache_hint_write(options->hint, out);
}

/* Only the model's name and the hint change: points to the client's text before and after it. */
static bool point_around_model(const struct json *doc, const struct pass_options *options, struct buf *own,
                               struct pieces *out)
{
    struct slice body = json_raw(doc, 0), name = json_raw(doc, json_get(doc, 0, "model"));
    bool made = write_model(options, own);
    const char *rest = name.ptr + name.len;
    *out = (struct pieces){
        {{body.ptr, (size_t)(name.ptr - body.ptr)}, buf_slice(own), {rest, (size_t)(body.ptr + body.len - rest)}}};
    return made;
}

/* Copies the request with its white space; changes the model's name and, if there are carriers, the input. */
static bool copy_request(const struct json *doc, const struct pass_options *options, bool carriers, struct buf *out)
{
    struct slice body = json_raw(doc, 0);
    const char *copied = body.ptr;
    if (!json_get(doc, 0, "model")) {
        BUF_ADD(out, "{\"model\":");
        write_model(options, out);
        if (json_first(doc, 0))
            BUF_ADD(out, ",");
        copied++;
    }
    for (uint32_t key = json_first(doc, 0); key; key = json_next(doc, key)) {
        struct slice value = json_raw(doc, json_value(key));
        bool is_model = json_string_is(doc, key, "model");
        if (!is_model && !(carriers && json_string_is(doc, key, "input")))
            continue;
        buf_add(out, copied, (size_t)(value.ptr - copied));
        copied = value.ptr + value.len;
        if (is_model)
            write_model(options, out);
        else
            copy_input(value, out);
    }
    return buf_add(out, copied, (size_t)(body.ptr + body.len - copied)) && !out->failed;
}

unsigned pass_ignored(const struct json *doc, unsigned ignores)
{
    unsigned fields = 0;
    if ((ignores & IGNORES_MAX_COMPLETION_TOKENS) &&
        json_is(doc, json_get(doc, 0, "max_completion_tokens"), JSON_NUMBER))
        fields |= IGNORES_MAX_COMPLETION_TOKENS;
    if ((ignores & IGNORES_TOOL_CHOICE) && json_string_is(doc, json_get(doc, 0, "tool_choice"), "none"))
        fields |= IGNORES_TOOL_CHOICE;
    if ((ignores & IGNORES_STREAM) && json_is(doc, json_get(doc, 0, "stream"), JSON_TRUE))
        fields |= IGNORES_STREAM;
    return fields | (ignores & IGNORES_CACHE);
}

struct slice pass_name(const struct json *doc, uint32_t key, unsigned ignored)
{
    static const struct {
        unsigned ignored;
        const char *name, *sent;
    } fields[] = {
        {IGNORES_MAX_COMPLETION_TOKENS, "max_completion_tokens", "\"max_tokens\""},
        {IGNORES_MAX_COMPLETION_TOKENS, "max_tokens", ""},
        {IGNORES_TOOL_CHOICE, "tools", ""},
        {IGNORES_TOOL_CHOICE, "tool_choice", ""},
        {IGNORES_CACHE, "cache", ""},
        {IGNORES_STREAM, "stream", ""},
        {IGNORES_STREAM, "stream_options", ""},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((ignored & fields[i].ignored) && json_string_is(doc, key, fields[i].name))
            return slice_of(fields[i].sent);
    return json_raw(doc, key);
}

/* Writes the request member by member, without the `ignored` fields or with the names that the upstream knows. */
static bool rewrite_request(const struct json *doc, const struct pass_options *options, unsigned ignored, bool carriers,
                            struct buf *out)
{
    BUF_ADD(out, "{\"model\":");
    write_model(options, out);
    for (uint32_t key = json_first(doc, 0); key; key = json_next(doc, key)) {
        struct slice name = pass_name(doc, key, ignored);
        if (!name.len || json_string_is(doc, key, "model"))
            continue;
        BUF_ADD(out, ",");
        buf_add_slice(out, name);
        BUF_ADD(out, ":");
        if (carriers && json_string_is(doc, key, "input"))
            copy_input(json_raw(doc, json_value(key)), out);
        else
            buf_add_slice(out, json_raw(doc, json_value(key)));
    }
    return BUF_ADD(out, "}") && !out->failed;
}

bool pass_request(const struct json *doc, const struct pass_options *options, struct buf *own, struct pieces *out)
{
    bool carriers = !doc->mark || doc->marked;
    unsigned ignored = pass_ignored(doc, options->ignores);
    if (ignored) {
        bool made = rewrite_request(doc, options, ignored, carriers, own);
        *out = pieces_of(buf_slice(own));
        return made;
    }
    if (!carriers && json_count(doc, 0, "model") == 1)
        return point_around_model(doc, options, own, out);
    bool made = copy_request(doc, options, carriers, own);
    *out = pieces_of(buf_slice(own));
    return made;
}
