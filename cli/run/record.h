/* record: the record of routed runs, $CODEX_HOME/logs/cost_router.jsonl: one line per run; no prompt, no key. Its
 * fields are listed in doc/routed-runs.md. */
#ifndef POINTSMAN_CLI_RUN_RECORD_H
#define POINTSMAN_CLI_RUN_RECORD_H

#include "cli/run/plan.h"
#include "cli/run/requests.h"
#include "common/document.h"
#include "common/markov.h"

#define RECORD_FILE "cost_router.jsonl"
#define RECORD_DIGITS 9 /* significant ones of an amount or a ratio */

struct run_attempt {
    const char *provider; /* the step's name */
    const char *outcome;  /* "ok", "failed", "not_ready", "barred", "cancelled", "over_cost" */
    char why[200];        /* "" */
    int exit_code;        /* -1: it did not run */
    int64_t ms;
};

struct run_record {
    int64_t time_ms; /* Unix time */
    const char *run_id;
    bool optimized; /* run; else exec */
    const struct run_settings *settings;
    const struct classified *task;
    const struct run_plan *plan;
    const struct markov_decision *decision;
    const struct run_step *served; /* the last one that ran; NULL: none did */
    size_t original_tokens, input_tokens;
    struct run_attempt attempts[RUN_STEPS_MAX];
    unsigned attempt_count;
    int exit_code;
    int64_t total_ms;
    struct run_requests requests; /* what the proxy's journal says of it */
};

/* Adds the record's members. */
void record_describe(const struct run_record *r, struct container in);
/* The same of a plan that is not run: without what would come of it. */
void record_describe_plan(const struct run_record *r, struct container in);
/* Adds the line to the file. false with a line in `error`. */
MUST_CHECK bool record_append(const struct run_record *r, struct buf *error);

#endif
