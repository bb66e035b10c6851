/* Unit tests of cli/run: settings and their layers, the configuration's aliases, and the plan. With the argument
 * --reference it prints the keys of the policy for doc/routed-runs.md. */
#include "tests/unit/config_load.h"
#include "cli/exit.h"
#include "cli/run/clean.h"
#include "cli/run/codex_arguments.h"
#include "cli/run/plan.h"

#include <math.h>

static struct buf errors;

static const char *variable(const char *name, void *ctx)
{
    for (const char *const *e = ctx; e && *e; e++)
        if (strncmp(*e, name, strlen(name)) == 0 && (*e)[strlen(name)] == '=')
            return *e + strlen(name) + 1;
    return NULL;
}

static bool read_settings(struct run_settings *s, const char *policy, const char *const *env,
                          const struct run_flags *flags)
{
    static const struct run_flags NONE;
    struct yaml_node *root = NULL;
    buf_clear(&errors);
    if (policy) {
        root = yaml_parse("p.yaml", slice_of(policy), &errors);
        assert_non_null(root);
    }
    bool read = run_settings_read(s, "p.yaml", root, variable, (void *)(uintptr_t)env, flags ? flags : &NONE, &errors);
    yaml_tree_free(root);
    return read;
}

static void policy_refused(const char *policy, const char *message)
{
    struct run_settings s;
    assert_false(read_settings(&s, policy, NULL, NULL));
    assert_string_equal(buf_text(&errors), message);
}

static void from(const struct run_settings *s, enum setting setting, const char *value, const char *source)
{
    struct buf out;
    char text[64];
    buf_init(&out, 256);
    run_settings_value(s, setting, &out);
    run_settings_source(s, setting, text, sizeof text);
    assert_buf(&out, value);
    assert_string_equal(text, source);
    buf_free(&out);
}

TEST(later_layers_override_earlier_ones)
{
    struct run_settings s;
    static const char POLICY[] = "default_provider: qwen\nmax_cost_usd: 0.5\navoid_openai: yes\n";
    static const char *const ENV[] = {"CODEX_ROUTER_PROVIDER=no-openai", "CODEX_ROUTER_OPENAI_MODE=use", NULL};
    assert_true(read_settings(&s, NULL, NULL, NULL));
    from(&s, SETTING_PROVIDER, "auto", "default");
    from(&s, SETTING_FALLBACK_ORDER, "litellm, standard", "default");
    from(&s, SETTING_MAX_INPUT, "12000", "default");
    from(&s, SETTING_ADAPTIVE, "off", "default");
    assert_true(read_settings(&s, POLICY, NULL, NULL));
    from(&s, SETTING_PROVIDER, "qwen", "policy, line 1");
    from(&s, SETTING_AVOID_OPENAI, "true", "policy, line 3");
    assert_true(read_settings(&s, POLICY, ENV, NULL));
    from(&s, SETTING_PROVIDER, "no-openai", "CODEX_ROUTER_PROVIDER");
    from(&s, SETTING_AVOID_OPENAI, "false", "CODEX_ROUTER_OPENAI_MODE");
    from(&s, SETTING_MAX_COST, "0.5", "policy, line 2");
    const struct run_flags flags = {.provider = "openai", .max_cost = "0.25", .max_output = "99"};
    assert_true(read_settings(&s, POLICY, ENV, &flags));
    from(&s, SETTING_PROVIDER, "openai", "--provider");
    from(&s, SETTING_MAX_COST, "0.25", "--max-cost-usd");
    from(&s, SETTING_MAX_OUTPUT, "99", "--max-output-tokens");
}

