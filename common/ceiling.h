/* ceiling: the memory limit of all request bodies together, in one process or in several that share the rows.
 *
 * A hold is one owner's share. The owner updates it when its buffers grow and releases it with them. A hold of up to
 * CEILING_FREE bytes is not counted. So small requests cost nothing and pass even at the limit, and clients without a
 * key, whose requests are small, cannot use up the memory. */
#ifndef POINTSMAN_CEILING_H
#define POINTSMAN_CEILING_H

#include "common/buf.h"

#include <stdatomic.h>

#define CEILING_FREE (64u << 10) /* bytes */
#define CEILING_RETRY_S 5        /* s: Retry-After of a refused request */
#define CEILING_REFUSAL "Request bodies have used up general_settings.max_body_memory; try again later."

/* The bytes of one process; only that process writes them. */
struct ceiling_row {
    _Alignas(64) _Atomic size_t used;
};

struct ceiling {
    struct ceiling_row *rows; /* of all processes */
    unsigned count, own;      /* number of rows; this process's index */
    size_t max;               /* bytes, of all rows together */
};

/* Zero except for `of`. `of` NULL: not counted. */
struct ceiling_hold {
    struct ceiling *of;
    size_t bytes;
};

/* Returns whether so many more bytes would fit now. Two processes that ask at the same time do not see each other. */
bool ceiling_fits(const struct ceiling *c, size_t bytes);
/* Sets the hold to so many bytes. false: the limit would be exceeded; the hold is unchanged. */
MUST_CHECK bool ceiling_hold(struct ceiling_hold *h, size_t bytes);
/* Sets the hold where the memory is needed in any case. It may exceed the limit; other requests are then refused. */
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
