/* plan: pure. Decides how to run a task: the alias, and the ordered steps, each with the reason if it is blocked by
 * policy. */
#ifndef POINTSMAN_CLI_RUN_PLAN_H
#define POINTSMAN_CLI_RUN_PLAN_H

#include "cli/run/models.h"
#include "cli/run/run_settings.h"

#define RUN_STEPS_MAX 4u

struct run_facts {
    const struct run_settings *settings;
    const struct classified *task;
    const struct models *models;
    size_t input_tokens;     /* of the prompt to send */
    const char *force_model; /* NULL: none */
    bool hf_token;           /* HF_TOKEN is set in this environment */
    bool ollama_up;          /* local Qwen answers */
};

/* One way to run the task. */
struct run_step {
    bool ollama;               /* local Qwen, without Codex */
    enum codex_provider codex; /* if not `ollama` */
    const char *name;          /* "ollama", "litellm", "standard", "huggingface" */
    const char *profile;       /* Codex's profile; NULL: its own configuration */
    char model[128];           /* Codex's --model; "": Codex's default */
    double cost_usd;           /* estimate of the first request; NAN: unknown */
    char blocked[200];         /* why policy blocks it; "": allowed */
};

struct run_plan {
    char alias[128];
    enum run_provider provider;
    bool avoid_openai, open_models_only; /* effective values: options may override the policy */
    char provider_reason[160], codex_reason[160], routing_reason[160];
    struct run_step steps[RUN_STEPS_MAX];
    unsigned count;
    double baseline_usd;       /* estimate for codex-default; NAN: unknown */
    unsigned priced, unpriced; /* deployments of the alias with and without a known price */
    const char *unpriced_model;
};

/* Makes the plan. Returns 0, or an exit code (exit.h) with one line in `error`: conflicting options, unknown alias,
 * missing token. A plan whose steps are all blocked is not an error. */
int run_plan_make(const struct run_facts *facts, struct run_plan *plan, struct buf *error);
/* The first allowed step; `count`: none. */
unsigned run_plan_first(const struct run_plan *plan);
/* Moves the step to the front of the allowed ones. */
void run_plan_prefer(struct run_plan *plan, unsigned step);

#endif
