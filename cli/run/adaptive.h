/* adaptive: the adaptive router for routed runs. Its statistics of each provider are in
 * $CODEX_HOME/logs/cost_router_state.json; its canary's samples come from the run log. */
#ifndef POINTSMAN_CLI_RUN_ADAPTIVE_H
#define POINTSMAN_CLI_RUN_ADAPTIVE_H

#include "cli/run/plan.h"

#define ADAPTIVE_FILE "cost_router_state.json"

struct run_adaptive {
    char *path;                                    /* state file; owned; NULL: no log folder */
    struct markov_provider known[CODEX_PROVIDERS]; /* statistics, by enum codex_provider */
    char rolled_back[200];                         /* why the canary was rolled back to shadow mode; "": it was not */
};

/* Reads the state file, if adaptive_router.enabled is set. An invalid file counts as empty. Free with
 * run_adaptive_free(). */
void run_adaptive_load(struct run_adaptive *a, const struct markov_settings *settings);
void run_adaptive_free(struct run_adaptive *a);
/* Decides among the plan's steps that run Codex and are not blocked. In live mode, moves the suggested one to the
 * front. */
void run_adaptive_decide(struct run_adaptive *a, const struct markov_settings *settings, const char *run_id,
                         int64_t now_ms, struct run_plan *plan, struct markov_decision *decision);
/* Adds the outcome of a step to the state file, under a lock: concurrent runs don't overwrite each other. false: one
 * line in `error`. */
MUST_CHECK bool run_adaptive_observe(struct run_adaptive *a, const struct markov_settings *settings,
                                     enum codex_provider provider, const struct markov_observation *observation,
                                     int64_t now_ms, struct buf *error);

#endif
