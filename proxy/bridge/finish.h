/* finish: pure. What the reason means that an upstream gives for the end of its answer: one table of finish_reason's
 * values (Chat Completions) and of incomplete_details.reason's (Responses). */
#ifndef POINTSMAN_BRIDGE_FINISH_H
#define POINTSMAN_BRIDGE_FINISH_H

#include "proxy/bridge/decoder.h"

struct finish_reason {
    const char *word; /* in lower case, with '_' between words; NULL: the row of every other word */
    bool part;        /* any word that contains it: for values that no other row knows */
    enum finish finish;
    enum failure_kind failure; /* of FINISH_BROKEN */
    const char *provider;      /* who sends it; NULL: several */
};

/* The row of a value as it was written, in either case and with '_', '-' or a space between words. The last row, a
 * plain end, takes what no other row knows. */
const struct finish_reason *finish_reason(struct slice value);
/* All rows; their number goes into *count. */
const struct finish_reason *finish_reasons(size_t *count);

#endif
