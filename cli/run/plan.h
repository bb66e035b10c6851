/* plan: pure. From the task, the settings and what is there now to what will be run: the alias, and the ways to run it
 * in their order, each with why it may not be taken. */
#ifndef POINTSMAN_CLI_RUN_PLAN_H
#define POINTSMAN_CLI_RUN_PLAN_H

#include "cli/run/models.h"
#include "cli/run/settings.h"

#define RUN_STEPS_MAX 4u

struct run_facts {
    const struct run_settings *settings;
    const struct classified *task;
    const struct models *models;
    size_t input_tokens;     /* of the prompt as it goes out */
    const char *force_model; /* NULL: none */
    bool hf_token;           /* HF_TOKEN is set here */
    bool ollama_up;          /* the model on this machine answers */
};

/* One way to run it. */
struct run_step {
    bool ollama;               /* the model on this machine, without Codex */
    enum codex_provider codex; /* else this */
    const char *name;          /* "ollama", "litellm", "standard", "huggingface" */
    const char *profile;       /* Codex's profile; NULL: its own configuration */
    char model[128];           /* what Codex is asked for; "": its own choice */
    double cost_usd;           /* estimate of the first call; NAN: unknown */
    char barred[200];          /* why it may not be taken; "": it may */
};

struct run_plan {
    char alias[128];
    enum run_provider provider;
    bool avoid_openai, open_models_only; /* as they hold for this run: flags may overrule them */
    char provider_reason[160], codex_reason[160], routing_reason[160];
    struct run_step steps[RUN_STEPS_MAX];
    unsigned count;
    double baseline_usd;       /* what codex-default would cost; NAN: unknown */
    unsigned priced, unpriced; /* deployments of the alias that the estimate knows the price of, and doesn't */
    const char *unpriced_model;
};

/* Makes the plan. Returns 0, or an exit code (exit.h) with a line in `error`: contradicting flags, an unknown alias, no
 * token. That every step is barred is no error here. */
int run_plan_make(const struct run_facts *facts, struct run_plan *plan, struct buf *error);
/* The first step that may be taken; count when there is none. */
unsigned run_plan_first(const struct run_plan *plan);
/* Moves the step to the front of those that may be taken. */
void run_plan_prefer(struct run_plan *plan, unsigned step);

#endif
