/* Unit tests of proxy/config: unusable entries of model_list do not affect the others. */
#include "tests/unit/config_load.h"

#define GOOD "model_list:\n  - {model_name: good, litellm_params: {model: openai/gpt-5.5}}\n"
#define ADVICE "; for an OpenAI-compatible server write "

static void reason_is(const char *params, const char *reason)
{
    struct load l;
    char text[1024];
    snprintf(text, sizeof text, GOOD "  - {model_name: other, litellm_params: {%s}}\n", params);
    load(&l, text);
    assert_int_equal(l.config->group_count, 2);
    assert_null(l.config->deployments[0].not_ready);
    assert_string_equal(l.config->deployments[1].not_ready, reason);
    assert_non_null(strstr(buf_text(&l.warnings), reason));
    load_end(&l);
}

TEST(an_unusable_entry_is_not_ready)
{
    reason_is("model: nobody/glm-5, api_key: os.environ/OPENAI_API_KEY",
              "the provider \"nobody\" is not known" ADVICE "\"openai/glm-5\" and set api_base");
    reason_is("model: nobody/@cf/meta/llama",
              "the provider \"nobody\" is not known" ADVICE "\"openai/@cf/meta/llama\" and set api_base");
    reason_is("model: cloudflare/@cf/meta/llama",
              "the provider \"cloudflare\" is not supported" ADVICE "\"openai/@cf/meta/llama\" and set api_base");
    reason_is("model: OpenAI/x", "the provider \"OpenAI\" is not known" ADVICE "\"openai/x\" and set api_base");
    reason_is("model: hosted_vllm/x", "litellm_params.api_base is missing: \"hosted_vllm/\" has no default server");
    reason_is("model: os.environ/MODEL", "MODEL is not set");
    reason_is("model: 'nobody/x', api_base: os.environ/BASE", "BASE is not set");
}

/* With an api_base, the whole name is the server's model name. */
TEST(a_prefix_may_belong_to_the_servers_model_name)
{
    struct load l;
    load(&l, "model_list:\n  - {model_name: a, litellm_params: {model: org/x, api_base: 'http://127.0.0.1:1/v1'}}\n");
    assert_null(l.config->deployments[0].not_ready);
    assert_string_equal(l.config->deployments[0].upstream_model, "org/x");
    assert_string_equal(l.config->deployments[0].id, "a/openai/1");
    load_end(&l);
}

TEST(one_warning_per_unknown_provider)
{
    warns(GOOD "  - {model_name: a, litellm_params: {model: nobody/one}}\n"
               "  - {model_name: b, litellm_params: {model: nobody/two}}\n"
               "  - {model_name: c, litellm_params: {model: somebody/three}}\n",
          "F:3: the provider \"nobody\" is not known" ADVICE "\"openai/one\" and set api_base: \"a/unknown/1\" and 1 "
          "more are not ready\n"
          "F:5: the provider \"somebody\" is not known" ADVICE "\"openai/three\" and set api_base: \"c/unknown/1\" is "
          "not ready\n");
}

TEST(equal_warnings_are_reported_once)
{
    struct buf text;
    buf_init(&text, 64u << 10);
    BUF_ADD(&text, "model_list:\n");
    for (unsigned i = 0; i < 306; i++)
        buf_add_format(&text,
                       "  - {model_name: m%u, litellm_params: {model: openai/x, mock_reply: 1, api_base: null%s}}\n", i,
                       i == 100 ? ", other: 1" : "");
    warns(buf_text(&text), "F:2: litellm_params.mock_reply: unknown key, ignored (305 more like this)\n"
                           "F:102: litellm_params.other: unknown key, ignored\n");
    buf_free(&text);
}

/* Checks which group serves a name, and the model of its deployment: "group model"; "none". */
static void serves(const struct load *l, const char *name, const char *expected)
{
    struct slice star;
    struct buf model, found;
    const struct model_group *g = config_match(l->config, slice_of(name), &star);
    buf_init(&model, 8192);
    buf_init(&found, 8192);
    if (g)
        buf_add_format(&found, "%s %s", g->alias, config_upstream_model(g->deployments[0], star, &model));
    assert_string_equal(g ? buf_text(&found) : "none", expected);
    buf_free(&found);
    buf_free(&model);
}

#define WILD(name, model) "  - {model_name: '" name "', litellm_params: {model: '" model "', api_key: k}}\n"

