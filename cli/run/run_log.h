/* run_log: the run log, $CODEX_HOME/logs/cost_router.jsonl: one line per routed run, without prompt or key. Its fields
 * are documented in doc/routed-runs.md. */
#ifndef POINTSMAN_CLI_RUN_RUN_LOG_H
#define POINTSMAN_CLI_RUN_RUN_LOG_H

#include "cli/run/plan.h"
#include "cli/run/request_log.h"
#include "common/document.h"
#include "common/log_files.h"
#include "common/markov.h"

#define RUN_LOG_FILE LOG_RUNS
#define RUN_LOG_DIGITS 9 /* significant digits of amounts and ratios */

struct run_attempt {
    const char *provider; /* the step's name */
    const char *outcome;  /* "ok", "failed", "not_ready", "barred", "cancelled", "over_cost" */
    char why[200];        /* reason; "": none */
    int exit_code;        /* -1: did not run */
    int64_t ms;           /* duration */
};

struct run_record {
    int64_t time_ms; /* Unix time */
    const char *run_id;
    bool optimized; /* run; false: exec */
    const struct run_settings *settings;
    const struct classified *task;
    const struct run_plan *plan;
    const struct markov_decision *decision;
    const struct run_step *served; /* the last step that ran; NULL: none */
    size_t original_tokens, input_tokens;
    struct run_attempt attempts[RUN_STEPS_MAX];
    unsigned attempt_count;
    int exit_code;
    int64_t total_ms;
    struct run_requests requests; /* totals from the request log */
};

/* Adds the record's members to a JSON object. */
void run_log_describe(const struct run_record *r, struct container in);
/* Same, for a dry run: without the outcome. */
void run_log_describe_plan(const struct run_record *r, struct container in);
/* Appends the record to the run log, with the limits of the proxy's configuration; NULL: the default ones. false: one
 * line in `error`. */
MUST_CHECK bool run_log_append(const struct run_record *r, const struct config *config, struct buf *error);

#endif