TEST(every_key_is_read)
{
    struct run_settings s;
    assert_true(
        read_settings(&s,
                      "default_provider: huggingface\ndefault_codex_provider: standard\nopen_models_only: true\n"
                      "avoid_openai: on\nmax_cost_usd: 1.5\ntask_provider_rules: {simple: qwen, complex: openai}\n"
                      "fallback_order: [huggingface, standard]\nadaptive_router: {enabled: true, canary_share: 0.1, "
                      "shadow_mode: false}\nmax_input_tokens: 500\nmax_output_tokens: 7\n",
                      NULL, NULL));
    from(&s, SETTING_PROVIDER, "huggingface", "policy, line 1");
    from(&s, SETTING_CODEX_PROVIDER, "standard", "policy, line 2");
    from(&s, SETTING_OPEN_MODELS_ONLY, "true", "policy, line 3");
    from(&s, SETTING_MAX_COST, "1.5", "policy, line 5");
    from(&s, SETTING_TASK_RULES, "simple: qwen, medium: auto, complex: openai", "policy, line 6");
    from(&s, SETTING_FALLBACK_ORDER, "huggingface, standard", "policy, line 7");
    from(&s, SETTING_ADAPTIVE, "canary", "policy, line 8");
    from(&s, SETTING_MAX_INPUT, "500", "policy, line 9");
    from(&s, SETTING_MAX_OUTPUT, "7", "policy, line 10");
    assert_true(read_settings(&s, "~\n", NULL, NULL));
    assert_true(read_settings(&s, "default_provider:\n", NULL, NULL));
    from(&s, SETTING_PROVIDER, "auto", "default");
}

TEST(proxy_is_another_name_of_litellm)
{
    struct run_settings s;
    static const char *const ENV[] = {"CODEX_ROUTER_CODEX_PROVIDER=proxy", NULL};
    const struct run_flags flags = {.codex_provider = "proxy"};
    assert_true(read_settings(&s, "default_codex_provider: proxy\nfallback_order: [standard, proxy]\n", NULL, NULL));
    from(&s, SETTING_CODEX_PROVIDER, "litellm", "policy, line 1");
    from(&s, SETTING_FALLBACK_ORDER, "standard, litellm", "policy, line 2");
    assert_true(read_settings(&s, NULL, ENV, NULL));
    from(&s, SETTING_CODEX_PROVIDER, "litellm", "CODEX_ROUTER_CODEX_PROVIDER");
    assert_true(read_settings(&s, NULL, NULL, &flags));
    from(&s, SETTING_CODEX_PROVIDER, "litellm", "--codex-provider");
}

TEST(errors_name_the_place_and_the_allowed_values)
{
    policy_refused(
        "a: 1\n", "p.yaml:1: a: unknown key; valid keys: default_provider, default_codex_provider, "
                  "open_models_only, avoid_openai, max_cost_usd, task_provider_rules, fallback_order, adaptive_router, "
                  "max_input_tokens, max_output_tokens");
    policy_refused("\ndefault_provider: gpt\n",
                   "p.yaml:2: default_provider: expected one of auto, openai, qwen, no-openai, "
                   "huggingface, found the text \"gpt\"");
    policy_refused("avoid_openai: maybe\nmax_cost_usd: -1\n",
                   "p.yaml:1: avoid_openai: expected true or false, found the text \"maybe\"\n"
                   "p.yaml:2: max_cost_usd: expected a number from 0 to 1000000, found the number -1");
    policy_refused("fallback_order: standard\n", "p.yaml:1: fallback_order: expected a list of litellm, standard, "
                                                 "huggingface, proxy, found the text \"standard\"");
    policy_refused("fallback_order: [standard, auto]\n",
                   "p.yaml:1: fallback_order[]: expected one of litellm, standard, "
                   "huggingface, proxy, found the text \"auto\"");
    policy_refused("fallback_order:\n  - standard\n  - standard\n",
                   "p.yaml:3: fallback_order: \"standard\" is listed twice");
    policy_refused("fallback_order: [litellm, proxy]\n", "p.yaml:1: fallback_order: \"proxy\" is listed twice");
    policy_refused("fallback_order: []\n", "p.yaml:1: fallback_order: the list is empty");
    policy_refused("task_provider_rules: {hard: openai}\n", "p.yaml:1: task_provider_rules.hard: unknown key; "
                                                            "valid keys: simple, medium, complex");
    policy_refused("task_provider_rules:\n  simple: none\n",
                   "p.yaml:2: task_provider_rules.simple: expected one of auto, "
                   "openai, qwen, no-openai, huggingface, found the text \"none\"");
    policy_refused("task_provider_rules:\n  simple:\n",
                   "p.yaml:2: task_provider_rules: expected one of auto, openai, qwen, no-openai, huggingface, "
                   "found nothing");
    policy_refused("max_input_tokens: 1.5\n",
                   "p.yaml:1: max_input_tokens: expected a whole number from 50 to 10000000, found "
                   "the number 1.5");
    policy_refused("adaptive_router: {enabled: 3}\n",
                   "p.yaml:1: adaptive_router.enabled: expected true or false, found "
                   "the number 3");
    policy_refused("- a\n", "p.yaml:1: expected a mapping, found a list");
}

