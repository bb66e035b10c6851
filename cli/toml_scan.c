/* Splits a TOML document into items (TOML 1.0; also accepts newlines in inline tables, as in 1.1). */
#include "cli/toml_scan.h"

#include "common/json.h"

#include <string.h>

#define BOM "\xEF\xBB\xBF"

size_t toml_bom(struct slice text)
{
    return slice_starts(text, BOM) ? sizeof BOM - 1 : 0;
}

void toml_scan_start(struct toml_scan *scan, struct slice text)
{
    size_t bom = toml_bom(text);
    *scan = (struct toml_scan){.rest = {text.ptr + bom, text.len - bom}, .line = 1};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(struct slice s, size_t at)
{
    while (at < s.len && is_blank(s.ptr[at]))
        at++;
    return at;
}

/* The offset after the line. */
static size_t skip_line(struct slice s, size_t at)
{
    const char *end = at < s.len ? memchr(s.ptr + at, '\n', s.len - at) : NULL;
    return end ? (size_t)(end - s.ptr) + 1 : s.len;
}

static bool has(struct slice s, size_t at, const char *text)
{
    size_t len = strlen(text);
    return at < s.len && s.len - at >= len && memcmp(s.ptr + at, text, len) == 0;
}

/* The offset after the one-line string that starts at `at`; 0: unterminated. */
static size_t skip_short_string(struct slice s, size_t at)
{
    char quote = s.ptr[at++];
    for (; at < s.len && s.ptr[at] != '\n'; at++) {
        if (s.ptr[at] == quote)
            return at + 1;
        if (quote == '"' && s.ptr[at] == '\\' && ++at < s.len && s.ptr[at] == '\n')
            return 0;
    }
    return 0;
}

/* Same, for a string in three quotes. Up to two more quotes may precede the closing ones. */
static size_t skip_long_string(struct slice s, size_t at)
{
    const char quotes[] = {s.ptr[at], s.ptr[at], s.ptr[at], '\0'};
    for (at += 3; at < s.len; at++) {
        if (quotes[0] == '"' && s.ptr[at] == '\\') {
            at++;
        } else if (has(s, at, quotes)) {
            at += 3;
            for (unsigned more = 0; more < 2 && at < s.len && s.ptr[at] == quotes[0]; more++)
                at++;
            return at;
        }
    }
    return 0;
}

static size_t skip_string(struct slice s, size_t at)
{
    return has(s, at, "\"\"\"") || has(s, at, "'''") ? skip_long_string(s, at) : skip_short_string(s, at);
}

/* The offset after the value that starts at `at`: at the end of its line or at a comment. 0: error in *fault. */
static size_t skip_value(struct slice s, size_t at, const char **fault)
{
    unsigned depth = 0;
    while (at < s.len) {
        char c = s.ptr[at];
        if (c == '"' || c == '\'') {
            at = skip_string(s, at);
            if (!at) {
                *fault = "unterminated string";
                return 0;
            }
            continue;
        }
        if (c == '#') {
            if (!depth)
                return at;
            at = skip_line(s, at);
            continue;
        }
        if (c == '\n' && !depth)
            return at;
        if (c == '[' || c == '{')
            depth++;
        else if ((c == ']' || c == '}') && depth)
            depth--;
        at++;
    }
    if (depth)
        *fault = "unclosed bracket";
    return depth ? 0 : at;
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether the quoted key has only escapes that JSON has as well; others are not supported in keys. */
static bool is_plain_key(struct slice quoted)
{
    const char *at = quoted.ptr, *end = quoted.ptr + quoted.len;
    if (*at == '\'')
        return true;
    for (; (at = memchr(at, '\\', (size_t)(end - at))); at += 2) {
        if (!memchr("btnfru\"\\", at[1], 8))
            return false;
        if (at[1] == 'u' && !(end - at > 6 && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5])))
            return false;
    }
    return true;
}

