/* report: the output of a run. */
#ifndef POINTSMAN_BENCH_REPORT_H
#define POINTSMAN_BENCH_REPORT_H

#include "bench/routing/tally.h"

#define POLICIES_MAX 24

/* Tallies by scenario and policy; pooled over all scenarios, and over those not called "saturation". */
struct results {
    const struct workload *workload;
    const struct policy *policies[POLICIES_MAX];
    unsigned policy_count;
    uint64_t seed_base;
    unsigned seeds;
    struct tally tallies[SCENARIOS_MAX][POLICIES_MAX];
    struct tally pooled[POLICIES_MAX], without_saturation[POLICIES_MAX];
};

/* The figures of the thresholds; NAN if a strategy that they need was not run. */
struct summary {
    double gap_closed, gap_closed_without_saturation; /* percent of the J between static and state_oracle */
    double worst_scenario; /* lowest lower bound of the default's gain in J over static, percent */
    double error_gain;     /* percent fewer failed requests than static */
    double quality_delta;  /* points over static */
    struct {
        double latency_gain, ttft_gain, cost_gain, error_gain, quality_delta;
    } once; /* compared with static_once */
};

/* Fills the pooled tallies and sorts all samples. false: out of memory. */
bool report_prepare(struct results *r);
struct summary report_summary(const struct results *r);
/* Appends tables. */
bool report_table(const struct results *r, struct buf *out);
/* Appends a JSON object. */
bool report_json(const struct results *r, struct buf *out);

/* Figures of one tally. */
double tally_j(const struct tally *t); /* USD per 1,000 requests: the mean over the seeds of their means */
double tally_error_pct(const struct tally *t);
double tally_cost(const struct tally *t);      /* USD per 1,000 successes */
double tally_quality(const struct tally *t);   /* mean over the successes */
double tally_latency_s(const struct tally *t); /* the same */
double tally_ttft_s(const struct tally *t);    /* the same */

#endif
