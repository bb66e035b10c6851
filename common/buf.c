/* Byte slices and growing byte buffers that have a ceiling. */
#include "common/buf.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

bool slice_is_nocase(struct slice a, const char *text)
{
    size_t len = strlen(text);
    return a.len == len && (len == 0 || strncasecmp(a.ptr, text, len) == 0);
}

bool slice_starts(struct slice a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.ptr, prefix, len) == 0;
}

struct slice slice_trim(struct slice a)
{
    while (a.len && (*a.ptr == ' ' || *a.ptr == '\t')) {
        a.ptr++;
        a.len--;
    }
    while (a.len && (a.ptr[a.len - 1] == ' ' || a.ptr[a.len - 1] == '\t'))
        a.len--;
    return a;
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
    if (b->data)
        sodium_memzero(b->data, b->cap);
    buf_free(b);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

/* Memory for `need` bytes and a NUL behind them, which does not count against the ceiling. */
static bool grow(struct buf *b, size_t need)
{
    if (need < b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap <= need)
        cap *= 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_reserve(struct buf *b, size_t more)
{
    if (more > b->max - b->len) {
        b->failed = true;
        return false;
    }
    return grow(b, b->len + more);
}

bool buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0)
        return true;
    if (!buf_reserve(b, len))
        return false;
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    return true;
}

bool buf_add_slice(struct buf *b, struct slice s)
{
    return buf_add(b, s.ptr, s.len);
}

bool buf_add_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

bool buf_add_format(struct buf *b, const char *format, ...)
{
    va_list args;
    if (!grow(b, b->len))
        return false;
    /* Mostly there is room: written at once, and a second time only when there was none. */
    size_t room = b->cap - b->len;
    va_start(args, format);
    int len = vsnprintf(b->data + b->len, room, format, args);
    va_end(args);
    if (len < 0 || !buf_reserve(b, (size_t)len)) {
        b->failed = true;
        return false;
    }
    if ((size_t)len >= room) {
        va_start(args, format);
        (void)vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
        va_end(args);
    }
    b->len += (size_t)len;
    return true;
}

bool buf_add_number(struct buf *b, int64_t value)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--at = '-';
    return buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

void buf_drop(struct buf *b, size_t len)
{
    if (len >= b->len) {
        b->len = 0;
        return;
    }
    if (len) {
        memmove(b->data, b->data + len, b->len - len);
        b->len -= len;
    }
}

struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->data, b->len};
}

const char *buf_text(struct buf *b)
{
    if (!grow(b, b->len))
        return NULL;
    b->data[b->len] = '\0';
    return b->data;
}