TEST(invalid_variables_and_options_are_named)
{
    struct run_settings s;
    static const char *const WRONG[] = {"CODEX_ROUTER_PROVIDER=gemini", "CODEX_ROUTER_OPENAI_MODE=never", NULL};
    assert_false(read_settings(&s, NULL, WRONG, &(struct run_flags){.max_cost = "cheap", .max_input = "1"}));
    assert_string_equal(
        buf_text(&errors),
        "CODEX_ROUTER_PROVIDER: expected one of auto, openai, qwen, no-openai, huggingface, found the text \"gemini\"\n"
        "CODEX_ROUTER_OPENAI_MODE: expected one of avoid, off, depleted, quota, no-openai, or use, found "
        "\"never\"\n"
        "--max-cost-usd: expected a number from 0 to 1000000, found the text \"cheap\"\n"
        "--max-input-tokens: expected a whole number from 50 to 10000000, found the number 1");
    static const char *const MODES[] = {"avoid", "off", "depleted", "quota", "no-openai"};
    for (size_t i = 0; i < COUNT_OF(MODES); i++) {
        char text[64];
        snprintf(text, sizeof text, "CODEX_ROUTER_OPENAI_MODE=%s", MODES[i]);
        assert_true(read_settings(&s, NULL, (const char *const[]){text, NULL}, NULL));
        assert_true(s.avoid_openai);
    }
}

TEST(shipped_policy_equals_the_defaults)
{
    struct run_settings s;
    struct buf text;
    buf_init(&text, 1u << 20);
    read_source("conf/codex-routing-policy.yaml", &text);
    assert_true(read_settings(&s, buf_text(&text), NULL, NULL));
    struct run_settings plain;
    assert_true(read_settings(&plain, NULL, NULL, NULL));
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        struct buf a, b;
        buf_init(&a, 256);
        buf_init(&b, 256);
        run_settings_value(&s, i, &a);
        run_settings_value(i == SETTING_TASK_RULES ? &s : &plain, i, &b);
        assert_string_equal(buf_text(&a), buf_text(&b));
        buf_free(&a);
        buf_free(&b);
    }
    assert_int_equal(s.rules[TASK_COMPLEX], RUN_OPENAI);
    buf_free(&text);
}

/* The plan, with the shipped configuration. */
static struct load loaded;
static struct models models;

static int config_enter(void **state)
{
    (void)state;
    static const char *const ENV[] = {"LITELLM_API_KEY=x", "OPENAI_API_KEY=x", "GEMINI_API_KEY=x", "HOME=/h", NULL};
    load_shipped(&loaded, ENV);
    assert_true(models_init(&models, loaded.config));
    return 0;
}

static int config_leave(void **state)
{
    (void)state;
    models_free(&models);
    load_end(&loaded);
    return 0;
}

struct wish {
    const char *prompt, *policy, *provider, *codex, *force, *max_cost;
    bool token, ollama;
};

static int plan_of(const struct wish *w, struct run_plan *plan)
{
    static struct run_settings s;
    static struct classified task;
    const char *prompt = w->prompt ? w->prompt : "Make the button blue";
    struct run_flags flags = {.provider = w->provider, .codex_provider = w->codex, .max_cost = w->max_cost};
    if (!read_settings(&s, w->policy, NULL, &flags))
        fail_msg("%s", buf_text(&errors));
    size_t tokens = estimate_tokens(slice_of(prompt));
    classify(slice_of(prompt), tokens, &task);
    return run_plan_make(&(struct run_facts){.settings = &s,
                                             .task = &task,
                                             .models = &models,
                                             .input_tokens = tokens,
                                             .force_model = w->force,
                                             .hf_token = w->token,
                                             .ollama_up = w->ollama},
                         plan, &errors);
}

/* Checks the plan as "alias: step !blocked_step". */
static void plans(const struct wish *w, const char *expected)
{
    struct run_plan plan;
    struct buf out;
    int code = plan_of(w, &plan);
    buf_init(&out, 1024);
    if (code)
        buf_add_format(&out, "exit %d", code);
    else
        buf_add_format(&out, "%s:", plan.alias);
    for (unsigned i = 0; !code && i < plan.count; i++)
        buf_add_format(&out, " %s%s", *plan.steps[i].blocked ? "!" : "", plan.steps[i].name);
    assert_buf(&out, expected);
    buf_free(&out);
}

