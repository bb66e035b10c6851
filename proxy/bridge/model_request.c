/* pure: reads the body of a client's request. */
#include "proxy/bridge/model_request.h"

#include "proxy/bridge/carrier.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/item_head.h"
#include "proxy/terms/failure.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MAX 256           /* keys at the top level: each is compared with all others */
#define CONVERSATION_START 512 /* bytes of each first message that identify a conversation */
#define CONVERSATION_ITEMS 8   /* messages among which the user's first one is */

static bool fail(struct model_request_error *error, const char *param, const char *code, const char *message)
{
    error->param = param;
    error->code = code;
    (void)snprintf(error->message, sizeof error->message, "%s", message);
    return false;
}

static bool read_model(struct model_request *r, uint32_t node, struct model_request_error *error)
{
    struct buf name;
    bool ok = false;
    buf_init(&name, MODEL_NAME_MAX - 1);
    if (!node)
        fail(error, "model", "missing_required_parameter", "'model' is missing: name one of GET /v1/models.");
    else if (!json_is(&r->top, node, JSON_STRING))
        fail(error, "model", "invalid_type", "'model' must be a string.");
    else if (!json_unescape(&r->top, node, &name) || !name.len || memchr(name.data, '\0', name.len))
        fail(error, "model", "model_not_found", "'model' is empty or longer than 255 bytes.");
    else
        ok = true;
    error->no_memory = name.failed && !name.full;
    if (ok) {
        memcpy(r->model, name.data, name.len);
        r->model[name.len] = '\0';
    }
    buf_free(&name);
    return ok;
}

static bool read_stream(struct model_request *r, uint32_t node, struct model_request_error *error)
{
    r->stream = json_is(&r->top, node, JSON_TRUE);
    if (!node || r->stream || json_is(&r->top, node, JSON_FALSE) || json_is(&r->top, node, JSON_NULL))
        return true;
    return fail(error, "stream", "invalid_type", "'stream' must be true or false.");
}

static bool read_content(struct model_request *r, uint32_t *content, struct model_request_error *error)
{
    const struct dialect *d = dialect_of(r->wire);
    *content = json_get(&r->top, 0, d->content);
    if (r->stored && (!*content || json_is(&r->top, *content, JSON_NULL))) {
        *content = JSON_NONE;
        return true;
    }
    if (json_is(&r->top, *content, JSON_ARRAY) || (d->content_string && json_is(&r->top, *content, JSON_STRING)))
        return true;
    fail(error, d->content, *content ? "invalid_type" : "missing_required_parameter", "");
    (void)snprintf(error->message, sizeof error->message, "'%s' is missing%s.", d->content,
                   d->content_string ? ", or neither a string nor an array" : " or not an array");
    return false;
}

static void read_needs(struct model_request *r)
{
    const struct own_field *f = dialect_of(r->wire)->own_fields;
    r->needs = NULL;
    r->stored = JSON_NONE;
    r->upstream_wires = r->wire & WIRES_BRIDGED ? WIRES_BRIDGED : r->wire;
    for (; f && f->key; f++) {
        uint32_t value = json_get(&r->top, 0, f->key);
        if (!value || !f->asks(&r->top, value))
            continue;
        r->needs = r->needs ? r->needs : f->key;
        r->stored = r->stored || !f->stored ? r->stored : value;
        r->upstream_wires = r->wire;
    }
}

/* Returns a keyed hash. `before`: the hash of what stands before the text; it changes the key. */
static uint64_t hash_of(const struct model_request *r, struct slice text, uint64_t before)
{
    unsigned char key[crypto_shorthash_KEYBYTES] = {0}, hash[crypto_shorthash_BYTES];
    uint64_t value = 0;
    if (r->name_key)
        memcpy(key, r->name_key, sizeof key);
    for (size_t i = 0; before && i < sizeof before; i++)
        key[i] ^= (unsigned char)(before >> (8 * i));
    crypto_shorthash(hash, (const unsigned char *)text.ptr, text.len, key);
    memcpy(&value, hash, sizeof value);
    return value;
}

static uint64_t hash_of_start(const struct model_request *r, struct slice text, uint64_t before)
{
    if (text.len > CONVERSATION_START)
        text.len = CONVERSATION_START;
    return hash_of(r, text, before);
}

/* Codex names its conversation in a header (`name`) and in prompt_cache_key. Others are identified by their messages up
 * to the user's first one, with which all requests of a conversation begin. */
