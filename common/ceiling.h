/* ceiling: the memory that the bodies of all requests take together, in one process or in several that share the rows.
 *
 * A hold says how much of it one owner has; the owner updates it after its buffers grew, and releases it with them.
 * What is at most CEILING_FREE bytes is not counted: small requests cost nothing here, go on when large ones have used
 * everything up, and clients without a key, whose requests are small, can't use anything up. */
#ifndef POINTSMAN_CEILING_H
#define POINTSMAN_CEILING_H

#include "common/buf.h"

#include <stdatomic.h>

#define CEILING_FREE (64u << 10)
#define CEILING_RETRY_S 5 /* what a client that was refused is told to wait */
#define CEILING_REFUSAL "request bodies use up general_settings.max_body_memory: try again later"

/* One process's bytes; it alone writes them. */
struct ceiling_row {
    _Alignas(64) _Atomic size_t used;
};

struct ceiling {
    struct ceiling_row *rows; /* of all processes */
    unsigned count, own;      /* rows, and which one is this process's */
    size_t max;               /* bytes, of all rows together */
};

/* Zeroed but for `of`; with `of` NULL nothing is counted. */
struct ceiling_hold {
    struct ceiling *of;
    size_t bytes;
};

/* Whether so many bytes more could be held now. Two processes that ask in the same instant don't see each other. */
bool ceiling_fits(const struct ceiling *c, size_t bytes);
/* Makes the hold so many bytes. Returns false, with the hold as it was, if all holds together would pass the ceiling.
 */
MUST_CHECK bool ceiling_hold(struct ceiling_hold *h, size_t bytes);
/* The same where the memory is needed in any case: it may pass the ceiling, and others are refused meanwhile. */
void ceiling_count_growth(struct ceiling_hold *h, size_t bytes);
static inline void ceiling_count(struct ceiling_hold *h, size_t bytes)
{
    if (bytes > CEILING_FREE || h->bytes)
        ceiling_count_growth(h, bytes);
}
static inline void ceiling_release(struct ceiling_hold *h)
{
    if (h->bytes)
        ceiling_count_growth(h, 0);
}

#endif
