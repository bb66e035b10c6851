/* arguments: pure. The arguments of a tool call as they stream in: whether they are complete, and repaired on the way.
 *
 * They come as the inside of a JSON string, so that the JSON they are made of is escaped: {\"n\":1000.0}. Codex takes
 * no 1000.0 for an integer, so numbers that are whole are written as integers; a number at the end of a piece is held
 * back until its end is seen. */
#ifndef POINTSMAN_BRIDGE_ARGUMENTS_H
#define POINTSMAN_BRIDGE_ARGUMENTS_H

#include "common/buf.h"

/* Where in a JSON text a reader is. */
struct nesting {
    bool in_string, after_backslash, begun;
    unsigned depth;
};

struct arguments {
    struct nesting nesting;
    bool long_number; /* within a number of more bytes than `number` takes: it is not repaired */
    char number[48];
    unsigned number_len;
};

/* Takes the next piece (escaped; pieces never cut an escape in two) and appends it, repaired when `repair` is set. */
void arguments_add(struct arguments *a, struct slice piece, bool repair, struct buf *out);
/* Appends what was held back. */
void arguments_end(struct arguments *a, struct buf *out);
/* Whether a whole JSON object or array went by. */
bool arguments_complete(const struct arguments *a);

/* What has come of a call's arguments, to know when an upstream sends it again: some send all of it in each piece, or
 * once more at the end, and then maybe as JSON of its own or with other white space. All zero: nothing has come. */
struct arguments_seen {
    struct nesting nesting;
    char first, last; /* the first and the last byte that counts: white space between tokens does not */
    uint32_t length;  /* bytes that count */
    uint64_t hash;    /* of these */
    bool snapshots;   /* set by the caller: each piece holds all so far, also where it may be a value of the same
                         beginning */
};

/* Arguments as they come: the inside of a JSON string, or (`raw`) a JSON value. */
struct arguments_piece {
    struct slice text;
    bool raw;
};

void arguments_seen_add(struct arguments_seen *s, struct arguments_piece piece);
/* How many bytes at the start of this piece repeat all that has come of an object, white space behind it included; 0:
 * it goes on, or is another one. */
size_t arguments_seen_again(const struct arguments_seen *s, struct arguments_piece piece);
/* Whether a whole JSON object or array has come. */
bool arguments_seen_whole(const struct arguments_seen *s);

#endif