static uint64_t conversation_of(struct model_request *r, struct slice name, uint32_t content)
{
    uint32_t item = json_is(&r->top, content, JSON_ARRAY) ? json_first(&r->top, content) : JSON_NONE;
    uint64_t hash = 0;
    if (!name.len)
        name = json_inner(&r->top, json_get(&r->top, 0, "prompt_cache_key"));
    r->named = name.len > 0;
    if (r->named)
        return hash_of(r, name, 0);
    if (!item)
        return hash_of_start(r, json_raw(&r->top, content ? content : r->stored), 0);
    for (unsigned i = 0; item && i < CONVERSATION_ITEMS; i++, item = json_next(&r->top, item)) {
        struct slice raw = json_raw(&r->top, item);
        hash = hash_of_start(r, raw, hash);
        if (r->top.nodes[item].class == ITEM_IS_USER)
            break;
    }
    return hash;
}

/* Returns whether two keys are equal, with escapes resolved. `name`: the second key's text, if it has escapes. */
static bool same_key(const struct json *j, uint32_t a, uint32_t b, const struct buf *name)
{
    if (j->nodes[a].escaped || j->nodes[b].escaped)
        return json_string_equals(j, a, j->nodes[b].escaped ? buf_slice(name) : json_inner(j, b));
    return j->nodes[a].len == j->nodes[b].len && slice_equal(json_inner(j, a), json_inner(j, b));
}

/* Returns whether an earlier key equals this one. *no_memory: unknown, and the result is true. */
static bool is_duplicate(const struct json *j, uint32_t key, bool *no_memory)
{
    struct buf name;
    buf_init(&name, j->nodes[key].len);
    *no_memory = j->nodes[key].escaped && !json_unescape(j, key, &name);
    bool duplicate = *no_memory;
    for (uint32_t k = json_first(j, 0); k != key && !duplicate; k = json_next(j, k))
        duplicate = same_key(j, k, key, &name);
    buf_free(&name);
    return duplicate;
}

/* Refuses duplicate keys: the proxy could use one value and the provider, which gets the same text, the other. */
static bool check_keys(struct model_request *r, struct model_request_error *error)
{
    unsigned count = 0;
    r->cache = JSON_NONE;
    for (uint32_t key = json_first(&r->top, 0); key; key = json_next(&r->top, key)) {
        if (++count > KEYS_MAX)
            return fail(error, NULL, "too_many_parameters", "The body has more than 256 keys: more than any API has.");
        if (r->top.nodes[key].len == sizeof "cache" + 1 && json_string_is(&r->top, key, "cache"))
            r->cache = json_value(key);
        if (!is_duplicate(&r->top, key, &error->no_memory))
            continue;
        fail(error, NULL, "duplicate_parameter", "");
        (void)snprintf(error->message, sizeof error->message, "The body has the key \"%.*s\" twice.",
                       (int)(r->top.nodes[key].len < 64 ? r->top.nodes[key].len - 2 : 62),
                       json_inner(&r->top, key).ptr);
        return false;
    }
    return true;
}

bool model_request_read(struct model_request *r, enum wire wire, struct slice thread_id, struct slice body,
                        struct model_request_error *error)
{
    uint32_t content = JSON_NONE;
    r->wire = wire;
    r->top.mark = CARRIER_MARK;
    r->top.elements = true;
    r->top.classify = item_classify;
    if (!json_parse_top(&r->top, body.ptr, body.len)) {
        error->param = NULL;
        error->code = "invalid_json";
        error->no_memory = r->top.no_memory;
        (void)snprintf(error->message, sizeof error->message, "The body is not valid JSON: %s at byte %zu.",
                       r->top.error, r->top.error_at);
        return false;
    }
    if (json_type(&r->top, 0) != JSON_OBJECT)
        return fail(error, NULL, "invalid_type", "The body must be a JSON object.");
    if (!check_keys(r, error) || !read_model(r, json_get(&r->top, 0, "model"), error) ||
        !read_stream(r, json_get(&r->top, 0, "stream"), error))
        return false;
    read_needs(r);
    if (!read_content(r, &content, error))
        return false;
    r->stream = r->stream && dialect_of(wire)->streams;
    r->content = content;
    r->prompt_bytes = body.len - r->top.data_bytes;
    r->conversation = conversation_of(r, thread_id, content);
    return true;
}

void model_request_unserved(const struct model_request *r, struct model_request_error *error)
{
    *error = (struct model_request_error){.param = r->needs ? r->needs : "model", .code = "unsupported_parameter"};
    if (r->stored)
        (void)snprintf(error->message, sizeof error->message,
                       "'%s' can't be used with the model '%.60s': none of its "
                       "deployments stores responses. Send the whole conversation in 'input'.",
                       r->needs, r->model);
    else if (r->needs)
        (void)snprintf(error->message, sizeof error->message,
                       "'%s' can't be used with the model '%.60s': none of its deployments supports %s, and it can't "
                       "be translated. Leave it out.",
                       r->needs, r->model, wire_path(r->wire));
    else
        (void)snprintf(error->message, sizeof error->message, "The model '%.100s' has no deployment that supports %s.",
                       r->model, wire_path(r->wire));
}

