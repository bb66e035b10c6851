/* Fuzz target: the policy of routed runs. Any file gives settings within their ranges, or errors with file and line. */
#include "tests/fuzz/fuzz.h"
#include "cli/run/run_settings.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "default_provider: no-openai\ndefault_codex_provider: standard\nopen_models_only: true\navoid_openai: no\nmax_cost_usd: 1.5\n"
    "task_provider_rules: {simple: qwen, medium: auto, complex: openai}\nfallback_order: [huggingface, standard]\n"
    "max_input_tokens: 500\nmax_output_tokens: 7\n",
    "adaptive_router:\n  enabled: true\n  shadow_mode: false\n  canary_share: 0.1\n  min_confidence_delta: 0.15\n"
    "fallback_order:\n  - litellm\n  - litellm\ntask_provider_rules: [simple]\nwrong: 1\nmax_cost_usd: -1\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static const char *nothing(const char *name, void *ctx)
{
    (void)name, (void)ctx;
    return NULL;
}

static void check_settings(const struct run_settings *s)
{
    char source[64];
    struct buf value;
    buf_init(&value, 4096);
    must(s->provider < RUN_PROVIDERS && s->codex_provider < CODEX_PROVIDERS && s->max_cost_usd >= 0);
    must(s->fallback_order.count > 0 && s->fallback_order.count < CODEX_PROVIDERS);
    for (unsigned i = 0; i < s->fallback_order.count; i++)
        must(s->fallback_order.list[i] > CODEX_AUTO && s->fallback_order.list[i] < CODEX_PROVIDERS);
    for (unsigned i = 0; i < TASK_CLASSES; i++)
        must(s->rules[i] < RUN_PROVIDERS);
    must(s->max_input_tokens >= 50 && s->max_output_tokens >= 1);
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        run_settings_value(s, i, &value);
        run_settings_source(s, i, source, sizeof source);
        must(*source);
    }
    must(!value.failed);
    buf_free(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct run_flags FLAGS;
    struct run_settings settings;
    struct buf errors;
    buf_init(&errors, 1u << 22);
    struct yaml_node *root = yaml_parse("p", (struct slice){(const char *)data, size}, &errors);
    if (root) {
        bool read = run_settings_read(&settings, "p", root, nothing, NULL, &FLAGS, &errors);
        must(read == (errors.len == 0));
        must(read || strncmp(buf_text(&errors), "p:", 2) == 0);
        check_settings(&settings);
    }
    yaml_tree_free(root);
    buf_free(&errors);
    return 0;
}