#define CASE(expected, ...) plans(&(struct wish){__VA_ARGS__}, expected)

TEST(aliases_follow_class_and_provider)
{
    CASE("codex-light: litellm standard", .prompt = "Fix the typo");
    CASE("codex-default: litellm standard", .prompt = "Make the button blue");
    CASE("codex-deep: litellm standard", .prompt = "Review the architecture");
    CASE("codex-long: litellm standard", .prompt = "Review these logs");
    CASE("codex-light: litellm standard", .prompt = "Fix the typo", .provider = "openai");
    CASE("codex-default: litellm standard", .prompt = "Review these logs", .provider = "openai");
    CASE("codex-no-openai: litellm !standard", .prompt = "Fix the typo", .provider = "no-openai");
    CASE("codex-qwen-local: ollama", .prompt = "Fix the typo", .provider = "qwen");
    CASE("codex-light: litellm standard", .prompt = "Compare open models in the readme",
         .policy = "avoid_openai: no\n");
    CASE("codex-hf-cheap: litellm standard", .prompt = "Compare open models in the readme", .token = true);
    CASE("codex-hf-fast: litellm standard", .prompt = "Make it blue", .provider = "huggingface", .token = true);
    CASE("exit 5", .provider = "huggingface");
    CASE("codex-deep: litellm !standard", .prompt = "Fix the typo", .force = "codex-deep");
}

TEST(small_local_tasks_go_to_ollama_if_it_runs)
{
    static const char PROMPT[] = "Nettoie ce code Python: def f(x): return x+1";
    CASE("codex-default: litellm standard", .prompt = PROMPT);
    CASE("codex-qwen-local: ollama litellm standard", .prompt = PROMPT, .ollama = true);
    CASE("codex-qwen-local: ollama litellm !standard", .prompt = PROMPT, .ollama = true,
         .policy = "avoid_openai: true\n");
    CASE("codex-qwen-local: ollama", .prompt = PROMPT, .policy = "task_provider_rules: {medium: qwen}\n");
}

TEST(chosen_provider_comes_first)
{
    CASE("codex-default: standard litellm", .codex = "standard");
    CASE("codex-default: huggingface litellm standard", .codex = "huggingface", .token = true);
    CASE("codex-default: !huggingface litellm standard", .codex = "huggingface");
    CASE("codex-default: standard litellm huggingface", .token = true,
         .policy = "fallback_order: [standard, litellm, huggingface]\n");
}

TEST(prohibitions_include_fallbacks)
{
    CASE("codex-no-openai: litellm !standard", .policy = "avoid_openai: true\n");
    CASE("hf-direct: litellm !standard", .prompt = "Compare open models", .token = true,
         .policy = "avoid_openai: true\n");
    CASE("hf-direct: litellm !standard huggingface", .token = true,
         .policy = "open_models_only: true\nfallback_order: [litellm, standard, huggingface]\n");
    CASE("codex-qwen-local: ollama litellm !standard", .policy = "open_models_only: true\n");
    CASE("exit 2", .force = "codex-deep", .policy = "avoid_openai: true\n");
    assert_string_equal(buf_text(&errors),
                        "--force-model codex-deep could reach openai/gpt-5.5, but avoid_openai is set");
    CASE("exit 2", .force = "codex-no-openai", .policy = "open_models_only: true\n");
    CASE("exit 2", .provider = "no-openai", .codex = "standard");
    CASE("exit 2", .force = "codex-dep");
    assert_non_null(strstr(buf_text(&errors), "no such alias; the proxy has codex-light, codex-default"));
}

TEST(options_override_prohibitions)
{
    CASE("codex-default: litellm standard", .provider = "openai", .policy = "avoid_openai: true\n");
    CASE("codex-no-openai: litellm !standard", .policy = "avoid_openai: true\ndefault_provider: openai\n");
    CASE("codex-no-openai: litellm !standard", .prompt = "Review the architecture",
         .policy = "avoid_openai: true\ntask_provider_rules: {complex: openai}\n");
    CASE("codex-no-openai: standard litellm", .codex = "standard", .policy = "avoid_openai: true\n");
    CASE("codex-deep: litellm !standard", .prompt = "Fix it", .force = "codex-deep", .provider = "openai",
         .policy = "avoid_openai: true\n");
}

