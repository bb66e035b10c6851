/* buf: byte slices and growing byte buffers that have a ceiling. */
#ifndef POINTSMAN_BUF_H
#define POINTSMAN_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((__format__(__printf__, string, first)))

/* A stretch of bytes that somebody else owns; not NUL-terminated. */
struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* For printf's "%.*s". */
#define SLICE_ARGS(s) (int)(s).len, (s).ptr

/* What is used for every field and every word stands here, where the compiler can measure literals and leave out the
 * call. */

/* The slice over a NUL-terminated string; NULL gives an empty slice. */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}
static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}
/* As slice_is(), ASCII letters compared without regard to case. */
static inline bool slice_is_nocase(struct slice a, const char *text)
{
    size_t len = strlen(text);
    return a.len == len && (len == 0 || strncasecmp(a.ptr, text, len) == 0);
}
static inline bool slice_starts(struct slice a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && memcmp(a.ptr, prefix, len) == 0;
}
/* Spaces and tabs off both ends. */
struct slice slice_trim(struct slice a);

#define DIGITS_MAX 20 /* of any number */
/* The number in decimal, written into the end of `digits`. */
struct slice slice_of_number(uint64_t value, char digits[DIGITS_MAX]);

/* A buffer that grows up to `max` bytes. A write that would pass `max`, or that finds no memory, changes nothing,
 * sets `failed` and returns false; `failed` stays, so that a run of writes may be checked once, at its end. */
struct buf {
    char *data; /* owned; NULL while nothing was written */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated; above `len` unless both are 0 */
    size_t max; /* ceiling in bytes, below SIZE_MAX */
    bool failed;
    bool full; /* it failed at its ceiling; else there was no memory */
};

/* An empty buffer with the given ceiling; allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer is empty and usable afterwards. */
void buf_free(struct buf *b);
/* As buf_free(), but overwrites the memory first: for keys. */
void buf_wipe(struct buf *b);
/* Empties the buffer and clears `failed` and `full`; keeps the memory. */
void buf_clear(struct buf *b);
/* Room for `more` bytes beyond `len`. */
bool buf_reserve(struct buf *b, size_t more);
/* buf_add() where memory must be had first, or there may be none. */
bool buf_add_growing(struct buf *b, const void *bytes, size_t len);
static inline bool buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (len >= b->cap - b->len) /* a byte is left for a NUL */
        return buf_add_growing(b, bytes, len);
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    return true;
}
static inline bool buf_add_slice(struct buf *b, struct slice s)
{
    return buf_add(b, s.ptr, s.len);
}
static inline bool buf_add_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}
static inline bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}
bool buf_add_format(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* The number in decimal, or in hexadecimal: buf_add_format(b, "%lld", …) without its price. */
bool buf_add_number(struct buf *b, int64_t value);
bool buf_add_hex(struct buf *b, uint64_t value);
/* As "%.*g" writes it with so many digits, at least 4; whole numbers, which most are, without its price. */
bool buf_add_double(struct buf *b, double value, int digits);
/* Bytes that lie in up to three places, in their order: what is sent so need not be copied together. */
#define PIECES_MAX 3
struct pieces {
    struct slice of[PIECES_MAX]; /* the first one's ptr NULL: there is nothing, not even an empty text */
};
static inline struct pieces pieces_of(struct slice whole)
{
    return (struct pieces){{whole}};
}
size_t pieces_length(const struct pieces *p);
bool buf_add_pieces(struct buf *b, const struct pieces *p);

/* Removes the first `len` bytes (at most all). */
void buf_drop(struct buf *b, size_t len);
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->data, b->len};
}
/* Marks `b` as failed where `part` has, which something in `b` was made from. */
void buf_fail_with(struct buf *b, const struct buf *part);
/* The contents as a NUL-terminated string, valid until the next write; "" if nothing was written. Never NULL and never
 * fails: every write leaves room for the NUL. */
const char *buf_text(struct buf *b);
/* As buf_text(), for the text of an error: "out of memory" if it is empty, because whoever fails without a message
 * found no memory for one. */
const char *buf_message(struct buf *b);

/* The literal in a run of writes: BUF_ADD(b, "…") measures at compile time. */
#define BUF_ADD(b, literal) buf_add((b), (literal), sizeof(literal) - 1)

#endif
