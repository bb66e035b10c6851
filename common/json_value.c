/* JSON values: finding, unescaping, comparing and converting; and the writers of strings and keys. */
#include "common/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t json_first(const struct json *j, uint32_t container)
{
    const struct json_node *n = &j->nodes[container];
    if (n->type != JSON_ARRAY && n->type != JSON_OBJECT)
        return JSON_NONE;
    uint32_t child = container + 1;
    /* The node after a container is its child if it starts inside it. */
    return child < j->count && j->nodes[child].at < n->at + n->len ? child : JSON_NONE;
}

uint32_t json_next(const struct json *j, uint32_t node)
{
    return j->nodes[node].next;
}

uint32_t json_find(const struct json *j, uint32_t object, struct slice key)
{
    if (json_type(j, object) != JSON_OBJECT)
        return JSON_NONE;
    for (uint32_t k = json_first(j, object); k; k = json_next(j, k))
        if (json_string_equals(j, k, key))
            return json_value(k);
    return JSON_NONE;
}

size_t json_data_bytes(const struct json *j, uint32_t node)
{
    uint64_t end = (uint64_t)j->nodes[node].at + j->nodes[node].len;
    size_t bytes = 0;
    while (++node < j->count && j->nodes[node].at < end)
        bytes += j->nodes[node].type == JSON_STRING ? j->nodes[node].len - 2 : 0;
    return bytes;
}

unsigned json_count(const struct json *j, uint32_t object, const char *key)
{
    unsigned count = 0;
    struct slice name = slice_of(key);
    if (json_type(j, object) != JSON_OBJECT)
        return 0;
    for (uint32_t k = json_first(j, object); k; k = json_next(j, k))
        count += json_string_equals(j, k, name);
    return count;
}

struct slice json_raw(const struct json *j, uint32_t node)
{
    const struct json_node *n = &j->nodes[node];
    return (struct slice){j->text + n->at, n->len};
}

struct slice json_inner(const struct json *j, uint32_t node)
{
    if (!j->count || json_type(j, node) != JSON_STRING)
        return (struct slice){NULL, 0};
    struct slice raw = json_raw(j, node);
    return (struct slice){raw.ptr + 1, raw.len - 2};
}

static unsigned hex4(const char *p)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        unsigned digit = c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10;
        value = value << 4 | digit;
    }
    return value;
}

size_t json_utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Decodes the escape at the start of `in`, which a parse has checked. Returns the UTF-8 length; *taken: length of the
 * escape. */
static size_t unescape_one(struct slice in, char out[4], size_t *taken)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    *taken = 2;
    if (in.ptr[1] != 'u') {
        out[0] = to[strchr(from, in.ptr[1]) - from];
        return 1;
    }
    uint32_t c = hex4(in.ptr + 2);
    *taken = 6;
    if (c >= 0xD800 && c < 0xDC00 && in.len >= 12 && in.ptr[6] == '\\' && in.ptr[7] == 'u') {
        uint32_t low = hex4(in.ptr + 8);
        if (low >= 0xDC00 && low < 0xE000) {
            *taken = 12;
            return json_utf8_encode(0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00), out);
        }
    }
    return json_utf8_encode(c >= 0xD800 && c < 0xE000 ? 0xFFFD : c, out);
}

bool json_unescape_inner(struct slice in, struct buf *out)
{
    while (in.len) {
        const char *backslash = memchr(in.ptr, '\\', in.len);
        size_t plain = backslash ? (size_t)(backslash - in.ptr) : in.len;
        if (!buf_add(out, in.ptr, plain))
            return false;
        in.ptr += plain;
        in.len -= plain;
        if (in.len) {
            char bytes[4];
            size_t taken, len = unescape_one(in, bytes, &taken);
            if (!buf_add(out, bytes, len))
                return false;
            in.ptr += taken;
            in.len -= taken;
        }
    }
    return true;
}

bool json_unescape(const struct json *j, uint32_t node, struct buf *out)
{
    struct slice inner = json_inner(j, node);
    return inner.ptr && json_unescape_inner(inner, out);
}

