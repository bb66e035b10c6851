/* Unit tests of proxy/config: LiteLLM's policies by error class, and fallbacks for one kind of failure. */
#include "tests/unit/config_load.h"

#include <math.h>

#define assert_usd(is, expected) assert_true(fabs((is) - (expected)) < 1e-9)

#define GROUPS                                                                 \
    "model_list:\n"                                                            \
    "  - {model_name: a, litellm_params: {model: ollama/x}}\n"                 \
    "  - {model_name: a, litellm_params: {model: ollama/y, num_retries: 5}}\n" \
    "  - {model_name: b, litellm_params: {model: ollama/x}}\n"                 \
    "  - {model_name: c, litellm_params: {model: ollama/x}}\n"                 \
    "  - {model_name: p-direct, litellm_params: {model: ollama/x}}\n"

static const struct model_group *group(const struct load *l, const char *alias)
{
    const struct model_group *g = config_group(l->config, slice_of(alias));
    assert_non_null(g);
    return g;
}

static int times(const struct failure_policy *p, enum failure_kind kind)
{
    return p->of[kind].given ? p->of[kind].times : -1;
}

TEST(error_classes_become_failure_kinds)
{
    struct load l;
    load(&l,
         GROUPS "router_settings:\n"
                "  retry_policy: {AuthenticationErrorRetries: 0, TimeoutErrorRetries: 1, RateLimitErrorRetries: 2,\n"
                "                 BadRequestErrorRetries: 3, ContentPolicyViolationErrorRetries: 4,\n"
                "                 InternalServerErrorRetries: 7}\n"
                "  allowed_fails_policy: {TimeoutErrorAllowedFails: 9, AuthenticationErrorAllowedFails: 0}\n"
                "  disable_cooldowns: true\n");
    const struct config *c = l.config;
    assert_buf(&l.warnings, "");
    assert_int_equal(times(&c->retries, FAILURE_AUTH), 0);
    assert_int_equal(times(&c->retries, FAILURE_TIMEOUT), 1);
    assert_int_equal(times(&c->retries, FAILURE_RATE_LIMIT), 2);
    assert_int_equal(times(&c->retries, FAILURE_BAD_REQUEST), 3);
    assert_int_equal(times(&c->retries, FAILURE_CONTENT_FILTER), 4);
    static const enum failure_kind internal[] = {FAILURE_SERVER, FAILURE_OVERLOADED, FAILURE_CONNECT,  FAILURE_CUT,
                                                 FAILURE_EMPTY,  FAILURE_PROTOCOL,   FAILURE_MALFORMED};
    for (size_t i = 0; i < COUNT_OF(internal); i++)
        assert_int_equal(times(&c->retries, internal[i]), 7);
    assert_int_equal(times(&c->retries, FAILURE_QUOTA), -1);
    assert_int_equal(times(&c->retries, FAILURE_CONTEXT), -1);
    assert_int_equal(times(&c->allowed, FAILURE_TIMEOUT), 9);
    assert_int_equal(times(&c->allowed, FAILURE_AUTH), 0);
    assert_int_equal(times(&c->allowed, FAILURE_SERVER), -1);
    assert_true(c->no_cooldowns);
    assert_int_equal(c->extra_retries, 5); /* 7 after a server error, above the default 2 */
    assert_int_equal(c->deployments[1].num_retries, 5);
    assert_true(c->deployments[0].num_retries < 0);
    load_end(&l);
}

TEST(groups_may_have_their_own_policies)
{
    struct load l;
    load(&l,
         GROUPS "router_settings:\n"
                "  num_retries: 6\n"
                "  model_group_alias: {other: a, third: a}\n"
                "  model_group_retry_policy: {a: {TimeoutErrorRetries: 8}, third: {TimeoutErrorRetries: 1}, x: {}}\n");
    assert_int_equal(times(&group(&l, "a")->retries, FAILURE_TIMEOUT), 8);
    assert_int_equal(times(&group(&l, "other")->retries, FAILURE_TIMEOUT), 8);
    assert_int_equal(times(&group(&l, "third")->retries, FAILURE_TIMEOUT), 1);
    assert_int_equal(times(&group(&l, "b")->retries, FAILURE_TIMEOUT), -1);
    assert_int_equal(l.config->extra_retries, 2);
    assert_buf(&l.warnings, "F:10: router_settings.model_group_retry_policy: there is no model_name \"x\"\n");
    load_end(&l);
}

