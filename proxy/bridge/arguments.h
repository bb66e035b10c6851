/* arguments: pure. The streamed arguments of a tool call: repairs them and detects their end.
 *
 * The arguments are JSON inside a JSON string, so their quotes are escaped: {\"n\":1000.0}. Codex does not accept
 * 1000.0 as an integer, so whole numbers are written as integers. A number at the end of a piece is held back until its
 * end arrives. */
#ifndef POINTSMAN_BRIDGE_ARGUMENTS_H
#define POINTSMAN_BRIDGE_ARGUMENTS_H

#include "common/buf.h"

/* Position of a reader in a JSON text. */
struct nesting {
    bool in_string, after_backslash;
    bool begun;     /* an object or array has begun */
    unsigned depth; /* open objects and arrays */
};

/* All zero: nothing was added yet. */
struct arguments {
    struct nesting nesting;
    bool long_number;    /* inside a number longer than `number`: not repaired */
    char number[48];     /* a number held back */
    unsigned number_len; /* bytes of it; 0: none */
};

/* Appends the next piece to `out`; `repair`: whole numbers as integers. The piece is escaped, and ends with a complete
 * escape. */
void arguments_add(struct arguments *a, struct slice piece, bool repair, struct buf *out);
/* Appends the number that was held back, if any. */
void arguments_end(struct arguments *a, struct buf *out);
/* Returns whether a complete JSON object or array was added. */
bool arguments_complete(const struct arguments *a);

/* The arguments received so far for a call, to detect repetitions: some upstreams send all arguments so far in each
 * piece, or all of them again at the end, possibly unescaped or with other white space. All zero: none received. */
struct arguments_seen {
    struct nesting nesting;
    char first, last; /* the first and last byte, without white space between tokens */
    uint32_t length;  /* bytes, without white space between tokens */
    uint64_t hash;    /* of these bytes */
    bool snapshots;   /* set by the caller: each piece repeats all earlier ones, even if it could also be read as a
                         nested value with the same beginning */
};

/* A piece of arguments: the inside of a JSON string, or (`raw`) a JSON value. */
struct arguments_piece {
    struct slice text;
    bool raw;
};

void arguments_seen_add(struct arguments_seen *s, struct arguments_piece piece);
/* Returns the number of bytes at the start of the piece that repeat everything received, with the white space after
 * them. 0: the piece continues the arguments, or belongs to another call. */
size_t arguments_seen_again(const struct arguments_seen *s, struct arguments_piece piece);
/* Returns whether a complete JSON object or array was received. */
bool arguments_seen_whole(const struct arguments_seen *s);

#endif
