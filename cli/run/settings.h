/* settings: pure. What decides a routed run, and which layer said it: flags, then the environment, then the policy file
 * (codex-routing-policy.yaml), then the defaults. Each key of the policy is a row of one table. */
#ifndef POINTSMAN_CLI_RUN_SETTINGS_H
#define POINTSMAN_CLI_RUN_SETTINGS_H

#include "cli/run/classify.h"
#include "common/markov.h"

/* Whose models a run may take. */
enum run_provider { RUN_AUTO, RUN_OPENAI, RUN_QWEN, RUN_NO_OPENAI, RUN_HUGGINGFACE, RUN_PROVIDERS };
/* What Codex is run with: the proxy, its own login, or Hugging Face's router. */
enum codex_provider { CODEX_AUTO, CODEX_LITELLM, CODEX_STANDARD, CODEX_HUGGINGFACE, CODEX_PROVIDERS };

#define RUN_PROVIDER_WORDS "auto openai qwen no-openai huggingface"
#define CODEX_PROVIDER_WORDS "auto proxy litellm standard huggingface" /* proxy and litellm are the same */

const char *run_provider_name(unsigned provider);
const char *codex_provider_name(unsigned provider);

/* Higher ones win. */
enum layer { LAYER_DEFAULT, LAYER_POLICY, LAYER_ENVIRONMENT, LAYER_FLAG };

enum setting {
    SETTING_PROVIDER,
    SETTING_CODEX_PROVIDER,
    SETTING_OPEN_MODELS_ONLY,
    SETTING_AVOID_OPENAI,
    SETTING_MAX_COST,
    SETTING_TASK_RULES,
    SETTING_FALLBACK_ORDER,
    SETTING_ADAPTIVE,
    SETTING_MAX_INPUT,
    SETTING_MAX_OUTPUT,
    SETTING_COUNT,
};

struct run_settings {
    unsigned provider;       /* enum run_provider */
    unsigned codex_provider; /* enum codex_provider */
    bool open_models_only, avoid_openai;
    double max_cost_usd;          /* 0: none */
    unsigned rules[TASK_CLASSES]; /* enum run_provider, for RUN_AUTO */
    struct codex_order {
        unsigned list[CODEX_PROVIDERS], count; /* enum codex_provider without CODEX_AUTO, each once */
    } fallback_order;
    struct markov_settings adaptive;
    int64_t max_input_tokens, max_output_tokens;
    struct layer_source {
        enum layer layer;
        const char *where; /* the flag or variable; of LAYER_POLICY: NULL */
        unsigned line;     /* in the policy */
    } from[SETTING_COUNT];
};

/* The values of flags, NULL where one is not given. Their words are checked by the command line's table already. */
struct run_flags {
    const char *provider, *codex_provider, *max_cost, *max_input, *max_output;
};

/* Fills `s` from the defaults, from the policy (`root` of the file that is called `file`; NULL: none), from the
 * environment and from the flags. false with one line per fault in `errors`, with what is allowed: "FILE:LINE: key: …",
 * "VARIABLE: …",
 * "--flag: …". */
MUST_CHECK bool settings_read(struct run_settings *s, const char *file, const struct yaml_node *root,
                              const char *(*env)(const char *name, void *ctx), void *env_ctx,
                              const struct run_flags *flags, struct buf *errors);
/* "a line of the policy", for people: "policy, line 3", "--provider", "CODEX_ROUTER_PROVIDER", "default". */
void settings_source(const struct run_settings *s, enum setting setting, char *out, size_t size);
/* The policy's key of that setting ("default_provider"), and its value as text. */
const char *settings_name(enum setting setting);
void settings_value(const struct run_settings *s, enum setting setting, struct buf *out);
/* The keys as Markdown; doc/routed-runs.md holds it between its markers. */
bool settings_reference(struct buf *out);

#endif
