/* Fuzz target: the configuration's loader. Any file gives a complete configuration or errors. */
#include "tests/fuzz/fuzz.h"
#include "common/secret.h"
#include "proxy/config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const fuzz_seeds[] = {
    "model_list:\n"
    "  - model_name: a\n"
    "    litellm_params: &p {model: openai/gpt-5.5, api_key: os.environ/OPENAI_API_KEY, weight: 7, order: 2, timeout: 1.5}\n"
    "    model_info: {id: mine, input_cost_per_token: 1e-06, input_cost_per_token_above_200k_tokens: 2e-06,\n"
    "      tiered_pricing: [{range: [0, 100], input_cost_per_token: 1}], max_input_tokens: 272000, requires_env: ON}\n"
    "  - model_name: b-direct\n"
    "    litellm_params: {<<: *p, model: codex-agent/mini, api_base: 'http://[::1]:8788/'}\n"
    "router_settings: {num_retries: 1, fallbacks: [{a: [b-direct]}], model_group_alias: {x: a}, default_fallbacks: [a]}\n"
    "general_settings: {master_key: os.environ/LITELLM_API_KEY}\n",
    "model_list: [{model_name: c, litellm_params: {model: codex-oauth/x, originator: o, instructions: \"i\\n\"}},\n"
    " {model_name: c, litellm_params: {model: huggingface/groq/a/b, api_key: \"k k\"}}, {model_name: d,\n"
    " litellm_params: {model: ollama/x, api_base: os.environ/BASE}}]\n"
    "router_settings: {error_rules: [{provider: openai, status: 400, words: No, leave_out: temperature, then: next},\n"
    "  {expression: '^a(b|c)*', cooldown: 5, as: quota}],\n"
    " adaptive_router: {enabled: yes, shadow_mode: false, canary_share: .1, max_history: 60, decay: 1}}\n"
    "litellm_settings: {request_timeout: 5, custom_provider_map: [{provider: codex-oauth}], callbacks: [x]}\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static const char *look_up(const char *name, void *ctx)
{
    static const char *const VARIABLES[][2] = {
        {"LITELLM_API_KEY", "m"},
        {"OPENAI_API_KEY", "k"},
        {"CODEX_AGENT_API_KEY", "k"},
        {"HOME", "/h"},
        {"ON", "1"},
        {"LITELLM_ENABLE_CODEX_AGENT", "1"},
        {"CODEX_AGENT_API_BASE", "http://127.0.0.1:8788"},
    };
    (void)ctx;
    for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++)
        if (strcmp(name, VARIABLES[i][0]) == 0)
            return VARIABLES[i][1];
    return NULL;
}

static void on_warning(const char *message, void *ctx)
{
    unsigned *warnings = ctx;
    must(*message);
    ++*warnings;
}

static void check_config(const struct config *c)
{
    struct buf text;
    buf_init(&text, 1u << 24);
    must(c->master_key && c->deployment_count && c->group_count);
    for (unsigned i = 0; i < c->deployment_count; i++) {
        const struct deployment *d = &c->deployments[i];
        must(d->index == i && d->id && d->alias && d->model && d->upstream_model && d->provider);
        must(d->not_ready || d->api_base || d->provider->kind == PROVIDER_ECHO);
        must(config_group(c, slice_of(d->alias)) != NULL);
    }
    for (unsigned i = 0; i < c->group_count; i++)
        must(c->groups[i].count && (!c->groups[i].strict || c->groups[i].count == 1));
    must(config_describe(c, &text));
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    unsigned warnings = 0;
    struct buf error;
    static bool prepared;
    if (!prepared)
        must(secret_init());
    prepared = true;
    int fd = memfd_create("config", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    buf_init(&error, 1u << 24);
    struct config *c = config_load(&(struct config_options){.path = path,
                                                            .env = look_up,
                                                            .demo = size % 2,
                                                            .warn = on_warning,
                                                            .warn_ctx = &warnings},
                                   &error);
    close(fd);
    must((c != NULL) == (error.len == 0));
    if (c) {
        must(c->warnings == warnings);
        check_config(c);
    }
    config_free(c);
    buf_free(&error);
    return 0;
}
