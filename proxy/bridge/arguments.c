/* pure: repairs the streamed arguments of a tool call, and detects their end and repetitions. */
#include "proxy/bridge/arguments.h"

#include "common/fast_hash.h"
#include "common/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53: up to here a double holds every integer */

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool begins_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-';
}

/* Writes 1000.0 and 1e3 as 1000, other numbers unchanged. */
static void flush_number(struct arguments *a, struct buf *out)
{
    if (!a->number_len)
        return;
    a->number[a->number_len] = '\0';
    char *end;
    double value = strtod(a->number, &end);
    bool whole = !*end && strpbrk(a->number, ".eE") && value == floor(value) && fabs(value) <= EXACT_MAX;
    if (whole)
        buf_add_format(out, "%.0f", value == 0 ? 0.0 : value); /* not "-0" */
    else
        buf_add(out, a->number, a->number_len);
    a->number_len = 0;
}

/* Returns the character of the escape at `s` if it is a quote or backslash, else 'x'; sets *len to the escape's length.
 */
static char unescaped(const char *s, size_t left, size_t *len)
{
    *len = left >= 2 && s[1] == 'u' ? 6 : 2;
    if (*len > left)
        *len = left;
    if (*len == 2)
        return s[1] == '"' || s[1] == '\\' ? s[1] : 'x';
    if (*len == 6 && memcmp(s, "\\u0022", 6) == 0)
        return '"';
    if (*len == 6 && (memcmp(s, "\\u005c", 6) == 0 || memcmp(s, "\\u005C", 6) == 0))
        return '\\';
    return 'x';
}

/* Moves past one character of the arguments' JSON, unescaped. */
static void follow(struct nesting *a, char c)
{
    if (a->in_string) {
        if (a->after_backslash)
            a->after_backslash = false;
        else if (c == '\\')
            a->after_backslash = true;
        else if (c == '"')
            a->in_string = false;
        return;
    }
    if (c == '"')
        a->in_string = true;
    else if (c == '{' || c == '[')
        a->depth++;
    else if ((c == '}' || c == ']') && a->depth)
        a->depth--;
    a->begun |= c == '{' || c == '[';
}

void arguments_add(struct arguments *a, struct slice piece, bool repair, struct buf *out)
{
    size_t i = 0, copied = 0;
    while (i < piece.len) {
        const char *at = piece.ptr + i;
        if (a->nesting.in_string && !a->nesting.after_backslash && *at != '\\') { /* skip to the next escape */
            const char *next = memchr(at, '\\', piece.len - i);
            i = next ? (size_t)(next - piece.ptr) : piece.len;
            continue;
        }
        bool number = repair && !a->nesting.in_string && !a->long_number &&
                      (a->number_len ? is_number_char(*at) : begins_number(*at));
        if (number && a->number_len == sizeof a->number - 1) {
            buf_add(out, a->number, a->number_len);
            a->number_len = 0;
            a->long_number = true;
        } else if (number) {
            buf_add(out, piece.ptr + copied, i - copied);
            a->number[a->number_len++] = *at;
            copied = ++i;
            continue;
        }
        flush_number(a, out);
        a->long_number &= is_number_char(*at);
        size_t len = 1;
        follow(&a->nesting, *at == '\\' ? unescaped(at, piece.len - i, &len) : *at);
        i += len;
    }
    buf_add(out, piece.ptr + copied, piece.len - copied);
}

void arguments_end(struct arguments *a, struct buf *out)
{
    flush_number(a, out);
}

static bool is_whole(const struct nesting *n)
{
    return n->begun && !n->depth && !n->in_string;
}

bool arguments_complete(const struct arguments *a)
{
    return is_whole(&a->nesting);
}

bool arguments_seen_whole(const struct arguments_seen *s)
{
    return is_whole(&s->nesting);
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)c - '0' : ((unsigned)c | 0x20) - 'a' + 10;
}

/* Writes the UTF-8 character of the escape at the start of `rest` to `out`. Returns its length. */
static size_t unescape(struct slice rest, char out[4])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *known = strchr(from, rest.ptr[1]);
    unsigned code = 0;
    if (rest.ptr[1] != 'u' || rest.len < 6) {
        out[0] = known && *known ? to[known - from] : rest.ptr[1];
        return 1;
    }
    for (size_t i = 2; i < 6; i++)
        code = code << 4 | hex_digit(rest.ptr[i]);
    return json_utf8_encode(code, out); /* each half of a surrogate pair counts as a character: only compared */
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Writes the first character of a piece, unescaped, to `out`, and its length to *len. Returns its length in the piece.
 */
static size_t first_character(struct arguments_piece piece, char out[4], size_t *len)
{
    out[0] = *piece.text.ptr;
    *len = 1;
    if (piece.raw || *out != '\\' || piece.text.len < 2)
        return 1;
    *len = unescape(piece.text, out);
    return piece.text.ptr[1] == 'u' && piece.text.len >= 6 ? 6 : 2;
}

static struct arguments_piece from(struct arguments_piece piece, size_t at)
{
    return (struct arguments_piece){{piece.text.ptr + at, piece.text.len - at}, piece.raw};
}

/* Adds the first character of a piece. Returns its length in the piece. */
static size_t see(struct arguments_seen *s, struct arguments_piece piece)
{
    char text[4];
    size_t len, taken = first_character(piece, text, &len);
    if (s->nesting.in_string || !is_space(*text)) {
        for (size_t i = 0; i < len; i++)
            s->hash = fast_hash_byte(s->hash, text[i]);
        s->first = s->length ? s->first : *text;
        s->last = *text;
        s->length += (uint32_t)len;
    }
    follow(&s->nesting, *text);
    return taken;
}

void arguments_seen_add(struct arguments_seen *s, struct arguments_piece piece)
{
    for (size_t at = 0; at < piece.text.len;)
        at += see(s, from(piece, at));
}

/* Returns whether a repetition of the beginning could also be a nested object: only after a colon, bracket or comma.
 * Inside a string it cannot be, because its first quote would end the string and the next one be misplaced. */
static bool may_nest(const struct arguments_seen *s)
{
    return !s->snapshots && !s->nesting.in_string && strchr(":[,", s->last);
}

size_t arguments_seen_again(const struct arguments_seen *s, struct arguments_piece piece)
{
    struct arguments_seen other = {0};
    char text[4];
    size_t at = 0, len;
    if (!s->length || s->first != '{' || piece.text.len < s->length || may_nest(s))
        return 0;
    while (at < piece.text.len && other.length < s->length)
        at += see(&other, from(piece, at));
    if (other.length != s->length || other.hash != s->hash)
        return 0;
    while (at < piece.text.len && !other.nesting.in_string) {
        size_t taken = first_character(from(piece, at), text, &len);
        if (!is_space(*text))
            break;
        at += taken;
    }
    return at;
}
