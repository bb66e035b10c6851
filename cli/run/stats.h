/* stats: pure. Totals over all runs; the caller reads the logs and passes their lines. */
#ifndef POINTSMAN_CLI_RUN_STATS_H
#define POINTSMAN_CLI_RUN_STATS_H

#include "cli/run/request_log.h"
#include "usage/sums.h"

#define STATS_KINDS_MAX 64u

struct stats_sum {
    char name[64];
    uint64_t runs, failures, calls;
    double original_tokens, sent_tokens; /* estimated: of the user's prompts; of the prompts sent */
    double input_tokens, output_tokens;  /* of the proxy's requests */
    double estimated_usd, savings_usd;   /* of runs with known prices */
    double actual_usd, baseline_usd;     /* of runs with known cost: actual, and what codex-default would have cost */
    double saved_usd;                    /* the difference; NAN: no such run */
    double moved_usd;                    /* sum of the absolute summands of savings_usd, for history_round_usd() */
    uint64_t costed;                     /* number of runs with known cost */
    uint64_t observed, would_switch, applied; /* adaptive router: runs */
};

/* The cache of replies, over all requests of the log, of runs or not. */
struct stats_cache {
    uint64_t requests; /* with a cache configured */
    uint64_t stored;
    double saved_usd;
    struct reply_sum replies[REPLY_CACHES];
};

struct stats_run;

struct stats {
    struct stats_sum all;
    struct stats_cache cache;
    struct stats_sum providers[STATS_KINDS_MAX], aliases[STATS_KINDS_MAX]; /* in order of first use */
    unsigned provider_count, alias_count;
    double default_input_cost, default_output_cost; /* of codex-default, USD per token; NAN: unknown */
    struct stats_run *runs;                         /* owned; hash table by run id */
    size_t count, cap;
    bool failed; /* out of memory */
};

void stats_init(struct stats *s, double default_input_cost, double default_output_cost);
void stats_free(struct stats *s);
/* Adds a line of the run log. */
void stats_add_run(struct stats *s, const struct json *line);
/* Adds a line of the request log to its run. Call after all runs are added. */
void stats_add_request(struct stats *s, const struct json *line);
/* Computes the totals after all lines are added. false: out of memory. */
MUST_CHECK bool stats_finish(struct stats *s);

#endif