TEST(policies_are_checked)
{
    refused(GROUPS "router_settings: {retry_policy: 3}\n",
            "F:7: router_settings.retry_policy: expected a mapping, found the number 3");
    refused(GROUPS "router_settings: {model_group_retry_policy: {a: 2}}\n",
            "F:7: router_settings.model_group_retry_policy: expected \"alias: {TimeoutErrorRetries: 1, …}\"");
    refused(
        GROUPS "router_settings:\n  allowed_fails_policy: {TimeoutErrorAllowedFails: some}\n",
        "F:8: router_settings.allowed_fails_policy.TimeoutErrorAllowedFails: expected a whole number from 0 to 1000000, "
        "found the text \"some\"");
    warns(GROUPS "router_settings:\n  retry_policy: {OtherRetries: 1}\n"
                 "  allowed_fails_policy: {BadRequestErrorAllowedFails: 1000}\n  retry_after: 5\n",
          "F:10: router_settings.retry_after: has no effect here: the next deployment is tried without delay\n"
          "F:8: router_settings.retry_policy.OtherRetries: unknown key, ignored\n"
          "F:9: router_settings.allowed_fails_policy.BadRequestErrorAllowedFails: has no effect here: a rejected "
          "request never starts a cooldown\n");
}

/* Checks the prompt fallback's groups, as the aliases of their first deployments: "b c". */
static const char *names(const struct model_group *detour)
{
    static char text[256];
    text[0] = '\0';
    for (unsigned i = 0; detour && i <= detour->fallback_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 i ? detour->fallbacks[i - 1]->alias : detour->deployments[0]->alias);
    return text;
}

TEST(prompt_fallbacks_lead_to_the_named_groups)
{
    struct load l;
    load(&l, GROUPS "router_settings:\n"
                    "  model_group_alias: {other: a}\n"
                    "  context_window_fallbacks: [{a: [b, a, b, c]}, {p-direct: [a]}, {c: []}]\n"
                    "  content_policy_fallbacks: [{'*': [c]}]\n"
                    "litellm_settings:\n  context_window_fallbacks: [{a: [c]}, {b: [c]}]\n");
    assert_string_equal(names(group(&l, "a")->on_context), "b c");
    assert_string_equal(group(&l, "a")->on_context->alias, "a");
    assert_string_equal(names(group(&l, "other")->on_context), "b c");
    assert_string_equal(names(group(&l, "b")->on_context), "c");
    assert_null(group(&l, "c")->on_context);
    assert_null(group(&l, "p-direct")->on_context);
    assert_string_equal(names(group(&l, "a")->on_content_filter), "c");
    assert_null(group(&l, "c")->on_content_filter);
    assert_null(group(&l, "p-direct")->on_content_filter);
    assert_int_equal(group(&l, "a")->fallback_count, 0);
    assert_buf(&l.warnings,
               "F:9: router_settings.context_window_fallbacks: \"p-direct\" is strict and has no fallback\n");
    load_end(&l);
    refused(GROUPS "router_settings: {context_window_fallbacks: [{a: [gone]}]}\n",
            "F:7: router_settings.context_window_fallbacks: there is no model_name \"gone\" to fall back to");
}

TEST(max_fallbacks_limits_the_lists)
{
    struct load l;
    load(&l, GROUPS
         "router_settings: {max_fallbacks: 1, fallbacks: [{a: [b, c]}], context_window_fallbacks: [{a: [c, b]}]}\n");
    assert_int_equal(group(&l, "a")->fallback_count, 1);
    assert_string_equal(names(group(&l, "a")->on_context), "c");
    load_end(&l);
    load(&l, GROUPS
         "router_settings: {max_fallbacks: 0, fallbacks: [{a: [b, c]}], context_window_fallbacks: [{a: [c, b]}]}\n");
    assert_int_equal(group(&l, "a")->fallback_count, 0);
    assert_null(group(&l, "a")->on_context);
    load_end(&l);
}

TEST(the_baseline_is_an_alias)
{
    struct load l;
    load(&l, GROUPS "router_settings: {baseline: b}\n");
    assert_ptr_equal(l.config->baseline, group(&l, "b")->deployments[0]);
    load_end(&l);
    load(&l, GROUPS);
    assert_null(l.config->baseline); /* there is no codex-default */
    load_end(&l);
    refused(GROUPS "router_settings: {baseline: gone}\n",
            "F:7: router_settings.baseline: \"gone\": no such alias in model_list");
}

TEST(the_description_shows_policies)
{
    struct load l;
    struct buf text;
    buf_init(&text, 64u << 10);
    load(&l, GROUPS "router_settings:\n  retry_policy: {TimeoutErrorRetries: 0, RateLimitErrorRetries: 1}\n"
                    "  allowed_fails_policy: {RateLimitErrorAllowedFails: 1}\n  disable_cooldowns: true\n"
                    "  model_group_retry_policy: {b: {TimeoutErrorRetries: 4}}\n"
                    "  context_window_fallbacks: [{a: [b, c]}]\n  content_policy_fallbacks: [{a: [c]}]\n");
    assert_true(config_describe(l.config, &text));
    static const char *const LINES[] = {
        "\nretries after: timeout 0, rate_limit 1\n", "\nfailures allowed before a cooldown: rate_limit 1\n",
        "\nno cooldowns (disable_cooldowns)\n",       "\n  retries after: timeout 4\n",
        "\n  if the prompt is too long: b, c\n",      "\n  if a policy refuses the prompt: c\n",
    };
    for (size_t i = 0; i < COUNT_OF(LINES); i++)
        if (!strstr(buf_text(&text), LINES[i]))
            fail_msg("not in the description: %s%s", LINES[i], buf_text(&text));
    buf_free(&text);
    load_end(&l);
}

