/* Unit tests of proxy/config: loading, warnings and errors, and their texts. With the argument
 * --reference it prints the key reference for doc/configuration.md instead. */
#include "tests/unit/config_load.h"

#include <limits.h>
#include <math.h>

/* ---- settings ---- */

TEST(a_plain_file_loads)
{
    struct load l;
    load(&l, "model_list:\n"
             "  - model_name: a\n"
             "    litellm_params: {model: openai/gpt-5.5, api_key: os.environ/OPENAI_API_KEY, weight: 7, order: 2,\n"
             "                     rpm: 60, tpm: 1000, timeout: 30, stream_timeout: 1.5}\n"
             "    model_info: {id: mine, input_cost_per_token: 1e-06, output_cost_per_token: 0.000002,\n"
             "                 cache_read_input_token_cost: 1.0e-7, max_input_tokens: 272000}\n"
             "  - model_name: a\n"
             "    litellm_params: {model: gpt-5.4-mini, use_chat_completions_api: true}\n"
             "router_settings: {num_retries: 4, timeout: 180, cooldown_time: 90, allowed_fails: 1}\n" MASTER);
    assert_buf(&l.warnings, "");
    assert_int_equal(l.config->group_count, 1);
    const struct deployment *d = &l.config->deployments[0], *e = &l.config->deployments[1];
    assert_string_equal(d->id, "mine");
    assert_string_equal(d->upstream_model, "gpt-5.5");
    assert_string_equal(d->api_base, "https://api.openai.com/v1");
    assert_string_equal(d->api_key, "sk-openai-secret");
    assert_int_equal(d->wires, provider_find(SLICE("openai"))->wires);
    assert_int_equal(d->order, 2);
    assert_true(d->weight == 7 && d->rpm == 60 && d->tpm == 1000);
    assert_int_equal(d->timeout_ms, 30000);
    assert_int_equal(d->stream_timeout_ms, 1500);
    assert_true(d->price.input == 1e-6 && d->price.output == 2e-6 && d->price.cached_input == 1e-7);
    assert_int_equal(d->max_input_tokens, 272000);
    assert_int_equal(d->line, 2);
    assert_string_equal(e->id, "a/openai/2");
    assert_int_equal(e->wires, d->wires & ~(unsigned)WIRE_RESPONSES);
    assert_int_equal(e->order, INT_MAX);
    assert_true(e->weight == 1 && isnan(e->price.input) && e->rpm == 0);
    assert_int_equal(e->timeout_ms, 180000);
    assert_int_equal(e->stream_timeout_ms, 180000);
    assert_ptr_equal(d->api_key, e->api_key);
    assert_int_equal(l.config->num_retries, 4);
    assert_int_equal(l.config->cooldown_ms, 90000);
    assert_int_equal(l.config->allowed_fails, 1);
    assert_string_equal(l.config->master_key, "sk-local-master");
    load_end(&l);
}

TEST(settings_have_defaults_and_two_sections)
{
    static const char LIST[] = "model_list: [{model_name: a, litellm_params: {model: gpt-5.5}}]\n";
    char text[512];
    struct load l;
    load(&l, LIST);
    assert_int_equal(l.config->num_retries, 2);
    assert_int_equal(l.config->timeout_ms, 600000);
    assert_int_equal(l.config->stream_timeout_ms, 600000);
    assert_int_equal(l.config->cooldown_ms, 5000);
    assert_int_equal(l.config->allowed_fails, 3);
    load_end(&l);
    snprintf(text, sizeof text, "%slitellm_settings: {num_retries: 5, request_timeout: 60}\nrouter_settings:\n", LIST);
    load(&l, text);
    assert_int_equal(l.config->num_retries, 5);
    assert_int_equal(l.config->timeout_ms, 60000);
    load_end(&l);
    snprintf(text, sizeof text,
             "%srouter_settings: {num_retries: 1, stream_timeout: 9}\nlitellm_settings: {num_retries: 5}\n", LIST);
    load(&l, text);
    assert_int_equal(l.config->num_retries, 1);
    assert_int_equal(l.config->stream_timeout_ms, 9000);
    load_end(&l);
}

