/* pure: assembles the reasoning_details of a Chat Completions reply. */
#include "proxy/bridge/details.h"
#include "proxy/bridge/model.h"
#include "proxy/bridge/reply.h"

#include <stdlib.h>

/* The last entry is open: the next piece with the same type and index is merged into it. */
struct details {
    struct buf done; /* complete entries, separated by commas */
    struct buf open; /* the open entry; once `merged`, its members without `key` */
    struct buf text; /* `merged`: the value of `key`, escaped */
    const char *key; /* the member whose text is appended: "text" or "summary"; NULL: the entry has none */
    int64_t index;   /* of the open entry; -1: none */
    bool is_open, merged;
    struct json json; /* scratch */
};

void details_free(struct details *details)
{
    if (!details)
        return;
    buf_free(&details->done);
    buf_free(&details->open);
    buf_free(&details->text);
    json_free(&details->json);
    free(details);
}

static struct details *details_of(struct decoder *d)
{
    if (d->details)
        return d->details;
    d->details = calloc(1, sizeof *d->details);
    if (!d->details) {
        d->no_memory = true;
        return NULL;
    }
    buf_init(&d->details->done, REPLY_MAX);
    buf_init(&d->details->open, REPLY_MAX);
    buf_init(&d->details->text, REPLY_MAX);
    return d->details;
}

static const char *growing_key(const struct json *j, uint32_t entry)
{
    uint32_t type = object_field(j, entry, "type");
    return json_string_is(j, type, "reasoning.text")      ? "text"
           : json_string_is(j, type, "reasoning.summary") ? "summary"
                                                          : NULL;
}

static int64_t index_of(const struct json *j, uint32_t entry)
{
    int64_t index = -1;
    uint32_t node = object_field(j, entry, "index");
    return node && json_int64(j, node, &index) && index >= 0 ? index : -1;
}

/* Returns whether `members` (JSON text) has the key. Inside a string, a quote would follow a backslash. */
static bool has_member(const struct buf *members, struct slice quoted_key)
{
    struct slice rest = buf_slice(members);
    for (const char *at; (at = rest.len ? memmem(rest.ptr, rest.len, quoted_key.ptr, quoted_key.len) : NULL);) {
        if ((at == rest.ptr || at[-1] == ',') && at[quoted_key.len] == ':')
            return true;
        rest.len -= (size_t)(at + 1 - rest.ptr);
        rest.ptr = at + 1;
    }
    return false;
}

/* Adds the entry's new members, without nulls, and appends its text. */
static void merge(struct details *details, const struct json *j, uint32_t entry)
{
    for (uint32_t key = json_first(j, entry); key; key = json_next(j, key)) {
        uint32_t value = json_value(key);
        if (json_is(j, value, JSON_NULL))
            continue;
        if (json_string_is(j, key, details->key)) {
            buf_add_slice(&details->text, json_inner(j, value));
            continue;
        }
        if (has_member(&details->open, json_raw(j, key)))
            continue;
        if (details->open.len)
            buf_add_char(&details->open, ',');
        buf_add_slice(&details->open, json_raw(j, key));
        buf_add_char(&details->open, ':');
        buf_add_slice(&details->open, json_raw(j, value));
    }
}

/* Parses the open entry, so that others can be merged into it. */
static void begin_merge(struct details *details)
{
    struct buf first = details->open;
    buf_init(&details->open, REPLY_MAX);
    if (!first.failed && json_parse(&details->json, first.data, first.len))
        merge(details, &details->json, 0);
    details->open.failed |= first.failed || details->json.no_memory;
    details->merged = true;
    buf_free(&first);
}

static void close_entry(struct details *details)
{
    if (!details->is_open)
        return;
    if (details->done.len)
        buf_add_char(&details->done, ',');
    if (details->merged) {
        BUF_ADD(&details->done, "{");
        buf_add_slice(&details->done, buf_slice(&details->open));
        buf_add_format(&details->done, "%s\"%s\":\"", details->open.len ? "," : "", details->key);
        buf_add_slice(&details->done, buf_slice(&details->text));
        BUF_ADD(&details->done, "\"}");
    } else {
        reply_add_raw(&details->done, buf_slice(&details->open));
    }
    buf_fail_with(&details->done, &details->open);
    buf_fail_with(&details->done, &details->text);
    buf_clear(&details->open);
    buf_clear(&details->text);
    details->is_open = details->merged = false;
}

static void take_entry(struct details *details, const struct json *j, uint32_t entry)
{
    const char *key = growing_key(j, entry);
    int64_t index = index_of(j, entry);
    if (details->is_open && key && details->key == key && details->index == index) {
        if (!details->merged)
            begin_merge(details);
        merge(details, j, entry);
        return;
    }
    close_entry(details);
    buf_add_slice(&details->open, json_raw(j, entry));
    details->key = key;
    details->index = index;
    details->is_open = true;
}

void details_from_chat(struct decoder *d, uint32_t list)
{
    const struct json *j = &d->json;
    struct details *details = json_is(j, list, JSON_ARRAY) && json_first(j, list) ? details_of(d) : NULL;
    for (uint32_t entry = details ? json_first(j, list) : JSON_NONE; entry; entry = json_next(j, entry))
        if (json_is(j, entry, JSON_OBJECT))
            take_entry(details, j, entry);
}

/* Writes `"0":"tool_1"` for each call that an entry names. */
static void write_ids(struct decoder *d, struct buf *out)
{
    const struct json *j = &d->details->json;
    bool any = false;
    for (uint32_t i = 0; i < d->call_count; i++) {
        const struct decoded_call *call = &d->calls[i];
        struct slice id = {NULL, 0};
        for (uint32_t entry = json_first(j, 0); entry && call->id_hash && call->number != NO_CALL && !id.len;
             entry = json_next(j, entry)) {
            struct slice named = object_text(j, entry, "id");
            if (decoder_hash(named) == call->id_hash)
                id = named;
        }
        if (!id.len)
            continue;
        buf_add_format(out, "%s\"%u\":\"", any ? "," : "", call->number);
        buf_add_slice(out, id);
        BUF_ADD(out, "\"");
        any = true;
    }
}

void details_from_chat_end(struct decoder *d)
{
    struct details *details = d->details;
    struct buf list, state, escaped;
    if (!details || !d->started)
        return;
    close_entry(details);
    buf_init(&list, REPLY_MAX);
    buf_init(&state, REPLY_MAX);
    buf_init(&escaped, REPLY_MAX);
    BUF_ADD(&list, "[");
    buf_add_slice(&list, buf_slice(&details->done));
    BUF_ADD(&list, "]");
    bool read = !details->done.failed && !list.failed && json_parse(&details->json, list.data, list.len);
    if (read) {
        BUF_ADD(&state, "{\"details\":");
        buf_add_slice(&state, buf_slice(&list));
        BUF_ADD(&state, ",\"ids\":{");
        write_ids(d, &state);
        BUF_ADD(&state, "}}");
        read = !state.failed && json_add_escaped(&escaped, buf_slice(&state));
    }
    if (read && details->done.len)
        decoder_emit(d, &(struct reply_event){.kind = EVENT_STATE, .call = 0, .text = buf_slice(&escaped)});
    d->no_memory |= !read;
    buf_free(&list);
    buf_free(&state);
    buf_free(&escaped);
    details_free(details);
    d->details = NULL;
}