TEST(spending_limits_are_read)
{
    struct load l;
    load(&l,
         "model_list:\n"
         "  - {model_name: a, litellm_params: {model: gpt-5.5, input_cost_per_token: 1e-6, output_cost_per_token: 0}}\n"
         "  - {model_name: b, litellm_params: {model: gpt-x}}\n"
         "  - {model_name: b, litellm_params: {model: gpt-y, input_cost_per_token: 1e-6}}\n"
         "  - {model_name: c, litellm_params: {model: gpt-x}}\n"
         "  - {model_name: d, litellm_params: {model: gemini/not-ready, api_key: os.environ/NONE}}\n"
         "router_settings: {model_group_max_cost_usd: {a: 2.5, x: 1}, model_group_alias: {a2: a}}\n"
         "general_settings: {max_cost_usd: 10}\nlitellm_settings: {max_budget: 3, budget_duration: 30d}\n");
    assert_usd(l.config->max_cost_usd, 10);
    assert_usd(group(&l, "a")->max_cost_usd, 2.5);
    assert_true(isnan(group(&l, "b")->max_cost_usd));
    assert_buf(&l.warnings,
               "F:9: litellm_settings.budget_duration: has no effect here: cost limits cover one run of the proxy\n"
               "F:7: router_settings.model_group_max_cost_usd: there is no model_name \"x\"\n"
               "F: no prices for gpt-x, gpt-y: their calls don't count toward max_cost_usd: set input_cost_per_token "
               "and output_cost_per_token in model_info\n"
               "F:6: NONE is not set: \"d/gemini/1\" is not ready\n");
    load_end(&l);
    load(&l, GROUPS
         "router_settings: {model_group_max_cost_usd: {a: 2.5, a2: 1, b2: 3}, model_group_alias: {a2: a, b2: b}}\n");
    assert_usd(group(&l, "a")->max_cost_usd, 1); /* one account */
    assert_usd(group(&l, "b")->max_cost_usd, 3);
    load_end(&l);
    load(&l, GROUPS);
    assert_true(isnan(l.config->max_cost_usd));
    assert_true(isnan(group(&l, "a")->max_cost_usd));
    load_end(&l);
    refused(
        GROUPS "router_settings: {model_group_max_cost_usd: {a: much}}\n",
        "F:7: router_settings.model_group_max_cost_usd: expected a number from 0 to 1000000000, found the text \"much\"");
    refused(GROUPS "general_settings: {max_cost_usd: -1}\n",
            "F:7: general_settings.max_cost_usd: expected a number from 0 to 1000000000, found the number -1");
}

TEST(the_adaptive_router)
{
    struct load l;
    struct buf text;
    load(&l, "model_list: [{model_name: a, litellm_params: {model: openai/x}}]\n"
             "router_settings: {adaptive_router: {enabled: true, shadow_mode: false, canary_share: 0.1}}\n" MASTER);
    assert_true(l.config->adaptive.enabled);
    assert_false(l.config->adaptive.shadow_mode);
    buf_init(&text, 1u << 16);
    assert_true(config_describe(l.config, &text));
    assert_non_null(strstr(buf_text(&text), "adaptive router: live for 10 % of conversations\n"));
    buf_free(&text);
    load_end(&l);
    load(&l, "model_list: [{model_name: a, litellm_params: {model: openai/x}}]\n" MASTER);
    assert_false(l.config->adaptive.enabled);
    assert_float_equal(l.config->adaptive.decay, 0.65, 0);
    load_end(&l);
    refused("model_list: [{model_name: a, litellm_params: {model: openai/x}}]\n"
            "router_settings:\n  adaptive_router:\n    enabled: 1\n" MASTER,
            "F:4: adaptive_router.enabled: expected true or false, found the number 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_classes_become_failure_kinds),
        cmocka_unit_test(groups_may_have_their_own_policies),
        cmocka_unit_test(policies_are_checked),
        cmocka_unit_test(prompt_fallbacks_lead_to_the_named_groups),
        cmocka_unit_test(max_fallbacks_limits_the_lists),
        cmocka_unit_test(the_baseline_is_an_alias),
        cmocka_unit_test(the_description_shows_policies),
        cmocka_unit_test(spending_limits_are_read),
        cmocka_unit_test(the_adaptive_router),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
