/* tally: the results of a scenario under one strategy, over all seeds. */
#ifndef POINTSMAN_BENCH_TALLY_H
#define POINTSMAN_BENCH_TALLY_H

#include "bench/routing/world.h"

/* Sums and samples; a pooled tally is the sum of several. */
struct tally {
    double *seed_j; /* mean J per request by seed, USD */
    unsigned seeds;
    unsigned scenarios; /* pooled: how many seed_j are added */
    double requests, good, j, cost_usd, quality;
    double latency_s, ttft_s; /* of the successes */
    double attempts;
    double firsts[BACKENDS_MAX]; /* first attempts by backend */
    float *latencies, *ttfts;    /* of the successes */
    size_t samples, room;
};

/* Returns the quantile (0 to 1) of the sorted samples; NAN: none. */
double tally_quantile(const float *sorted, size_t count, double share);
/* Adds a seed's requests. false: out of memory. */
bool tally_add(struct tally *t, const struct scenario *s, const struct served *served, unsigned count, double warmup_s,
               unsigned seed_index, unsigned seeds);
/* Adds another scenario's tally; `from` is unchanged. false: out of memory. */
bool tally_pool(struct tally *t, const struct tally *from);
/* Sorts the samples, for tally_quantile(). */
void tally_sort(struct tally *t);
void tally_free(struct tally *t);

/* A mean with its 95 % confidence interval. */
struct interval {
    double mean, low, high;
};

/* Returns how much lower the J of `t` is than that of `reference`, in percent of the reference; paired by seed
 * (Student's t). */
struct interval tally_gain(const struct tally *t, const struct tally *reference);

#endif