/* The offset after the dotted key that starts at `at`; 0: error in *fault. */
static size_t skip_key(struct slice s, size_t at, const char **fault)
{
    *fault = "expected a key, a table or a comment";
    for (;; at++) {
        at = skip_blanks(s, at);
        size_t start = at;
        if (at < s.len && (s.ptr[at] == '"' || s.ptr[at] == '\'')) {
            at = skip_short_string(s, at);
            if (at && !is_plain_key((struct slice){s.ptr + start, at - start})) {
                *fault = "unsupported escape in a quoted key";
                return 0;
            }
        } else {
            while (at < s.len && is_bare(s.ptr[at]))
                at++;
        }
        if (at <= start)
            return 0;
        at = skip_blanks(s, at);
        if (at >= s.len || s.ptr[at] != '.')
            break;
    }
    *fault = NULL;
    return at;
}

static struct slice between(struct slice s, size_t from, size_t to)
{
    while (to > from && (is_blank(s.ptr[to - 1]) || s.ptr[to - 1] == '\r'))
        to--;
    return (struct slice){s.ptr + from, to - from};
}

/* Only a comment may follow the closing bracket. */
static size_t read_table(struct slice s, size_t at, struct toml_item *item, const char **fault)
{
    size_t brackets = has(s, at, "[[") ? 2 : 1, start = skip_blanks(s, at + brackets), end = skip_key(s, start, fault);
    if (!end)
        return 0;
    item->kind = TOML_TABLE;
    item->key = between(s, start, end);
    if (has(s, end, brackets == 2 ? "]]" : "]"))
        return skip_line(s, end);
    *fault = "unclosed table header";
    return 0;
}

static size_t read_key(struct slice s, size_t at, struct toml_item *item, const char **fault)
{
    size_t end = skip_key(s, at, fault);
    if (!end)
        return 0;
    item->kind = TOML_KEY;
    item->key = between(s, at, end);
    if (!has(s, end, "=")) {
        *fault = "key without a value";
        return 0;
    }
    size_t value = skip_blanks(s, end + 1);
    end = skip_value(s, value, fault);
    if (!end)
        return 0;
    item->value = between(s, value, end);
    return skip_line(s, end);
}

bool toml_next(struct toml_scan *scan, struct toml_item *item)
{
    struct slice s = scan->rest;
    *item = (struct toml_item){.kind = TOML_OTHER, .line = scan->line};
    if (!s.len || scan->fault)
        return false;
    size_t at = skip_blanks(s, 0), end;
    if (at >= s.len || s.ptr[at] == '#' || s.ptr[at] == '\n' || has(s, at, "\r\n"))
        end = skip_line(s, at);
    else if (s.ptr[at] == '[')
        end = read_table(s, at, item, &scan->fault);
    else
        end = read_key(s, at, item, &scan->fault);
    if (!end)
        return false;
    item->text = (struct slice){s.ptr, end};
    scan->rest = (struct slice){s.ptr + end, s.len - end};
    for (const char *c = s.ptr; (c = memchr(c, '\n', (size_t)(s.ptr + end - c))); c++)
        scan->line++;
    return true;
}

/* Removes and returns the key's first part, with quotes. */
static struct slice take_part(struct slice *key)
{
    struct slice k = *key;
    size_t at = skip_blanks(k, 0), start = at;
    if (at < k.len && (k.ptr[at] == '"' || k.ptr[at] == '\''))
        at = skip_short_string(k, at);
    else
        while (at < k.len && is_bare(k.ptr[at]))
            at++;
    if (at <= start)
        at = k.len;
    struct slice part = {k.ptr + start, at - start};
    at = skip_blanks(k, at);
    at += at < k.len; /* the dot */
    *key = (struct slice){k.ptr + at, k.len - at};
    return part;
}

bool toml_part_is(struct slice *key, const char *name)
{
    struct slice part = take_part(key);
    if (part.len < 2 || (*part.ptr != '"' && *part.ptr != '\''))
        return slice_is(part, name);
    struct slice inner = {part.ptr + 1, part.len - 2};
    if (*part.ptr == '\'' || !memchr(inner.ptr, '\\', inner.len))
        return slice_is(inner, name);
    struct buf text;
    buf_init(&text, 4096);
    bool same = json_unescape_inner(inner, &text) && slice_is(buf_slice(&text), name);
    buf_free(&text);
    return same;
}
