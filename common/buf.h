/* buf: byte slices, and byte buffers that grow up to a ceiling. */
#ifndef POINTSMAN_BUF_H
#define POINTSMAN_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((__format__(__printf__, string, first)))

/* Bytes owned elsewhere; not NUL-terminated. */
struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* Arguments for "%.*s". */
#define SLICE_ARGS(s) (int)(s).len, (s).ptr

/* Inline functions are those called for every field or string: the compiler knows the length of literals. */

/* Returns the slice over a NUL-terminated string; NULL: an empty slice. */
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
/* Like slice_is(), ignoring the case of ASCII letters. */
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
/* Returns the slice without spaces and tabs at both ends. */
struct slice slice_trim(struct slice a);

#define DIGITS_MAX 20 /* of a uint64_t */
/* Formats in decimal at the end of `digits`. Returns the text in it. */
struct slice slice_of_number(uint64_t value, char digits[DIGITS_MAX]);

/* A buffer that grows up to `max` bytes. A write that does not fit, or finds no memory, changes nothing, sets `failed`
 * and returns false. `failed` stays set, so that a series of writes can be checked once at the end. */
struct buf {
    char *data; /* owned; NULL: nothing written yet */
    size_t len; /* bytes used */
    size_t cap; /* bytes allocated; above `len` unless both are 0 */
    size_t max; /* bytes, below SIZE_MAX */
    bool failed;
    bool full; /* failed at the ceiling; false and `failed`: out of memory */
};

/* Makes an empty buffer with this ceiling. Does not allocate. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory. The buffer is empty and usable. */
void buf_free(struct buf *b);
/* Like buf_free(), but overwrites the memory first: for keys. */
void buf_wipe(struct buf *b);
/* Empties the buffer, clears `failed` and `full`, keeps the memory. */
void buf_clear(struct buf *b);
/* Makes room for `more` bytes after `len`. */
bool buf_reserve(struct buf *b, size_t more);
/* The slow path of buf_add(). */
bool buf_add_growing(struct buf *b, const void *bytes, size_t len);
static inline bool buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (len >= b->cap - b->len) /* one byte stays free for a NUL */
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
/* Appends in decimal or hexadecimal, faster than buf_add_format(). */
bool buf_add_number(struct buf *b, int64_t value);
bool buf_add_hex(struct buf *b, uint64_t value);
/* Appends like "%.*g" with `digits`, at least 4. Whole numbers, the usual case, are faster. */
bool buf_add_double(struct buf *b, double value, int digits);
/* A body in up to three pieces, to be sent without copying them together. */
#define PIECES_MAX 3
struct pieces {
    struct slice of[PIECES_MAX]; /* of[0].ptr NULL: no body, not even an empty one */
};
static inline struct pieces pieces_of(struct slice whole)
{
    return (struct pieces){{whole}};
}
size_t pieces_length(const struct pieces *p);
bool buf_add_pieces(struct buf *b, const struct pieces *p);

/* Removes the first `len` bytes, at most all. */
void buf_drop(struct buf *b, size_t len);
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->data, b->len};
}
/* Copies the failure of `part`, which contributed to `b`. */
void buf_fail_with(struct buf *b, const struct buf *part);
/* Returns the content as a NUL-terminated string, valid until the next write; "" if empty. Never NULL: every write
 * leaves room for the NUL. */
const char *buf_text(struct buf *b);
/* Like buf_text(), for error texts: "out of memory" if empty, because a failure without a message had no memory for
 * one. */
const char *buf_message(struct buf *b);

/* Appends a literal; its length is known at compile time. */
#define BUF_ADD(b, literal) buf_add((b), (literal), sizeof(literal) - 1)

#endif
