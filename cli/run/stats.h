/* stats: sums over all recorded runs. Pure: lines come in from whoever reads the journals. */
#ifndef POINTSMAN_CLI_RUN_STATS_H
#define POINTSMAN_CLI_RUN_STATS_H

#include "cli/run/requests.h"

#define STATS_KINDS_MAX 64u

struct stats_sum {
    char name[64];
    uint64_t runs, failures, calls;
    double original_tokens, sent_tokens; /* of prompts, estimated */
    double input_tokens, output_tokens;  /* of the proxy's calls */
    double estimated_usd, savings_usd;   /* of runs whose prices were known */
    double actual_usd, baseline_usd;     /* of runs of known cost: theirs, and what codex-default would have cost */
    double saved_usd;                    /* the difference; NAN without such a run */
    double moved_usd;                    /* the amounts that savings_usd was summed up from, without their signs */
    uint64_t costed;                     /* how many runs of known cost */
    uint64_t observed, would_switch, applied; /* by the adaptive router */
};

struct stats_run;

struct stats {
    struct stats_sum all;
    struct stats_sum providers[STATS_KINDS_MAX], aliases[STATS_KINDS_MAX]; /* in the order of their first run */
    unsigned provider_count, alias_count;
    double default_input_cost, default_output_cost; /* of codex-default, USD per token; NAN: unknown */
    struct stats_run *runs;                         /* owned: by run id */
    size_t count, cap;
    bool failed; /* no memory */
};

void stats_init(struct stats *s, double default_input_cost, double default_output_cost);
void stats_free(struct stats *s);
/* A line of the record of runs. */
void stats_add_run(struct stats *s, const struct json *line);
/* A line of the proxy's journal, after all runs: it counts for the run that it names. */
void stats_add_request(struct stats *s, const struct json *line);
/* Sums up, after all lines. false without memory. */
MUST_CHECK bool stats_finish(struct stats *s);

#endif
