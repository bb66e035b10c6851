/* Reads a form or a JSON object, decoded in place. Pure. */
#include "cgi/fields.h"

#include "common/json.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes `len` bytes in place (the result is never longer). false: an invalid escape or a NUL. */
static bool decode_percent(char *text, size_t len, struct slice *out)
{
    size_t used = 0;
    for (size_t at = 0; at < len; at++) {
        char c = text[at];
        if (c == '%') {
            int high = at + 2 < len ? hex_digit(text[at + 1]) : -1;
            int low = at + 2 < len ? hex_digit(text[at + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            at += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == '\0')
            return false;
        text[used++] = c;
    }
    *out = (struct slice){text, used};
    return true;
}

static bool too_many(struct refusal *why)
{
    return refuse(why, 400, "invalid_body", "The request has more than %d fields.", FIELDS_MAX);
}

bool fields_from_form(char *body, size_t len, struct fields *out, struct refusal *why)
{
    out->count = 0;
    char *end = body + len;
    while (body < end) {
        char *stop = memchr(body, '&', (size_t)(end - body));
        stop = stop ? stop : end;
        if (stop > body) {
            if (out->count == FIELDS_MAX)
                return too_many(why);
            struct field *field = &out->list[out->count++];
            *field = (struct field){.kind = FIELD_TEXT};
            char *equals = memchr(body, '=', (size_t)(stop - body));
            char *name_end = equals ? equals : stop;
            char *value = equals ? equals + 1 : stop;
            if (!decode_percent(body, (size_t)(name_end - body), &field->name) ||
                !decode_percent(value, (size_t)(stop - value), &field->value))
                return refuse(why, 400, "invalid_body", "The form has an invalid %% escape or a NUL.");
        }
        body = stop + 1;
    }
    return true;
}

/* Unescapes a string in place in the body: an escape is never shorter than its character. false: a NUL, or out of
 * memory. */
static bool unescape_in_place(char *body, const struct json *json, uint32_t node, struct slice *out)
{
    struct slice inner = json_inner(json, node);
    *out = inner;
    if (!json->nodes[node].escaped)
        return true;
    struct buf text;
    buf_init(&text, inner.len + 1);
    bool ok = buf_reserve(&text, inner.len) && json_unescape(json, node, &text) && text.len <= inner.len &&
              !(text.len && memchr(text.data, '\0', text.len));
    if (ok) {
        char *place = body + (inner.ptr - body);
        if (text.len)
            memcpy(place, text.data, text.len);
        *out = (struct slice){place, text.len};
    }
    buf_wipe(&text);
    return ok;
}

static bool read_member(char *body, const struct json *json, uint32_t key, struct field *field, struct refusal *why)
{
    uint32_t value = json_value(key);
    if (!unescape_in_place(body, json, key, &field->name))
        return refuse(why, 400, "invalid_body", "The JSON object has an invalid key.");
    field->value = (struct slice){"", 0};
    switch (json_type(json, value)) {
    case JSON_NULL:
    case JSON_STRING:
        field->kind = FIELD_TEXT;
        if (json_type(json, value) == JSON_STRING && !unescape_in_place(body, json, value, &field->value))
            return refuse(why, 400, "invalid_body", "The JSON object has an invalid string.");
        return true;
    case JSON_TRUE:
    case JSON_FALSE: field->kind = json_type(json, value) == JSON_TRUE ? FIELD_TRUE : FIELD_FALSE; return true;
    case JSON_NUMBER:
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    return refuse(why, 400, "invalid_body", "\"%.*s\" must be a string or a boolean.",
                  (int)(field->name.len > 64 ? 64 : field->name.len), field->name.ptr);
}

static bool read_members(char *body, const struct json *json, struct fields *out, struct refusal *why)
{
    if (json_type(json, 0) != JSON_OBJECT)
        return refuse(why, 400, "invalid_body", "The body must be a JSON object.");
    for (uint32_t key = json_first(json, 0); key != JSON_NONE; key = json_next(json, key)) {
        if (out->count == FIELDS_MAX)
            return too_many(why);
        struct field *field = &out->list[out->count];
        if (!read_member(body, json, key, field, why))
            return false;
        for (size_t i = 0; i < out->count; i++)
            if (slice_equal(out->list[i].name, field->name))
                return refuse(why, 400, "invalid_body", "The JSON object has a duplicate key.");
        out->count++;
    }
    return true;
}

bool fields_from_json(char *body, size_t len, struct fields *out, struct refusal *why)
{
    out->count = 0;
    if (slice_trim((struct slice){body, len}).len == 0)
        return true;
    struct json json = {0};
    bool ok = false;
    if (!json_parse(&json, body, len))
        refuse(why, 400, "invalid_json", "The body is not JSON: %s at byte %zu.",
               json.error ? json.error : "out of memory", json.error_at);
    else
        ok = read_members(body, &json, out, why);
    json_free(&json);
    return ok;
}

const struct field *fields_get(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (slice_is(fields->list[i].name, name))
            return &fields->list[i];
    return NULL;
}
