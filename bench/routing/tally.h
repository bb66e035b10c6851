/* tally: what the requests of a scenario came to under one strategy, over all seeds. */
#ifndef POINTSMAN_BENCH_TALLY_H
#define POINTSMAN_BENCH_TALLY_H

#include "bench/routing/world.h"

/* Sums and samples; pooled tallies are the sum of several. */
struct tally {
    double *seed_j; /* mean J per request by seed, USD */
    unsigned seeds;
    unsigned scenarios; /* pooled ones: how many seed_j are the sum of */
    double requests, good, j, cost_usd, quality;
    double latency_s, ttft_s; /* of the successes */
    double attempts;
    double firsts[BACKENDS_MAX]; /* first attempts by backend */
    float *latencies, *ttfts;    /* of the successes */
    size_t samples, room;
};

/* A share of the sorted samples, 0 to 1; NAN without any. */
double tally_quantile(const float *sorted, size_t count, double share);
/* Adds a seed's requests. false: no memory. */
bool tally_add(struct tally *t, const struct scenario *s, const struct served *served, unsigned count, double warmup_s,
               unsigned seed_index, unsigned seeds);
/* Adds another scenario's; `from` is kept. false: no memory. */
bool tally_pool(struct tally *t, const struct tally *from);
/* Sorts the samples, so that quantiles can be taken. */
void tally_sort(struct tally *t);
void tally_free(struct tally *t);

/* A mean with its 95 % confidence interval. */
struct interval {
    double mean, low, high;
};

/* How much less J `t` has than `reference`, in percent of the reference's; paired by seed (Student's t). */
struct interval tally_gain(const struct tally *t, const struct tally *reference);

#endif
