/* Unit tests of proxy/config: entries of model_list that can't serve never keep the others from it. */
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

TEST(an_entry_that_can_not_serve_is_not_ready)
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

/* With a base of its own, the whole name is that server's. */
TEST(a_prefix_may_be_a_part_of_the_servers_name)
{
    struct load l;
    load(&l, "model_list:\n  - {model_name: a, litellm_params: {model: org/x, api_base: 'http://127.0.0.1:1/v1'}}\n");
    assert_null(l.config->deployments[0].not_ready);
    assert_string_equal(l.config->deployments[0].upstream_model, "org/x");
    assert_string_equal(l.config->deployments[0].id, "a/openai/1");
    load_end(&l);
}

TEST(a_provider_is_warned_of_once)
{
    warns(GOOD "  - {model_name: a, litellm_params: {model: nobody/one}}\n"
               "  - {model_name: b, litellm_params: {model: nobody/two}}\n"
               "  - {model_name: c, litellm_params: {model: somebody/three}}\n",
          "F:3: the provider \"nobody\" is not known" ADVICE "\"openai/one\" and set api_base: \"a/unknown/1\" and 1 "
          "more are not ready\n"
          "F:5: the provider \"somebody\" is not known" ADVICE "\"openai/three\" and set api_base: \"c/unknown/1\" is "
          "not ready\n");
}

TEST(equal_warnings_are_given_once)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_that_can_not_serve_is_not_ready),
        cmocka_unit_test(a_prefix_may_be_a_part_of_the_servers_name),
        cmocka_unit_test(a_provider_is_warned_of_once),
        cmocka_unit_test(equal_warnings_are_given_once),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
