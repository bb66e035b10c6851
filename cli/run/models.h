/* models: pure. What the proxy's configuration says of an alias: whether it is there, whom a call may reach, what it
 * costs. */
#ifndef POINTSMAN_CLI_RUN_MODELS_H
#define POINTSMAN_CLI_RUN_MODELS_H

#include "proxy/config/config.h"

struct models {
    const struct config *config; /* NULL: none could be read; then nothing is known of any alias */
    bool *ready;                 /* by deployment index */
    bool asked;                  /* ready[] is the running proxy's word; else what the environment here lets expect */
};

/* Takes ready[] from the configuration alone. false without memory. `config` may be NULL. Free with models_free(). */
MUST_CHECK bool models_init(struct models *m, const struct config *config);
/* Takes ready[] from the proxy's answer to GET /health. false, and nothing changed, when it is no such answer. */
bool models_take_health(struct models *m, struct slice body);
void models_free(struct models *m);

struct alias_view {
    bool known;
    bool ready;                  /* one of its deployments is */
    bool reachable;              /* or one of a fallback */
    bool may_reach_openai;       /* it or a fallback: OpenAI's API or the ChatGPT login */
    bool may_reach_closed;       /* anything but Hugging Face and the model on this machine */
    const char *openai, *closed; /* such a deployment's model, for messages */
    /* USD per token of a call with so long a prompt, averaged over the deployments of the first order that are ready,
     * by weight; NAN: no price is known. Where none is ready, all of them count. */
    double input_cost, output_cost;
    unsigned priced, unpriced; /* how many of those have a price, and have none */
    const char *unpriced_model;
};

/* `prompt_tokens` decides the tier of the prices. */
void models_view(const struct models *m, const char *alias, double prompt_tokens, struct alias_view *out);

/* The tokens that Codex adds to a prompt by itself in its first call: instructions and tools (39.5 KB, measured with
 * 0.169). */
#define MODELS_CODEX_TOKENS 9900u

/* Cost of one call; NAN where the price is. */
double models_cost(double input_cost, double output_cost, double input_tokens, double output_tokens);

#endif