#define UNSUPPORTED                                                                     \
    "the provider \"bedrock\" is not supported; for an OpenAI-compatible server write " \
    "\"openai/anthropic.claude\" and set api_base"

TEST(missing_variables_make_deployments_not_ready)
{
    const char *const env[] = {"LITELLM_API_KEY=m", "BAD_KEY=has a blank", "EMPTY_KEY=", NULL};
    struct load l;
    load_env(&l,
             "model_list:\n"
             "  - {model_name: a, litellm_params: {model: openai/x}}\n"
             "  - {model_name: b, litellm_params: {model: openai/y}}\n"
             "  - {model_name: c, litellm_params: {model: gemini/x, api_key: os.environ/EMPTY_KEY}}\n"
             "  - {model_name: d, litellm_params: {model: gemini/x, api_key: os.environ/BAD_KEY}}\n"
             "  - {model_name: e, litellm_params: {model: openai/x, api_base: os.environ/BASE}}\n"
             "  - {model_name: f, litellm_params: {model: bedrock/anthropic.claude}}\n"
             "  - model_name: g\n"
             "    litellm_params: {model: ollama/x}\n"
             "    model_info: {requires_env: USE_LOCAL_QWEN}\n",
             env);
    const struct deployment *d = l.config->deployments;
    assert_string_equal(d[0].not_ready, "OPENAI_API_KEY is not set");
    assert_string_equal(d[2].not_ready, "EMPTY_KEY is not set");
    assert_string_equal(d[3].not_ready, "BAD_KEY is not a valid key: use printable ASCII without blanks");
    assert_null(d[3].api_key);
    assert_string_equal(d[4].not_ready, "BASE is not set");
    assert_string_equal(d[5].not_ready, UNSUPPORTED);
    assert_string_equal(d[6].not_ready, "disabled: USE_LOCAL_QWEN is not set");
    assert_buf(&l.warnings,
               "F:2: OPENAI_API_KEY is not set: \"a/openai/1\" and 1 more are not ready\n"
               "F:4: EMPTY_KEY is not set: \"c/gemini/1\" is not ready\n"
               "F:5: BAD_KEY is not a valid key: use printable ASCII without blanks: \"d/gemini/1\" is not ready\n"
               "F:6: BASE is not set: \"e/openai/1\" is not ready\n"
               "F:7: " UNSUPPORTED ": \"f/bedrock/1\" is not ready\n");
    load_end(&l);
    const char *const on[] = {"LITELLM_API_KEY=m", "USE_LOCAL_QWEN=1", NULL};
    load_env(&l,
             "model_list: [{model_name: g, litellm_params: {model: ollama/x}, model_info: {requires_env: "
             "USE_LOCAL_QWEN}}]\n",
             on);
    assert_null(l.config->deployments[0].not_ready);
    load_end(&l);
}

TEST(the_master_keys_sources_have_an_order)
{
    static const char FILE_KEY[] = "model_list: [{model_name: a, litellm_params: {model: ollama/x}}]\n"
                                   "general_settings: {master_key: sk-from-file}\n";
    static const char VARIABLE[] = "model_list: [{model_name: a, litellm_params: {model: ollama/x}}]\n"
                                   "general_settings: {master_key: os.environ/MINE}\n";
    const char *const both[] = {"LITELLM_MASTER_KEY=second", "LITELLM_API_KEY=first", NULL};
    const char *const second[] = {"LITELLM_MASTER_KEY=second", "LITELLM_API_KEY=", NULL};
    const char *const own[] = {"MINE=sk-mine", NULL};
    const char *const bad[] = {"LITELLM_API_KEY=a\nb", NULL};
    struct load l;
    load_env(&l, FILE_KEY, both);
    assert_string_equal(l.config->master_key, "first");
    load_end(&l);
    load_env(&l, FILE_KEY, second);
    assert_string_equal(l.config->master_key, "second");
    load_end(&l);
    load_env(&l, FILE_KEY, NOTHING_SET);
    assert_string_equal(l.config->master_key, "sk-from-file");
    assert_buf(&l.warnings,
               "F:2: general_settings.master_key: keys in files get copied and shared; use os.environ/NAME\n");
    load_end(&l);
    load_env(&l, VARIABLE, own);
    assert_string_equal(l.config->master_key, "sk-mine");
    assert_buf(&l.warnings, "");
    load_end(&l);
    refused_env(
        VARIABLE, NOTHING_SET, false,
        "F:2: no master key: set LITELLM_API_KEY (or LITELLM_MASTER_KEY, or general_settings.master_key); MINE is not "
        "set");
    refused_env("model_list: [{model_name: a, litellm_params: {model: ollama/x}}]\n", NOTHING_SET, false,
                "F: no master key: set LITELLM_API_KEY (or LITELLM_MASTER_KEY, or general_settings.master_key)");
    refused_env(FILE_KEY, bad, false, "F: invalid master key: use printable ASCII without blanks");
}

