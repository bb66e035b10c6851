/* models: pure. Aliases in the proxy's configuration: whether one exists, which providers it may reach, its prices. */
#ifndef POINTSMAN_CLI_RUN_MODELS_H
#define POINTSMAN_CLI_RUN_MODELS_H

#include "proxy/config/config.h"

struct models {
    const struct config *config; /* NULL: could not be loaded; no alias is known */
    bool *ready;                 /* owned; by deployment index */
    bool asked;                  /* ready[] is from the running proxy; false: from this environment */
};

/* Initializes ready[] from the configuration, which may be NULL. false: out of memory. Free with models_free(). */
MUST_CHECK bool models_init(struct models *m, const struct config *config);
/* Sets ready[] from the proxy's reply to GET /health. false: invalid reply, nothing changed. */
bool models_take_health(struct models *m, struct slice body);
void models_free(struct models *m);

struct alias_view {
    bool known;
    bool ready;                  /* one of its deployments is ready */
    bool reachable;              /* one of its or its fallbacks' deployments is ready */
    bool may_reach_openai;       /* one of these uses OpenAI's API or the ChatGPT login */
    bool may_reach_closed;       /* one of these is neither Hugging Face nor a local model */
    const char *openai, *closed; /* such a deployment's model, for messages */
    /* USD per token at this prompt length: the average over the ready deployments of the lowest order (all, if none is
     * ready), weighted by traffic share; NAN: unknown. */
    double input_cost, output_cost;
    unsigned priced, unpriced; /* how many of those have a price, and how many don't */
    const char *unpriced_model;
};

/* Looks up an alias. `prompt_tokens` selects the price tier. */
void models_view(const struct models *m, const char *alias, double prompt_tokens, struct alias_view *out);

/* Tokens that Codex adds to a prompt in its first request: instructions and tools (39.5 KB, measured with 0.169). */
#define MODELS_CODEX_TOKENS 9900u

/* Cost of one request, USD; NAN: a price is unknown. */
double models_cost(double input_cost, double output_cost, double input_tokens, double output_tokens);

#endif
