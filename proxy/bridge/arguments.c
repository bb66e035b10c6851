/* pure: Follows and repairs the arguments of a tool call while they stream in. */
#include "proxy/bridge/arguments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool begins_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-';
}

/* 1000.0 and 1e3 as 1000; anything else as it was. */
static void flush_number(struct arguments *a, struct buf *out)
{
    if (!a->number_len)
        return;
    a->number[a->number_len] = '\0';
    char *end;
    double value = strtod(a->number, &end);
    bool whole = !*end && strpbrk(a->number, ".eE") && value == floor(value) && fabs(value) <= 9007199254740992.0;
    if (whole)
        buf_add_format(out, "%.0f", value == 0 ? 0.0 : value); /* not "-0" */
    else
        buf_add(out, a->number, a->number_len);
    a->number_len = 0;
}

/* The character that the escape at `s` stands for, where that matters to JSON's structure; else 'x'. */
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

/* One character of the arguments' own JSON. */
static void follow(struct arguments *a, char c)
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
        if (a->in_string && !a->after_backslash && *at != '\\') { /* nothing to see before the next escape */
            const char *next = memchr(at, '\\', piece.len - i);
            i = next ? (size_t)(next - piece.ptr) : piece.len;
            continue;
        }
        bool number = repair && !a->in_string && !a->long_number &&
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
        follow(a, *at == '\\' ? unescaped(at, piece.len - i, &len) : *at);
        i += len;
    }
    buf_add(out, piece.ptr + copied, piece.len - copied);
}

void arguments_end(struct arguments *a, struct buf *out)
{
    flush_number(a, out);
}

bool arguments_complete(const struct arguments *a)
{
    return a->begun && !a->depth && !a->in_string;
}
