/* arguments: pure. The arguments of a tool call as they stream in: whether they are complete, and repaired on the way.
 *
 * They come as the inside of a JSON string, so that the JSON they are made of is escaped: {\"n\":1000.0}. Codex takes
 * no 1000.0 for an integer, so numbers that are whole are written as integers; a number at the end of a piece is held
 * back until its end is seen. */
#ifndef POINTSMAN_BRIDGE_ARGUMENTS_H
#define POINTSMAN_BRIDGE_ARGUMENTS_H

#include "common/buf.h"

struct arguments {
    bool in_string, after_backslash, begun;
    bool long_number; /* within a number of more bytes than `number` takes: it is not repaired */
    unsigned depth;
    char number[48];
    unsigned number_len;
};

/* Takes the next piece (escaped; pieces never cut an escape in two) and appends it, repaired when `repair` is set. */
void arguments_add(struct arguments *a, struct slice piece, bool repair, struct buf *out);
/* Appends what was held back. */
void arguments_end(struct arguments *a, struct buf *out);
/* Whether a whole JSON object or array went by. */
bool arguments_complete(const struct arguments *a);

#endif