TEST(cost_limit_blocks_steps)
{
    struct run_plan plan;
    /* codex-light: 7 parts 1.5e-6/9e-6, 2 parts .75e-6/4.5e-6; 9900 + 3 tokens in, 2000 out. */
    double expected = (7 * (9903 * 1.5e-6 + 2000 * 9e-6) + 2 * (9903 * .75e-6 + 2000 * 4.5e-6)) / 9;
    assert_int_equal(plan_of(&(struct wish){.prompt = "Fix the typo"}, &plan), 0);
    assert_true(fabs(plan.steps[0].cost_usd - expected) < 1e-12);
    assert_int_equal(plan.priced, 2);
    assert_int_equal(plan.unpriced, 0);
    char below[32], above[32];
    snprintf(below, sizeof below, "%.6f", expected * 0.999);
    snprintf(above, sizeof above, "%.6f", expected * 1.001);
    CASE("codex-light: litellm !standard", .prompt = "Fix the typo", .max_cost = above);
    CASE("codex-light: !litellm !standard", .prompt = "Fix the typo", .max_cost = below);
    CASE("codex-light: litellm standard", .prompt = "Fix the typo", .max_cost = "0");
    CASE("codex-qwen-local: ollama", .provider = "qwen", .max_cost = "0.0001");
    CASE("gemini-pro-direct: !litellm !standard", .force = "gemini-pro-direct", .max_cost = "9");
    assert_int_equal(plan_of(&(struct wish){.prompt = "Make it blue"}, &plan), 0);
    assert_int_equal(plan.unpriced, 1);
    assert_string_equal(plan.unpriced_model, "gemini/gemini-3.5-pro");
    assert_true(fabs(plan.steps[0].cost_usd - (9903 * 5e-6 + 2000 * 3e-5)) < 1e-12);
    assert_true(plan.baseline_usd == plan.steps[0].cost_usd);
}

TEST(running_proxy_reports_what_is_ready)
{
    struct alias_view view;
    models_view(&models, "codex-hf-fast", 0, &view);
    assert_true(view.known && !view.ready);
    models_view(&models, "codex-light", 0, &view);
    assert_true(view.ready && view.may_reach_openai && view.priced == 2);
    assert_false(models_take_health(&models, SLICE("{\"error\":1}")));
    assert_false(models.asked);
    assert_true(models_take_health(&models, SLICE("{\"healthy_endpoints\":[{\"model_id\":\"codex-light/openai/2\"},"
                                                  "{\"model_id\":\"codex-hf-fast/huggingface/1\"}]}")));
    assert_true(models.asked);
    models_view(&models, "codex-light", 0, &view);
    assert_true(view.ready && view.priced == 1 && view.input_cost == 7.5e-7);
    models_view(&models, "codex-default", 0, &view);
    assert_false(view.ready);
    /* A token that only the proxy has is enough. */
    CASE("codex-hf-fast: litellm standard", .provider = "huggingface");
    models_free(&models);
    assert_true(models_init(&models, loaded.config));
}

TEST(without_a_configuration_all_aliases_are_accepted)
{
    struct models known = models;
    assert_true(models_init(&models, NULL));
    CASE("codex-default: litellm standard", .prompt = "Make it blue");
    CASE("my-own: litellm !standard", .force = "my-own");
    CASE("codex-no-openai: litellm !standard", .policy = "avoid_openai: true\n");
    CASE("codex-default: !litellm !standard", .max_cost = "5");
    models_free(&models);
    models = known;
}

TEST(preferred_step_comes_first)
{
    struct run_plan plan;
    struct wish w = {.token = true, .policy = "fallback_order: [litellm, standard, huggingface]\n"};
    assert_int_equal(plan_of(&w, &plan), 0);
    run_plan_prefer(&plan, 2);
    assert_string_equal(plan.steps[0].name, "huggingface");
    assert_string_equal(plan.steps[1].name, "litellm");
    assert_string_equal(plan.steps[2].name, "standard");
    run_plan_prefer(&plan, 0);
    assert_string_equal(plan.steps[0].name, "huggingface");
    snprintf(plan.steps[0].blocked, sizeof plan.steps[0].blocked, "x");
    run_plan_prefer(&plan, 2);
    assert_string_equal(plan.steps[1].name, "standard");
    assert_int_equal(run_plan_first(&plan), 1);
}