char *json_strdup(const struct json *j, uint32_t node)
{
    struct slice inner = json_inner(j, node);
    if (!inner.ptr)
        return NULL;
    struct buf text;
    buf_init(&text, inner.len + 1); /* unescaped text is never longer */
    if (json_unescape_inner(inner, &text) && (!text.len || !memchr(text.data, '\0', text.len)) &&
        buf_reserve(&text, 0)) {
        (void)buf_text(&text);
        return text.data;
    }
    buf_free(&text);
    return NULL;
}

bool json_escaped_equals(struct slice inner, struct slice text)
{
    size_t matched = 0;
    while (inner.len) {
        char bytes[4] = {inner.ptr[0]};
        size_t taken = 1, count = inner.ptr[0] == '\\' ? unescape_one(inner, bytes, &taken) : 1;
        if (count > text.len - matched || memcmp(bytes, text.ptr + matched, count) != 0)
            return false;
        matched += count;
        inner.ptr += taken;
        inner.len -= taken;
    }
    return matched == text.len;
}

#define NUMBER_SIZE 64 /* longer numbers are refused */

/* A number's text, NUL-terminated. */
static bool number_text(const struct json *j, uint32_t node, char text[NUMBER_SIZE])
{
    if (!j->count || json_type(j, node) != JSON_NUMBER)
        return false;
    struct slice raw = json_raw(j, node);
    if (raw.len >= NUMBER_SIZE)
        return false;
    memcpy(text, raw.ptr, raw.len);
    text[raw.len] = '\0';
    return true;
}

bool json_double(const struct json *j, uint32_t node, double *value)
{
    char text[NUMBER_SIZE];
    if (!number_text(j, node, text))
        return false;
    *value = strtod(text, NULL);
    return isfinite(*value);
}

bool json_int64(const struct json *j, uint32_t node, int64_t *value)
{
    char text[NUMBER_SIZE];
    double d;
    if (!number_text(j, node, text))
        return false;
    if (!strpbrk(text, ".eE")) { /* only digits: a double would lose those above 2^53 */
        errno = 0;
        long long written = strtoll(text, NULL, 10);
        if (errno == 0)
            *value = written;
        return errno == 0;
    }
    if (!json_double(j, node, &d) || d != floor(d) || fabs(d) >= 0x1p63)
        return false;
    *value = (int64_t)d;
    return true;
}

size_t json_utf8_length(struct slice s)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } forms[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len && *p < 0x80)
        return 1;
    for (size_t i = 0; s.len && i < sizeof forms / sizeof *forms; i++) {
        if (*p < forms[i].first_low || *p > forms[i].first_high)
            continue;
        size_t length = forms[i].length;
        if (s.len < length || p[1] < forms[i].second_low || p[1] > forms[i].second_high)
            return 0;
        for (size_t k = 2; k < length; k++)
            if ((p[k] & 0xC0) != 0x80)
                return 0;
        return length;
    }
    return 0;
}

/* Length of the text at the start that needs no escape. */
static size_t plain_run(struct slice s)
{
    static const bool plain[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};
    size_t n = 0;
    while (n < s.len && plain[(unsigned char)s.ptr[n]])
        n++;
    return n;
}

bool json_add_escaped(struct buf *out, struct slice s)
{
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    while (s.len) {
        size_t take = plain_run(s);
        unsigned char c = take < s.len ? (unsigned char)s.ptr[take] : 0;
        buf_add(out, s.ptr, take);
        s.ptr += take;
        s.len -= take;
        if (!s.len)
            break;
        const char *name = c ? strchr(named, c) : NULL;
        take = 1;
        if (name)
            buf_add(out, (const char[]){'\\', letters[name - named]}, 2);
        else if (c < 0x80)
            buf_add_format(out, "\\u%04x", c);
        else if ((take = json_utf8_length(s)) > 0)
            buf_add(out, s.ptr, take);
        else {
            BUF_ADD(out, "\xEF\xBF\xBD");
            take = 1;
        }
        s.ptr += take;
        s.len -= take;
    }
    return !out->failed;
}

bool json_add_string(struct buf *out, struct slice text)
{
    buf_add_char(out, '"');
    json_add_escaped(out, text);
    return buf_add_char(out, '"') && !out->failed;
}

bool json_add_key(struct buf *out, const char *key)
{
    if (out->len && out->data[out->len - 1] != '{')
        buf_add_char(out, ',');
    json_add_string(out, slice_of(key));
    return buf_add_char(out, ':') && !out->failed;
}
