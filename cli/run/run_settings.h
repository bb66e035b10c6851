/* run_settings: pure. The settings of a routed run and the layer that each is from: options override the environment,
 * which overrides the policy (codex-routing-policy.yaml), which overrides the defaults. Each policy key is a row of a
 * table. */
#ifndef POINTSMAN_CLI_RUN_RUN_SETTINGS_H
#define POINTSMAN_CLI_RUN_RUN_SETTINGS_H

#include "cli/run/classify.h"
#include "common/markov.h"

/* Whose models a run may use. */
enum run_provider { RUN_AUTO, RUN_OPENAI, RUN_QWEN, RUN_NO_OPENAI, RUN_HUGGINGFACE, RUN_PROVIDERS };
/* What Codex runs with: the proxy, its own login (plain Codex), or Hugging Face's router. */
enum codex_provider { CODEX_AUTO, CODEX_LITELLM, CODEX_STANDARD, CODEX_HUGGINGFACE, CODEX_PROVIDERS };

#define RUN_PROVIDER_WORDS "auto openai qwen no-openai huggingface"
#define CODEX_PROVIDER_WORDS "auto proxy litellm standard huggingface" /* "proxy" and "litellm" are synonyms */

const char *run_provider_name(unsigned provider);
const char *codex_provider_name(unsigned provider);

/* Higher layers win. */
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
        const char *where; /* option or variable; NULL for LAYER_POLICY */
        unsigned line;     /* line in the policy */
    } from[SETTING_COUNT];
};

/* Option values; NULL: not given. The command's row has already checked the choices. */
struct run_flags {
    const char *provider, *codex_provider, *max_cost, *max_input, *max_output;
};

/* Fills `s` from all layers. `file`, `root`: the policy's path and parsed contents; NULL: none. false: one line per
 * error in `errors`, with what is allowed: "FILE:LINE: key: …", "VARIABLE: …", "--option: …". */
MUST_CHECK bool run_settings_read(struct run_settings *s, const char *file, const struct yaml_node *root,
                                  const char *(*env)(const char *name, void *ctx), void *env_ctx,
                                  const struct run_flags *flags, struct buf *errors);
/* Writes where the setting is from: "policy, line 3", "--provider", "CODEX_ROUTER_PROVIDER", "default". */
void run_settings_source(const struct run_settings *s, enum setting setting, char *out, size_t size);
/* The setting's policy key ("default_provider"). */
const char *run_settings_name(enum setting setting);
/* Appends the setting's value as text. */
void run_settings_value(const struct run_settings *s, enum setting setting, struct buf *out);
/* Appends the keys as Markdown, for doc/routed-runs.md (tools/reference). false: `out` is full. */
bool run_settings_reference(struct buf *out);

#endif
