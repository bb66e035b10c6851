/* record: the record of routed runs, $CODEX_HOME/logs/cost_router.jsonl: one line per run; no prompt, no key. Its
 * fields are listed in doc/routing-policy.md. */
#ifndef POINTSMAN_CLI_RUN_RECORD_H
#define POINTSMAN_CLI_RUN_RECORD_H

#include "cli/run/plan.h"
#include "cli/run/requests.h"
#include "common/markov.h"

#define RECORD_FILE "cost_router.jsonl"

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

/* Appends the object, without a newline. */
void record_write(const struct run_record *r, struct buf *out);
/* The same of a plan that is not run: without what would come of it. */
void record_write_plan(const struct run_record *r, struct buf *out);
/* Appends "YYYY-MM-DDTHH:MM:SS.mmmZ" with its quotes. */
void record_add_time(int64_t time_ms, struct buf *out);
/* The number in JSON; null where it is NAN. */
void record_add_number(double value, struct buf *out);
/* Adds the line to the file. false with a line in `error`. */
MUST_CHECK bool record_append(const struct run_record *r, struct buf *error);

#endif
