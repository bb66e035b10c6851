/* sketch: pure. Quantiles of durations in bounded memory: counts in log-spaced buckets. A quantile is at most
 * SKETCH_ERROR away from the exact one, as a share of it, from 1 ms to SKETCH_MAX_MS. Sketches of parts can be merged:
 * the result is the sketch of the whole. */
#ifndef POINTSMAN_USAGE_SKETCH_H
#define POINTSMAN_USAGE_SKETCH_H

#include "common/buf.h"

#define SKETCH_ERROR 0.02
#define SKETCH_MAX_MS 86400000 /* a day; longer durations count as this one */

#define SKETCH_BUCKETS 1024 /* above the number of the last bucket */

struct sketch {
    uint64_t count;       /* values added */
    uint32_t *buckets;    /* owned; only the range that is in use */
    uint16_t first, size; /* the range */
};

/* Adds a duration in ms, 0 or more. A zeroed sketch is empty. false: out of memory, nothing has changed. */
MUST_CHECK bool sketch_add(struct sketch *s, double ms);
/* Adds `count` values to a bucket below SKETCH_BUCKETS, as `buckets` counts them. false: as above. */
MUST_CHECK bool sketch_add_bucket(struct sketch *s, unsigned bucket, uint32_t count);
/* Adds the values of `more`. false: out of memory, nothing has changed. */
MUST_CHECK bool sketch_merge(struct sketch *s, const struct sketch *more);
/* Returns the quantile `share` (0.9: p90) in ms: the value that this share of the values does not exceed. NAN: the
 * sketch is empty. */
double sketch_quantile(const struct sketch *s, double share);
void sketch_free(struct sketch *s);

#endif