/* ---- groups ---- */

static const char *fallback_names(const struct config *c, const char *alias)
{
    static char text[256];
    const struct model_group *g = config_group(c, slice_of(alias));
    assert_non_null(g);
    text[0] = '\0';
    for (unsigned i = 0; i < g->fallback_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", g->fallbacks[i]->alias);
    return text;
}

#define FOUR_GROUPS                                                   \
    "model_list:\n"                                                   \
    "  - {model_name: a, litellm_params: {model: ollama/x}}\n"        \
    "  - {model_name: b, litellm_params: {model: ollama/x}}\n"        \
    "  - {model_name: c, litellm_params: {model: ollama/x}}\n"        \
    "  - {model_name: p-direct, litellm_params: {model: ollama/x}}\n" \
    "  - {model_name: a, litellm_params: {model: ollama/y}}\n"

TEST(entries_with_one_name_form_a_group)
{
    struct load l;
    load(&l, FOUR_GROUPS);
    assert_int_equal(l.config->group_count, 4);
    assert_string_equal(l.config->groups[0].alias, "a");
    assert_int_equal(l.config->groups[0].count, 2);
    assert_string_equal(l.config->groups[0].deployments[1]->id, "a/ollama/2");
    assert_int_equal(l.config->groups[0].deployments[1]->index, 4);
    assert_null(config_group(l.config, SLICE("nope")));
    assert_null(config_group(l.config, SLICE("")));
    assert_false(config_group(l.config, SLICE("a"))->strict);
    assert_true(config_group(l.config, SLICE("p-direct"))->strict);
    load_end(&l);
}

TEST(fallbacks_come_from_both_sections_and_defaults)
{
    struct load l;
    load(&l, FOUR_GROUPS "router_settings: {fallbacks: [{a: [b, a, b, c]}]}\n"
                         "litellm_settings: {fallbacks: [{a: [c]}, {b: [c]}], default_fallbacks: [a]}\n");
    assert_string_equal(fallback_names(l.config, "a"), "b c");
    assert_string_equal(fallback_names(l.config, "b"), "c");
    assert_string_equal(fallback_names(l.config, "c"), "a");
    assert_string_equal(fallback_names(l.config, "p-direct"), "");
    assert_buf(&l.warnings, "");
    load_end(&l);
    load(&l, FOUR_GROUPS "litellm_settings: {fallbacks: [{'*': [c]}, {b: []}]}\n");
    assert_string_equal(fallback_names(l.config, "a"), "c");
    assert_string_equal(fallback_names(l.config, "b"), "");
    load_end(&l);
}

TEST(fallbacks_to_missing_groups_are_errors)
{
    refused(FOUR_GROUPS "router_settings:\n  fallbacks:\n    - a: [b, nowhere]\n    - b: [3]\n    - c: b\n    - x\n"
                        "  default_fallbacks: [gone]\n",
            "F:9: router_settings.fallbacks: there is no model_name \"nowhere\" to fall back to\n"
            "F:10: router_settings.fallbacks: expected text, found the number 3; put it in quotes\n"
            "F:11: router_settings.fallbacks: expected a list of model_names, [one, two]\n"
            "F:12: router_settings.fallbacks: expected \"- alias: [other, …]\"\n"
            "F:13: router_settings.default_fallbacks: there is no model_name \"gone\" to fall back to");
    warns(FOUR_GROUPS "router_settings:\n  fallbacks: [{x: [b]}, {p-direct: [a]}]\n",
          "F:8: router_settings.fallbacks: there is no model_name \"x\"\n"
          "F:8: router_settings.fallbacks: \"p-direct\" is strict and has no fallback\n");
}

TEST(strict_groups_have_one_deployment)
{
    struct load l;
    load(&l, "model_list:\n"
             "  - {model_name: probe, litellm_params: {model: ollama/x}, model_info: {strict: true}}\n"
             "  - {model_name: two-direct, litellm_params: {model: ollama/x}}\n"
             "  - {model_name: two-direct, litellm_params: {model: ollama/x}}\n");
    assert_true(config_group(l.config, SLICE("probe"))->strict);
    assert_false(config_group(l.config, SLICE("two-direct"))->strict);
    load_end(&l);
    refused("model_list:\n"
            "  - {model_name: p, litellm_params: {model: ollama/x}, model_info: {strict: true}}\n"
            "  - {model_name: p, litellm_params: {model: ollama/x}}\n",
            "F:3: model_info.strict: \"p\" has 2 deployments; a strict group has one");
}

TEST(groups_may_have_other_names)
{
    struct load l;
    load(&l, FOUR_GROUPS "router_settings:\n  model_group_alias: {gpt-5.5: a, other: {model: b, hidden: true}, c: a}\n"
                         "  fallbacks: [{a: [gpt-5.5, c]}]\n  default_fallbacks: [c]\n");
    const struct model_group *g = config_group(l.config, SLICE("gpt-5.5"));
    assert_int_equal(g->count, 2);
    assert_ptr_equal(g->deployments[0], &l.config->deployments[0]);
    assert_int_equal(config_group(l.config, SLICE("other"))->count, 1);
    assert_string_equal(fallback_names(l.config, "gpt-5.5"), "gpt-5.5 c");
    assert_string_equal(fallback_names(l.config, "other"), "c");
    assert_buf(&l.warnings, "F:8: router_settings.model_group_alias: \"c\" is already a model_name; ignored\n");
    load_end(&l);
    refused(FOUR_GROUPS "router_settings: {model_group_alias: {x: nowhere, y: {hidden: true}}}\n",
            "F:7: router_settings.model_group_alias: there is no model_name \"nowhere\"\n"
            "F:7: router_settings.model_group_alias: expected text, found a mapping");
}

TEST(echo_is_for_demo_mode_only)
{
    struct load l;
    static const char TEXT[] = "model_list: [{model_name: x, litellm_params: {model: echo/y}}]\n";
    load_start(&l, SLICE("model_list: []\n"), USUAL, true);
    assert_non_null(l.config);
    const struct model_group *g = config_group(l.config, SLICE("codex-echo"));
    assert_non_null(g);
    assert_int_equal(g->deployments[0]->provider->kind, PROVIDER_ECHO);
    assert_null(g->deployments[0]->api_base);
    assert_null(g->deployments[0]->not_ready);
    assert_string_equal(g->deployments[0]->id, "codex-echo/echo/1");
    load_end(&l);
    refused(TEXT, "F:1: litellm_params.model: \"echo/y\" is available only in demo mode");
    refused("model_list: []\n", "F: model_list is missing or empty: nothing to serve");
    refused("router_settings: {}\n", "F: model_list is missing or empty: nothing to serve");
}

/* ---- errors ---- */

TEST(all_wrong_types_are_reported)
{
    refused("model_list:\n"
            "  - model_name: 5\n"
            "    litellm_params: {model: [x], weight: heavy, order: 1.5, rpm: -1}\n"
            "  - model_name: b\n"
            "    litellm_params: {model: yes, use_chat_completions_api: 1, api_key: 12345678, timeout: nan}\n"
            "    model_info: nothing\n"
            "  - model_name: c\n"
            "  - litellm_params: {model: gpt-5.5}\n"
            "  - x\n"
            "router_settings: {num_retries: many, fallbacks: {a: b}, cooldown_time: 1e9}\n"
            "general_settings: [1]\n",
            "F:11: general_settings: expected a mapping, found a list\n"
            "F:10: router_settings.num_retries: expected a whole number from 0 to 100, found the text \"many\"\n"
            "F:10: router_settings.fallbacks: expected a list, found a mapping\n"
            "F:10: router_settings.cooldown_time: expected seconds from 0 to 86400, found the number 1e9\n"
            "F:2: model_list[].model_name: expected text, found the number 5; put it in quotes\n"
            "F:3: litellm_params.model: expected text, found a list\n"
            "F:3: litellm_params.weight: expected a number from 0 to 1000000000, found the text \"heavy\"\n"
            "F:3: litellm_params.order: expected a whole number from -1000000 to 1000000, found the number 1.5\n"
            "F:3: litellm_params.rpm: expected a whole number from 0, found the number -1\n"
            "F:2: model_list: entry without model_name\n"
            "F:6: model_list[].model_info: expected a mapping, found the text \"nothing\"\n"
            "F:5: litellm_params.model: expected text, found yes; put it in quotes\n"
            "F:5: litellm_params.use_chat_completions_api: expected true or false, found the number 1\n"
            "F:5: litellm_params.api_key: expected text, found a number; put it in quotes\n"
            "F:5: litellm_params.timeout: expected seconds from 0 to 86400, found the text \"nan\"\n"
            "F:4: litellm_params.model is missing\n"
            "F:7: litellm_params.model is missing\n"
            "F:8: model_list: entry without model_name\n"
            "F:9: model_list: expected entries with model_name and litellm_params");
}

TEST(yaml_errors_name_the_line)
{
    refused("model_list: []\nmodel_list: []\n", "F:2: duplicate key \"model_list\", first on line 1");
    refused("- a\n", "F:1: expected a mapping with model_list and other sections");
    refused("", "F:1: the file is empty");
}

TEST(models_and_bases_are_checked)
{
    refused("model_list:\n"
            "  - {model_name: c, litellm_params: {model: openai/}}\n"
            "  - {model_name: e, litellm_params: {model: x, api_base: 'ftp://h/v1'}}\n"
            "  - {model_name: f, litellm_params: {model: x, api_base: 'https://user:pw@h/v1'}}\n"
            "  - {model_name: g, litellm_params: {model: x, api_base: 'https:///v1'}}\n"
            "  - {model_name: h, litellm_params: {model: x, api_base: 'http://h:port/'}}\n"
            "  - {model_name: i, litellm_params: {model: x, api_base: 'http://h/a b'}}\n"
            "  - {model_name: j, litellm_params: {model: x, api_base: os.environ/}}\n"
            "  - {model_name: \"k\\n\", litellm_params: {model: x}}\n"
            "  - {model_name: l, litellm_params: {model: x, api_base: \"http://h/\\x01\"}}\n"
            "  - {model_name: m, litellm_params: {model: x, api_base: 'http://[::1'}}\n",
            "F:2: litellm_params.model: no model name in \"openai/\"\n"
            "F:3: litellm_params.api_base: expected " URL_FORM "\n"
            "F:4: litellm_params.api_base: expected " URL_FORM "\n"
            "F:5: litellm_params.api_base: expected " URL_FORM "\n"
            "F:6: litellm_params.api_base: expected " URL_FORM "\n"
            "F:7: litellm_params.api_base: expected " URL_FORM "\n"
            "F:8: litellm_params.api_base: missing variable name after \"os.environ/\"\n"
            "F:9: model_list[].model_name: contains control characters or exceeds 4096 bytes\n"
            "F:9: model_list: entry without model_name\n"
            "F:10: litellm_params.api_base: contains control characters or exceeds 4096 bytes\n"
            "F:11: litellm_params.api_base: expected " URL_FORM);
}

/* ---- LiteLLM's own files ---- */

TEST(unknown_and_unsupported_keys_warn)
{
    warns(
        "model_list:\n"
        "  - model_name: a\n"
        "    litellm_params: {model: ollama/x, temperature: 0.2, colour: blue, drop_params: true}\n"
        "    model_info: {supports_vision: true, mode: chat, mood: good}\n"
        "    extra: 1\n"
        "litellm_settings: {set_verbose: True, drop_params: true, callbacks: [prometheus], cache: false, success_callback: }\n"
        "router_settings: {routing_strategy: least-busy, redis_host: h}\n"
        "general_settings: {database_url: 'postgresql://u:pw@h/d', background_health_checks: true}\n"
        "environment_variables: {A: b}\n"
        "nonsense: 1\n",
        "F:9: environment_variables: has no effect here: only the process's environment is used\n"
        "F:10: nonsense: unknown key, ignored\n"
        "F:6: litellm_settings.callbacks: has no effect here: callbacks are not supported; the request log has one line per "
        "request\n"
        "F:7: router_settings.redis_host: has no effect here: state is in memory\n"
        "F:7: router_settings.routing_strategy: \"least-busy\" is not supported: using expected-cost: first what is "
        "expected to cost least, in money, time, quality and failures\n"
        "F:8: general_settings.database_url: has no effect: for virtual keys, name a file: "
        "key_store: /var/lib/pointsman/keys.db\n"
        "F:5: model_list[].extra: unknown key, ignored\n"
        "F:3: litellm_params.temperature: has no effect here: requests are sent as the client wrote them\n"
        "F:3: litellm_params.colour: unknown key, ignored\n"
        "F:4: model_info.mood: unknown key, ignored\n");
}

TEST(common_deviations_are_accepted)
{
    const char *const env[] = {"LITELLM_API_KEY=m", "LIMIT=7", NULL};
    struct load l;
    load_env(&l,
             "defaults: &d {model: ollama/x, rpm: 5}\n"
             "model_list:\n"
             "  - model_name: \"a*b*\"\n"
             "    litellm_params: {model: \"*\"}\n"
             "  - model_name: a\n"
             "    litellm_params: {<<: *d, tpm: \"9\", rpm: os.environ/LIMIT, timeout: os.environ/UNSET}\n"
             "    model_info: {id: 17}\n"
             "  - {model_name: b, litellm_params: {model: ollama/x}, model_info: {id: \"17\"}}\n"
             "  - model_name: c\n"
             "    litellm_params: {model: ollama/x, input_cost_per_token: 0.5, output_cost_per_token: 0.25}\n"
             "    model_info: {input_cost_per_token: 0}\n",
             env);
    const struct deployment *d = l.config->deployments;
    assert_int_equal(l.config->group_count, 3);
    assert_true(d[0].rpm == 7 && d[0].tpm == 9);
    assert_string_equal(d[0].id, "17");
    assert_int_equal(d[0].timeout_ms, 600000);
    assert_true(d[2].price.input == 0 && d[2].price.output == 0.25 && deployment_price(&d[2], 0).cached_input == 0);
    assert_buf(&l.warnings, "F:1: defaults: unknown key, ignored\n"
                            "F:3: model_name: \"a*b*\": more than one \"*\"; entry ignored\n"
                            "F:6: litellm_params.tpm: a number in quotes is text; remove the quotes\n"
                            "F:6: litellm_params.timeout: UNSET is not set; using the default\n"
                            "F:8: model_info.id: duplicate id \"17\": also on line 5\n");
    load_end(&l);
}

/* ---- descriptions and documents ---- */

TEST(a_configuration_can_be_described)
{
    struct load l;
    load(&l, "model_list:\n"
             "  - {model_name: a, litellm_params: {model: gemini/x, order: 1, weight: 2.5}}\n"
             "  - {model_name: b-direct, litellm_params: {model: gpt-5.5}}\n"
             "router_settings: {fallbacks: [{a: [b-direct]}], stream_timeout: 0.5}\n");
    struct buf text, expected;
    buf_init(&text, 64u << 10);
    buf_init(&expected, 4096);
    assert_true(config_describe(l.config, &text));
    buf_add_format(
        &expected,
        "%s: 2 aliases, 2 deployments\n"
        "num_retries 2, timeout 600 s, stream_timeout 0.5 s, cooldown_time 5 s, allowed_fails 3\n"
        "routing_strategy simple-shuffle, risk_router_strategy expected-cost\n"
        "\na\n"
        "  a/gemini/1: gemini/x at https://generativelanguage.googleapis.com/v1beta/openai, order 1, weight 2.5, "
        "chat completions only\n"
        "    not ready: GEMINI_API_KEY is not set\n"
        "  fallbacks: b-direct\n"
        "\nb-direct (strict: no fallback)\n"
        "  b-direct/openai/1: gpt-5.5 at https://api.openai.com/v1\n",
        l.config->path);
    assert_buf(&text, buf_text(&expected));
    buf_free(&text);
    buf_free(&expected);
    load_end(&l);
}

TEST(the_documentation_contains_the_reference)
{
    struct buf page, reference;
    buf_init(&page, 2u << 20);
    buf_init(&reference, 1u << 20);
    read_source("doc/configuration.md", &page);
    assert_true(config_reference(&reference));
    if (!strstr(buf_text(&page), buf_text(&reference)))
        fail_msg(
            "the keys in doc/configuration.md are not those of proxy/config/keys.c and model_keys.c: run tools/reference");
    buf_free(&page);
    buf_free(&reference);
}

TEST(the_shipped_file_is_complete)
{
    static const char *const ALIASES[] = {
        "codex-light",   "codex-default",   "codex-long",          "codex-deep",        "codex-cheap",
        "codex-strong",  "codex-no-openai", "codex-hf-cheap",      "codex-hf-fast",     "codex-qwen-local",
        "codex-chatgpt", "codex-agent",     "gemini-flash-direct", "gemini-pro-direct",
    };
    const char *const env[] = {"LITELLM_API_KEY=m",
                               "OPENAI_API_KEY=o",
                               "GEMINI_API_KEY=g",
                               "HF_TOKEN=h",
                               "USE_LOCAL_QWEN=1",
                               "USE_CHATGPT_LOGIN=1",
                               "HOME=/h",
                               "LITELLM_ENABLE_CODEX_AGENT=1",
                               "CODEX_AGENT_API_BASE=http://127.0.0.1:8788",
                               NULL};
    struct load l;
    load_shipped(&l, env);
    assert_buf(&l.warnings, "");
    for (size_t i = 0; i < COUNT_OF(ALIASES); i++) {
        const struct model_group *g = config_group(l.config, slice_of(ALIASES[i]));
        assert_non_null(g);
        assert_int_equal(g->strict, strstr(ALIASES[i], "-direct") != NULL);
        if (i < 6)
            assert_string_equal(g->fallbacks[g->fallback_count - 1]->alias, "codex-qwen-local");
    }
    for (unsigned i = 0; i < l.config->deployment_count; i++)
        assert_null(l.config->deployments[i].not_ready);

    const struct model_group *g = config_group(l.config, SLICE("codex-no-openai"));
    for (unsigned i = 0; i < g->count; i++)
        assert_string_equal(g->deployments[i]->provider->prefix, i + 1 < g->count ? "gemini" : "ollama");
    assert_true(g->deployments[0]->order == 1 && g->deployments[1]->order == 1 && g->deployments[2]->order == 2);
    assert_int_equal(g->fallback_count, 0);
    assert_string_equal(config_group(l.config, SLICE("codex-hf-cheap"))->deployments[0]->upstream_model,
                        "openai/gpt-oss-120b:groq");
    assert_string_equal(config_group(l.config, SLICE("codex-hf-fast"))->deployments[0]->upstream_model,
                        "openai/gpt-oss-120b:together");
    const struct deployment *qwen = config_group(l.config, SLICE("codex-qwen-local"))->deployments[0];
    assert_string_equal(qwen->upstream_model, "qwen2.5-coder:3b");
    assert_string_equal(qwen->api_base, "http://127.0.0.1:11434/v1");
    const struct deployment *codex = config_group(l.config, SLICE("codex-default"))->deployments[0];
    assert_true(codex->price.input == 5e-6 && codex->tier_count == 1 && codex->tiers[0].above == 272000);
    load_end(&l);
}

/* Without its variable, each deployment names it. Deployments that are disabled on purpose cause no warning. */
TEST(the_shipped_file_names_its_variables)
{
    static const struct {
        const char *alias, *not_ready;
    } rows[] = {
        {"codex-qwen-local", "disabled: USE_LOCAL_QWEN is not set"},
        {"codex-chatgpt", "disabled: USE_CHATGPT_LOGIN is not set"},
        {"codex-agent", "disabled: set LITELLM_ENABLE_CODEX_AGENT=1"},
    };
    const char *const env[] = {"LITELLM_API_KEY=m", "OPENAI_API_KEY=o", "GEMINI_API_KEY=g", "HF_TOKEN=h", NULL};
    struct load l;
    load_shipped(&l, env);
    assert_buf(&l.warnings, "");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(config_group(l.config, slice_of(rows[i].alias))->deployments[0]->not_ready,
                            rows[i].not_ready);
    const struct deployment *login = config_group(l.config, SLICE("codex-chatgpt"))->deployments[0];
    assert_true(login->price.input > 0 && login->price.output > 0 && login->max_input_tokens == 272000);
    load_end(&l);
}

/* Any bytes give a configuration or a message: a rich file, truncated at each byte, and with each byte replaced. */
TEST(arbitrary_bytes_never_crash_the_load)
{
    static const char RICH[] = FOUR_GROUPS
        "router_settings: {num_retries: 1, fallbacks: [{a: [b]}], model_group_alias: {x: a}, default_fallbacks: [c]}\n"
        "general_settings: {master_key: 'k'}\n";
    char text[sizeof RICH];
    for (size_t i = 0; i < sizeof RICH; i++) {
        for (int c = -1; c < 128; c += 16) {
            memcpy(text, RICH, sizeof RICH);
            text[i] = (char)c;
            struct load l;
            load_start(&l, (struct slice){text, c < 0 ? i : sizeof RICH - 1}, NOTHING_SET, c % 3 == 0);
            assert_true((l.config != NULL) == (l.error.len == 0));
            load_end(&l);
        }
    }
}

static int print_reference(void)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    bool printed = config_reference(&text) && fwrite(text.data, 1, text.len, stdout) == text.len;
    buf_free(&text);
    return printed ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--reference") == 0)
        return print_reference();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_file_loads),
        cmocka_unit_test(settings_have_defaults_and_two_sections),
        cmocka_unit_test(missing_variables_make_deployments_not_ready),
        cmocka_unit_test(the_master_keys_sources_have_an_order),
        cmocka_unit_test(entries_with_one_name_form_a_group),
        cmocka_unit_test(fallbacks_come_from_both_sections_and_defaults),
        cmocka_unit_test(fallbacks_to_missing_groups_are_errors),
        cmocka_unit_test(strict_groups_have_one_deployment),
        cmocka_unit_test(groups_may_have_other_names),
        cmocka_unit_test(echo_is_for_demo_mode_only),
        cmocka_unit_test(all_wrong_types_are_reported),
        cmocka_unit_test(yaml_errors_name_the_line),
        cmocka_unit_test(models_and_bases_are_checked),
        cmocka_unit_test(unknown_and_unsupported_keys_warn),
        cmocka_unit_test(common_deviations_are_accepted),
        cmocka_unit_test(a_configuration_can_be_described),
        cmocka_unit_test(the_documentation_contains_the_reference),
        cmocka_unit_test(the_shipped_file_is_complete),
        cmocka_unit_test(the_shipped_file_names_its_variables),
        cmocka_unit_test(arbitrary_bytes_never_crash_the_load),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
