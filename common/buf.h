/* buf: byte slices and growing byte buffers that have a ceiling. */
#ifndef POINTSMAN_BUF_H
#define POINTSMAN_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* The slice over a NUL-terminated string; NULL gives an empty slice. */
struct slice slice_of(const char *text);
bool slice_equal(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);
/* As slice_is(), ASCII letters compared without regard to case. */
bool slice_is_nocase(struct slice a, const char *text);
bool slice_starts(struct slice a, const char *prefix);
/* Spaces and tabs off both ends. */
struct slice slice_trim(struct slice a);

/* A buffer that grows up to `max` bytes. A write that would pass `max`, or that finds no memory, changes nothing,
 * sets `failed` and returns false; `failed` stays, so that a run of writes may be checked once, at its end. */
struct buf {
    char *data;   /* owned; NULL while nothing was written */
    size_t len;   /* bytes in use */
    size_t cap;   /* bytes allocated */
    size_t max;   /* ceiling in bytes, below SIZE_MAX */
    bool failed;
};

/* An empty buffer with the given ceiling; allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Frees the memory; the buffer is empty and usable afterwards. */
void buf_free(struct buf *b);
/* As buf_free(), but overwrites the memory first: for keys. */
void buf_wipe(struct buf *b);
/* Empties the buffer and clears `failed`; keeps the memory. */
void buf_clear(struct buf *b);
/* Room for `more` bytes beyond `len`. */
bool buf_reserve(struct buf *b, size_t more);
bool buf_add(struct buf *b, const void *bytes, size_t len);
bool buf_add_slice(struct buf *b, struct slice s);
bool buf_add_text(struct buf *b, const char *text);
bool buf_add_char(struct buf *b, char c);
bool buf_add_format(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* The number in decimal: buf_add_format(b, "%lld", …) without its price. */
bool buf_add_number(struct buf *b, int64_t value);
/* Removes the first `len` bytes (at most all). */
void buf_drop(struct buf *b, size_t len);
struct slice buf_slice(const struct buf *b);
/* The contents as a NUL-terminated string that the buffer owns; NULL when there is no memory for the NUL. */
const char *buf_text(struct buf *b);

/* The literal in a run of writes: BUF_ADD(b, "…") measures at compile time. */
#define BUF_ADD(b, literal) buf_add((b), (literal), sizeof(literal) - 1)

#endif