/* Counts the memory of the decoded body like the body: it may be many times as large. */
static bool hold_memory(struct model_request *r, struct failure *failure)
{
    size_t turn = r->turn ? turn_memory(r->turn) : 0;
    if (ceiling_hold(&r->held, r->document.cap * sizeof *r->document.nodes + turn))
        return true;
    turn_free(r->turn);
    json_free(&r->document);
    r->turn = NULL;
    failure_set_no_room(failure);
    return false;
}

/* Parses the body, once. It was found to be valid JSON, so false means out of memory. */
static bool parse_document(struct model_request *r, struct slice body)
{
    bool parsed = r->document.count || json_parse_rest(&r->document, body.ptr, body.len, &r->top);
    if (!parsed)
        r->document.count = 0;
    return parsed;
}

bool model_request_parse(struct model_request *r, struct slice body, struct failure *failure)
{
    if (!parse_document(r, body)) {
        failure_set(failure, FAILURE_INTERNAL, "out of memory: can't read the request");
        return false;
    }
    return r->turn || hold_memory(r, failure);
}

bool model_request_decode(struct model_request *r, struct slice body, struct failure *failure)
{
    struct turn_error error = {.message = "the request can't be read"};
    if (!r->turn && parse_document(r, body))
        r->turn = turn_decode(&r->document, r->wire, &error);
    if (r->turn)
        return hold_memory(r, failure);
    bool is_named = strstr(error.message, error.param);
    if (error.no_memory || r->document.no_memory)
        failure_set(failure, FAILURE_INTERNAL, "out of memory: can't read the request");
    else
        failure_set(failure, error.unsupported ? FAILURE_UNSUPPORTED : FAILURE_BAD_REQUEST, "%s%s%s",
                    is_named ? "" : error.param, is_named ? "" : ": ", error.message);
    return false;
}

/* Returns whether the value's text contains one of the names. Their quotes make a match within a JSON string
 * impossible, because there they would follow backslashes. */
static bool names_one(const struct model_request *r, uint32_t node, const char *const *names)
{
    struct slice raw = node ? json_raw(&r->top, node) : (struct slice){NULL, 0};
    for (; raw.len && *names; names++)
        if (memmem(raw.ptr, raw.len, *names, strlen(*names)))
            return true;
    return false;
}

unsigned model_request_needs(const struct model_request *r, unsigned candidates)
{
    static const char *const images[] = {"\"input_image\"", "\"image_url\"", NULL};
    static const char *const formats[] = {"\"json_schema\"", "\"json_object\"", NULL};
    static const char *const any[] = {"{", NULL};
    const char *format = dialect_of(r->wire)->format;
    unsigned needs = 0;
    if ((candidates & CAPABILITY_TOOLS) && names_one(r, json_get(&r->top, 0, "tools"), any))
        needs |= CAPABILITY_TOOLS;
    if ((candidates & CAPABILITY_FORMAT) && format && names_one(r, json_get(&r->top, 0, format), formats))
        needs |= CAPABILITY_FORMAT;
    if ((candidates & CAPABILITY_IMAGES) && names_one(r, r->content, images))
        needs |= CAPABILITY_IMAGES;
    return needs;
}

void model_request_effort(const struct model_request *r, char effort[EFFORT_NAME_MAX])
{
    struct json inner = {0};
    struct slice raw = json_raw(&r->top, json_get(&r->top, 0, "reasoning"));
    struct slice name = json_inner(&r->top, json_get(&r->top, 0, "reasoning_effort"));
    if (!name.len && raw.len && json_parse_top(&inner, raw.ptr, raw.len))
        name = json_inner(&inner, json_get(&inner, 0, "effort"));
    *effort = '\0';
    bool word = name.len < EFFORT_NAME_MAX;
    for (size_t i = 0; word && i < name.len; i++)
        word = name.ptr[i] >= 'a' && name.ptr[i] <= 'z';
    if (word && name.len) {
        memcpy(effort, name.ptr, name.len);
        effort[name.len] = '\0';
    }
    json_free(&inner);
}

void model_request_free(struct model_request *r)
{
    turn_free(r->turn);
    json_free(&r->document);
    json_free(&r->top);
    ceiling_release(&r->held);
}

bool model_request_error_body(const struct model_request_error *error, struct buf *out)
{
    BUF_ADD(out, "{\"error\":{\"message\":");
    json_add_string(out, slice_of(error->message));
    BUF_ADD(out, ",\"type\":\"invalid_request_error\",\"param\":");
    if (error->param)
        json_add_string(out, slice_of(error->param));
    else
        BUF_ADD(out, "null");
    buf_add_format(out, ",\"code\":\"%s\"}}", error->code);
    return !out->failed;
}