TEST(a_wildcard_matches_names_without_an_entry)
{
    struct load l;
    load(&l, "model_list:\n" WILD("openai/*", "openai/*") WILD("*", "groq/*") WILD("gpt-*-mini", "openai/gpt-5-mini")
                 WILD("gpt-*", "openai/gpt-*") WILD("gpt-5.5", "openai/gpt-5.5") WILD("hf/*", "huggingface/*")
                     WILD("all/*", "*") WILD("o/*", "openai/a-*-b"));
    assert_int_equal(l.config->group_count, 8);
    serves(&l, "gpt-5.5", "gpt-5.5 gpt-5.5");
    serves(&l, "openai/gpt-5.5", "openai/* gpt-5.5");
    serves(&l, "gpt-6", "gpt-* gpt-6");
    serves(&l, "gpt-6-mini", "gpt-*-mini gpt-5-mini");
    serves(&l, "llama/3", "* llama/3");
    serves(&l, "hf/groq/openai/gpt-oss-120b", "hf/* openai/gpt-oss-120b:groq");
    serves(&l, "all/org/model", "all/* org/model");
    serves(&l, "all/openai/x", "all/* x");
    serves(&l, "o/x", "o/* a-x-b");
    serves(&l, "openai/", "* openai/"); /* a star matches at least one character */
    serves(&l, "*", "none");
    serves(&l, "openai/*", "none");
    serves(&l, "", "none");
    for (unsigned i = 0; i < l.config->group_count; i++) {
        const struct model_group *g = &l.config->groups[i];
        assert_int_equal(g->wildcard, strchr(g->alias, '*') != NULL);
        assert_ptr_equal(config_group(l.config, slice_of(g->alias)), g);
        assert_null(g->deployments[0]->not_ready);
    }
    load_end(&l);
}

TEST(unusable_wildcards_are_reported)
{
    struct load l;
    load(&l,
         "model_list:\n" WILD("x", "openai/*") WILD("y*", "openai/*-*") WILD("z*", "azure/*") WILD("a*b*", "openai/x"));
    assert_int_equal(l.config->group_count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_non_null(l.config->deployments[i].not_ready);
    assert_non_null(strstr(buf_text(&l.warnings),
                           "F:2: litellm_params.model: \"openai/*\" needs a model_name with a \"*\", and may have one: "
                           "\"x/openai/1\" is not ready\n"));
    assert_non_null(strstr(buf_text(&l.warnings), "F:5: model_name: \"a*b*\": more than one \"*\"; entry ignored\n"));
    load_end(&l);
}

/* LiteLLM accepts such a file. */
TEST(a_wildcard_is_never_a_fallback_or_an_alias)
{
    struct load l;
    load(&l,
         "model_list:\n" WILD("*", "openai/*")
             WILD("a", "openai/a") "router_settings:\n  fallbacks: [{a: [gpt-4o, '*']}, {'*': [a]}]\n \n"
                                   "  model_group_alias: {b: gpt-4o, c: a}\n  model_group_max_cost_usd: {'*': 3}\n");
    const struct model_group *all = config_group(l.config, SLICE("*")), *a = config_group(l.config, SLICE("a"));
    assert_int_equal(a->fallback_count, 0);
    assert_int_equal(all->fallback_count, 1);
    assert_ptr_equal(all->fallbacks[0], a);
    assert_true(all->max_cost_usd == 3);
    assert_non_null(config_group(l.config, SLICE("c")));
    assert_null(config_group(l.config, SLICE("b")));
    static const char *const warned[] = {"fallbacks: \"gpt-4o\" is", "fallbacks: \"*\" is",
                                         "model_group_alias: \"gpt-4o\" is"};
    for (size_t i = 0; i < COUNT_OF(warned); i++)
        assert_non_null(strstr(buf_text(&l.warnings), warned[i]));
    load_end(&l);
    refused("model_list:\n" WILD("x*", "openai/*") WILD("a", "openai/a") MASTER
            "router_settings: {fallbacks: [{a: [gpt-4o]}]}\n",
            "F:5: router_settings.fallbacks: there is no model_name \"gpt-4o\" to fall back to");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unusable_entry_is_not_ready),
        cmocka_unit_test(a_prefix_may_belong_to_the_servers_model_name),
        cmocka_unit_test(one_warning_per_unknown_provider),
        cmocka_unit_test(equal_warnings_are_reported_once),
        cmocka_unit_test(a_wildcard_matches_names_without_an_entry),
        cmocka_unit_test(unusable_wildcards_are_reported),
        cmocka_unit_test(a_wildcard_is_never_a_fallback_or_an_alias),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
