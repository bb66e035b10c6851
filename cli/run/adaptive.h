/* adaptive: the adaptive router over the ways to run Codex. What it knows of each lies in
 * $CODEX_HOME/logs/cost_router_state.json; the arms of its canary are read from the record of runs. */
#ifndef POINTSMAN_CLI_RUN_ADAPTIVE_H
#define POINTSMAN_CLI_RUN_ADAPTIVE_H

#include "cli/run/plan.h"

#define ADAPTIVE_FILE "cost_router_state.json"

struct run_adaptive {
    char *path;                                    /* owned; of the state; NULL: there is no place for it */
    struct markov_provider known[CODEX_PROVIDERS]; /* by enum codex_provider */
    char stepped_back[200];                        /* why the canary is in the shadow again; "": it is not */
};

/* Reads what is known; a file that is foreign or broken counts as none. Without adaptive_router.enabled nothing is
 * read. Free with run_adaptive_free(). */
void run_adaptive_load(struct run_adaptive *a, const struct markov_settings *settings);
void run_adaptive_free(struct run_adaptive *a);
/* Decides over the plan's steps that may be taken and that run Codex, and puts the suggested one first where that is
 * live. */
void run_adaptive_decide(struct run_adaptive *a, const struct markov_settings *settings, const char *run_id,
                         int64_t now_ms, struct run_plan *plan, struct markov_decision *decision);
/* Takes in what a way came to: reads the state anew, so that runs at the same time don't undo each other, and writes
 * it. false with a line in `error`. */
MUST_CHECK bool run_adaptive_observe(struct run_adaptive *a, const struct markov_settings *settings,
                                     enum codex_provider provider, const struct markov_observation *observation,
                                     int64_t now_ms, struct buf *error);

#endif
