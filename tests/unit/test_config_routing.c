/* Unit tests of proxy/config: strategies, limits and capabilities. */
#include "tests/unit/config_load.h"
#include "proxy/route/strategy.h"

#include <math.h>

#define MODELS                                                                                                          \
    "model_list:\n"                                                                                                     \
    "  - {model_name: a, litellm_params: {model: openai/x, max_parallel_requests: 3},\n"                                \
    "     model_info: {quality: 80.5, expected_ttft_ms: 900, expected_tokens_per_second: 55, supports_vision: false,\n" \
    "                  supports_response_schema: false, supports_function_calling: true}}\n"                            \
    "  - {model_name: b, litellm_params: {model: openai/y}}\n" MASTER

TEST(declarations_are_read)
{
    struct load l;
    load(&l, MODELS);
    assert_buf(&l.warnings, "");
    const struct deployment *a = &l.config->deployments[0], *b = &l.config->deployments[1];
    assert_true(a->quality == 80.5 && a->expected_ttft_ms == 900 && a->expected_tokens_per_second == 55);
    assert_int_equal(a->max_in_flight, 3);
    assert_int_equal(a->lacks, CAPABILITY_IMAGES | CAPABILITY_FORMAT);
    assert_true(isnan(b->quality) && b->expected_ttft_ms == 0 && b->max_in_flight == 0 && b->lacks == 0);
    assert_int_equal(l.config->strategy, STRATEGY_SIMPLE_SHUFFLE);
    struct strategy_settings defaults;
    strategy_settings_init(&defaults);
    assert_memory_equal(&l.config->strategy_settings, &defaults, sizeof defaults);
    assert_true(defaults.weights.error == 0.25 && defaults.tau == 0.3 && defaults.half_life_ms == 120000);
    load_end(&l);
}

TEST(a_strategy_and_its_settings_are_read)
{
    struct load l;
    load(&l, MODELS
         "router_settings:\n"
         "  routing_strategy: expected-cost\n"
         "  routing_strategy_args: {value_of_time: 0.5, tau: 0.1, weight_ttft: 0, half_life: 30, move_factor: 2}\n");
    assert_buf(&l.warnings, "");
    const struct strategy_settings *s = &l.config->strategy_settings;
    assert_int_equal(l.config->strategy, STRATEGY_EXPECTED_COST);
    assert_true(s->value_of_time == 0.5 && s->tau == 0.1 && s->weights.ttft == 0 && s->half_life_ms == 30000);
    assert_true(s->move_factor == 2);
    assert_true(s->weights.error == 0.25);
    load_end(&l);
}

TEST(unsupported_strategies_warn)
{
    struct load l;
    load(&l, MODELS "router_settings:\n"
                    "  routing_strategy: latency-based-routing\n"
                    "  routing_strategy_args: {ttl: 10, lowest_latency_buffer: 0.5, speed: 1}\n");
    assert_int_equal(l.config->strategy, STRATEGY_EXPECTED_COST);
    assert_non_null(strstr(buf_text(&l.warnings),
                           "F:9: routing_strategy_args.ttl: has no effect here: observations fade with"));
    assert_non_null(strstr(buf_text(&l.warnings), "F:9: routing_strategy_args.speed: unknown key"));
    assert_non_null(strstr(buf_text(&l.warnings), "\"latency-based-routing\" is not supported: using expected-cost: "));
    load_end(&l);
    load(&l, MODELS "router_settings: {routing_strategy: fastest}\n");
    assert_int_equal(l.config->strategy, STRATEGY_SIMPLE_SHUFFLE);
    assert_non_null(strstr(buf_text(&l.warnings),
                           "unknown strategy \"fastest\": using simple-shuffle: choose one of simple-shuffle, "
                           "expected-cost, risk-adjusted"));
    load_end(&l);
}

TEST(an_alias_may_require_quality)
{
    struct load l;
    load(&l, MODELS "router_settings:\n"
                    "  model_group_alias: {other: a, own: a}\n"
                    "  model_group_quality: {a: 70, own: 90, nowhere: 5}\n");
    assert_buf(&l.warnings, "F:9: router_settings.model_group_quality: there is no model_name \"nowhere\"\n");
    assert_true(config_group(l.config, SLICE("a"))->min_quality == 70);
    assert_true(config_group(l.config, SLICE("other"))->min_quality == 70);
    assert_true(config_group(l.config, SLICE("own"))->min_quality == 90);
    assert_true(config_group(l.config, SLICE("b"))->min_quality == 0);
    load_end(&l);
}

TEST(values_out_of_range_are_errors)
{
    refused(MODELS "router_settings: {model_group_quality: {a: 101}}\n",
            "F:7: router_settings.model_group_quality: expected a number from 0 to 100, found the number 101");
    refused(MODELS "router_settings: {model_group_quality: {a: good}}\n",
            "F:7: router_settings.model_group_quality: expected a number from 0 to 100, found the text \"good\"");
    refused(MODELS
            "router_settings:\n  routing_strategy_args: {tau: -1, half_life: 0, move_factor: 0.5, failure: -1}\n",
            "F:8: routing_strategy_args.tau: expected a number from 0 to 1000000, found the number -1\n"
            "F:8: routing_strategy_args.half_life: expected seconds from 1 to 86400, found the number 0\n"
            "F:8: routing_strategy_args.move_factor: expected a number from 1 to 1000000, found the number 0.5\n"
            "F:8: routing_strategy_args.failure: expected a number from 0 to 1000000, found the number -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declarations_are_read),          cmocka_unit_test(a_strategy_and_its_settings_are_read),
        cmocka_unit_test(unsupported_strategies_warn),    cmocka_unit_test(an_alias_may_require_quality),
        cmocka_unit_test(values_out_of_range_are_errors),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