static void command_line(const struct codex_way *way, const char *const *expected)
{
    struct codex_arguments a;
    unsigned i = 0;
    assert_true(codex_arguments_begin(&a, way) && codex_arguments_add(&a, "--more") && codex_arguments_end(&a));
    for (; expected[i]; i++)
        assert_string_equal(a.argv[i], expected[i]);
    assert_int_equal(a.count, i);
    assert_null(a.argv[i]);
    codex_arguments_free(&a);
}

TEST(codex_gets_the_provider)
{
    const struct run_step proxy = {.codex = CODEX_LITELLM, .profile = "cost-routing", .model = "codex-light"};
    const struct run_step hf = {.codex = CODEX_HUGGINGFACE, .profile = "cost-routing-hf", .model = "m"};
    const struct run_step own = {.codex = CODEX_STANDARD};
    command_line(&(struct codex_way){.codex = "/c", .step = &own, .profile = true},
                 (const char *const[]){"/c", "exec", "--more", "-", NULL});
    command_line(
        &(struct codex_way){.codex = "/c", .step = &proxy, .base_url = "http://127.0.0.1:1/v1", .key_command = "/\"p"},
        (const char *const[]){
            "/c", "exec", "--config",
            "model_providers.pointsman-run={name=\"pointsman\",wire_api=\"responses\",base_url=\"http://127.0.0.1:1/v1\","
            "env_http_headers={\"x-pointsman-run-id\"=\"POINTSMAN_RUN_ID\"},auth={command=\"/\\\"p\",args=[\"key\"]}}",
            "--config", "model_provider=\"pointsman-run\"", "--model", "codex-light", "--more", "-", NULL});
    command_line(
        &(struct codex_way){.codex = "/c", .step = &proxy, .base_url = "http://h/v1", .profile = true},
        (const char *const[]){
            "/c", "exec", "--profile", "cost-routing", "--config",
            "model_providers.pointsman-run={name=\"pointsman\",wire_api=\"responses\",base_url=\"http://h/v1\","
            "env_http_headers={\"x-pointsman-run-id\"=\"POINTSMAN_RUN_ID\"},env_key=\"LITELLM_API_KEY\","
            "model_catalog_url=\"http://h/v1/models\"}",
            "--config", "model_provider=\"pointsman-run\"", "--model", "codex-light", "--more", "-", NULL});
    command_line(&(struct codex_way){.codex = "/c", .step = &hf},
                 (const char *const[]){"/c", "exec", "--config",
                                       "model_providers.pointsman-run={name=\"pointsman\",wire_api=\"responses\","
                                       "base_url=\"https://router.huggingface.co/v1\",env_key=\"HF_TOKEN\"}",
                                       "--config", "model_provider=\"pointsman-run\"", "--model", "m", "--more", "-",
                                       NULL});
}

TEST(documentation_lists_the_keys)
{
    struct buf page, keys;
    buf_init(&page, 1u << 20);
    buf_init(&keys, 1u << 20);
    read_source("doc/routed-runs.md", &page);
    assert_true(run_settings_reference(&keys));
    if (!strstr(buf_text(&page), buf_text(&keys)))
        fail_msg("doc/routed-runs.md differs from cli/run/run_settings.c: run tools/reference");
    buf_free(&page);
    buf_free(&keys);
}

static int group_start(void **state)
{
    buf_init(&errors, 64u << 10);
    return load_group_start(state);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--reference") == 0) {
        buf_init(&errors, 1u << 20);
        return run_settings_reference(&errors) && puts(buf_text(&errors)) >= 0 ? 0 : 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_layers_override_earlier_ones),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(proxy_is_another_name_of_litellm),
        cmocka_unit_test(errors_name_the_place_and_the_allowed_values),
        cmocka_unit_test(invalid_variables_and_options_are_named),
        cmocka_unit_test(shipped_policy_equals_the_defaults),
        cmocka_unit_test_setup_teardown(aliases_follow_class_and_provider, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(small_local_tasks_go_to_ollama_if_it_runs, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(chosen_provider_comes_first, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(prohibitions_include_fallbacks, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(options_override_prohibitions, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(cost_limit_blocks_steps, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(running_proxy_reports_what_is_ready, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(without_a_configuration_all_aliases_are_accepted, config_enter, config_leave),
        cmocka_unit_test_setup_teardown(preferred_step_comes_first, config_enter, config_leave),
        cmocka_unit_test(codex_gets_the_provider),
        cmocka_unit_test(documentation_lists_the_keys),
    };
    return cmocka_run_group_tests(tests, group_start, NULL);
}
