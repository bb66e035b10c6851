/* pure. Quantiles from counts in log-spaced buckets. */
#include "usage/sketch.h"

#include <math.h>
#include <stdlib.h>

#define GROWTH ((1 + SKETCH_ERROR) / (1 - SKETCH_ERROR)) /* upper end of a bucket, divided by its lower end */
#define STEP 16                                          /* buckets; the range grows by multiples */

/* Bucket 0 has durations below 1 ms, bucket i those above GROWTH^(i-2) up to GROWTH^(i-1). */
static unsigned bucket_of(double ms)
{
    if (!(ms >= 1))
        return 0;
    return 1 + (unsigned)ceil(log(fmin(ms, SKETCH_MAX_MS)) / log(GROWTH) - 1e-9);
}

/* The value whose relative distance to both ends of the bucket is the same. */
static double value_of(unsigned bucket)
{
    return bucket ? 2 * pow(GROWTH, bucket - 1) / (GROWTH + 1) : 0;
}

/* Extends the range to `first` up to `last`. */
static bool cover(struct sketch *s, unsigned first, unsigned last)
{
    unsigned end = s->size ? s->first + s->size : 0;
    if (s->size && first >= s->first && last < end)
        return true;
    unsigned from = s->size && s->first < first ? s->first : first / STEP * STEP;
    unsigned to = last < end ? end : (last / STEP + 1) * STEP;
    uint32_t *buckets = calloc(to - from, sizeof *buckets);
    if (!buckets)
        return false;
    if (s->size)
        memcpy(buckets + (s->first - from), s->buckets, s->size * sizeof *buckets);
    free(s->buckets);
    s->buckets = buckets;
    s->first = (uint16_t)from;
    s->size = (uint16_t)(to - from);
    return true;
}

bool sketch_add_bucket(struct sketch *s, unsigned bucket, uint32_t count)
{
    if (!cover(s, bucket, bucket))
        return false;
    s->buckets[bucket - s->first] += count;
    s->count += count;
    return true;
}

bool sketch_add(struct sketch *s, double ms)
{
    return sketch_add_bucket(s, bucket_of(ms), 1);
}

bool sketch_merge(struct sketch *s, const struct sketch *more)
{
    if (!more->count)
        return true;
    if (!cover(s, more->first, more->first + more->size - 1u))
        return false;
    for (unsigned i = 0; i < more->size; i++)
        s->buckets[more->first - s->first + i] += more->buckets[i];
    s->count += more->count;
    return true;
}

double sketch_quantile(const struct sketch *s, double share)
{
    uint64_t rank = (uint64_t)fmax(1, ceil(share * (double)s->count - 1e-9)), before = 0;
    if (!s->count)
        return NAN;
    for (unsigned i = 0; i < s->size; i++)
        if ((before += s->buckets[i]) >= rank)
            return value_of(s->first + i);
    return value_of(s->first + s->size - 1u);
}

void sketch_free(struct sketch *s)
{
    free(s->buckets);
    *s = (struct sketch){0};
}
