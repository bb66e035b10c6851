/* pure: writes a tool's JSON Schema for strict servers. */
#include "proxy/bridge/tools.h"

#include <string.h>

/* Codex marks some properties with "encrypted": true, which is not JSON Schema. A property named "encrypted" is kept:
 * its value is a schema, not a boolean. */
static bool is_foreign(const struct json *doc, uint32_t key)
{
    enum json_type type = json_type(doc, json_value(key));
    return (type == JSON_TRUE || type == JSON_FALSE) && json_string_is(doc, key, "encrypted");
}

static void write_value(const struct json *doc, uint32_t node, bool names, struct buf *out)
{
    bool object = json_is(doc, node, JSON_OBJECT), first = true;
    if (!object && !json_is(doc, node, JSON_ARRAY)) {
        buf_add_slice(out, json_raw(doc, node));
        return;
    }
    buf_add_char(out, object ? '{' : '[');
    for (uint32_t n = json_first(doc, node); n; n = json_next(doc, n)) {
        if (object && !names && is_foreign(doc, n))
            continue;
        if (!first)
            buf_add_char(out, ',');
        first = false;
        if (object) {
            buf_add_slice(out, json_raw(doc, n));
            buf_add_char(out, ':');
        }
        write_value(doc, object ? json_value(n) : n, object && !names && json_string_is(doc, n, "properties"), out);
    }
    buf_add_char(out, object ? '}' : ']');
}

void schema_write(const struct json *doc, uint32_t schema, struct buf *out)
{
    if (!json_is(doc, schema, JSON_OBJECT) || !json_first(doc, schema)) {
        BUF_ADD(out, "{\"type\":\"object\",\"properties\":{}}");
        return;
    }
    struct slice raw = json_raw(doc, schema);
    if (!json_get(doc, schema, "type")) {
        BUF_ADD(out, "{\"type\":\"object\",");
        size_t at = out->len;
        write_value(doc, schema, false, out);
        if (!out->failed) { /* remove the '{' of the value: the object is open already */
            memmove(out->data + at, out->data + at + 1, out->len - at - 1);
            out->len--;
        }
    } else if (memmem(raw.ptr, raw.len, "encrypted", strlen("encrypted"))) {
        write_value(doc, schema, false, out);
    } else {
        buf_add_slice(out, raw);
    }
}
