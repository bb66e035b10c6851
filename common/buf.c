/* Byte slices, and byte buffers that grow up to a ceiling. */
#include "common/buf.h"

#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

struct slice slice_of_number(uint64_t value, char digits[DIGITS_MAX])
{
    char *at = digits + DIGITS_MAX;
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    return (struct slice){at, (size_t)(digits + DIGITS_MAX - at)};
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
    b->failed = b->full = false;
}

void buf_fail_with(struct buf *b, const struct buf *part)
{
    b->failed |= part->failed;
    b->full |= part->full;
}

/* Allocates for `need` bytes plus a NUL, which does not count against the ceiling. */
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
        b->failed = b->full = true;
        return false;
    }
    return grow(b, b->len + more);
}

bool buf_add_growing(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0)
        return true;
    if (!buf_reserve(b, len))
        return false;
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    return true;
}

bool buf_add_format(struct buf *b, const char *format, ...)
{
    va_list args;
    if (!grow(b, b->len))
        return false;
    /* Usually there is room, so format once; format again only after growing. */
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
    char text[1 + DIGITS_MAX];
    struct slice digits = slice_of_number(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, text + 1);
    char *at = text + sizeof text - digits.len;
    if (value < 0)
        *--at = '-';
    return buf_add(b, at, (size_t)(text + sizeof text - at));
}

bool buf_add_hex(struct buf *b, uint64_t value)
{
    char digits[2 * sizeof value], *at = digits + sizeof digits;
    do
        *--at = "0123456789abcdef"[value % 16];
    while (value /= 16);
    return buf_add(b, at, (size_t)(digits + sizeof digits - at));
}

bool buf_add_double(struct buf *b, double value, int digits)
{
    bool small = value > -10000 && value < 10000; /* false for NAN */
    if (small && value == (double)(int)value && (value != 0 || !signbit(value)))
        return buf_add_number(b, (int)value);
    return buf_add_format(b, "%.*g", digits, value);
}

size_t pieces_length(const struct pieces *p)
{
    size_t len = 0;
    for (size_t i = 0; i < PIECES_MAX; i++)
        len += p->of[i].len;
    return len;
}

bool buf_add_pieces(struct buf *b, const struct pieces *p)
{
    bool added = buf_reserve(b, pieces_length(p));
    for (size_t i = 0; added && i < PIECES_MAX; i++)
        buf_add_slice(b, p->of[i]);
    return added;
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

const char *buf_text(struct buf *b)
{
    if (!b->data)
        return "";
    b->data[b->len] = '\0';
    return b->data;
}

const char *buf_message(struct buf *b)
{
    return b->len ? buf_text(b) : "out of memory";
}
