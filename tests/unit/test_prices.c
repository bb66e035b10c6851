/* Unit tests of proxy/config/prices: costs, tiers, and warnings about unsupported price keys. */
#include "tests/unit/config_load.h"

#include "proxy/route/spending.h"

#include <math.h>

#define assert_usd(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static double cost(double input_price, double cached_price, double output_price, int64_t input, int64_t cached,
                   int64_t output)
{
    struct deployment d = {.price = {input_price, cached_price, output_price, NAN, NAN}};
    struct usage u = {.input = input, .cached_input = cached, .cache_write = -1, .output = output, .reasoning = -1};
    return spending_cost(&d, &u);
}

TEST(costs_need_all_prices)
{
    assert_usd(cost(1e-6, 1e-7, 1e-5, 11, 4, 7), 7e-6 + 4e-7 + 7e-5);
    assert_usd(cost(1e-6, NAN, 1e-5, 11, 0, 7), 11e-6 + 7e-5);
    assert_usd(cost(1e-6, NAN, 1e-5, 11, -1, 7), 11e-6 + 7e-5);
    assert_usd(cost(1e-6, NAN, 1e-5, 11, 4, 7), 11e-6 + 7e-5);
    assert_usd(cost(1, 1, 0, 5, 9, 0), 5);
    assert_true(isnan(cost(NAN, 0, 1e-5, 11, 4, 7)));
    assert_true(isnan(cost(1e-6, 1e-7, NAN, 11, 4, 7)));
    assert_true(isnan(cost(1e-6, 1e-7, 1e-5, -1, 4, 7)));
    assert_true(isnan(cost(1e-6, 1e-7, 1e-5, 11, 4, -1)));
    assert_true(cost(0, 0, 0, 11, 4, 7) == 0);
}

TEST(reasoning_may_have_its_own_price)
{
    struct deployment d = {.price = {1e-6, NAN, 1e-5, 4e-5, NAN}};
    struct usage u = {.input = 10, .cached_input = -1, .cache_write = -1, .output = 100, .reasoning = 60};
    assert_usd(spending_cost(&d, &u), 1e-5 + 40 * 1e-5 + 60 * 4e-5);
    u.reasoning = 300; /* above the output: does not count */
    assert_usd(spending_cost(&d, &u), 1e-5 + 100 * 4e-5);
    u.reasoning = -1;
    assert_usd(spending_cost(&d, &u), 1e-5 + 100 * 1e-5);
}

#define ENTRY(params, info) \
    "model_list:\n  - {model_name: a, litellm_params: {model: openai/x" params "}, model_info: {" info "}}\n"

static double loaded(const struct load *l, double input, double cached, double output)
{
    return deployment_cost(&l->config->deployments[0],
                           &(struct token_counts){.input = input, .cached = cached, .output = output});
}

TEST(a_tier_prices_the_whole_call)
{
    struct load l;
    load(&l,
         ENTRY("", "input_cost_per_token: 1.25e-06, output_cost_per_token: 1e-05, cache_read_input_token_cost: 1e-07, "
                   "input_cost_per_token_above_200k_tokens: 2.5e-06, output_cost_per_token_above_200k_tokens: 1.5e-05, "
                   "cache_read_input_token_cost_above_200k_tokens: 2e-07"));
    assert_usd(loaded(&l, 300000, 0, 1000), 0.765);
    assert_usd(loaded(&l, 300000, 100000, 1000), 0.535);
    assert_usd(loaded(&l, 200000, 0, 1000), 0.26); /* the tier starts above its limit */
    assert_usd(loaded(&l, 200001, 0, 0), 200001 * 2.5e-6);
    assert_usd(spending_estimate(&l.config->deployments[0], 300000, 1000), 0.765);
    assert_int_equal(l.warnings.len, 0);
    load_end(&l);
}

TEST(cache_writes_may_have_their_own_price)
{
    struct load l;
    load(&l,
         ENTRY(", cache_creation_input_token_cost: 9e-06",
               "input_cost_per_token: 1e-06, output_cost_per_token: 1e-05, cache_read_input_token_cost: 1e-07, "
               "cache_creation_input_token_cost: 1.25e-06, cache_creation_input_token_cost_above_200k_tokens: 5e-06"));
    const struct deployment *d = &l.config->deployments[0];
    struct token_counts tokens = {.input = 1000, .cached = 300, .cache_write = 600};
    assert_usd(deployment_cost(d, &tokens), 100 * 1e-6 + 300 * 1e-7 + 600 * 1.25e-6);
    tokens.cache_write = 900; /* above the rest of the input: does not count */
    assert_usd(deployment_cost(d, &tokens), 300 * 1e-7 + 700 * 1.25e-6);
    tokens.cache_write = -1;
    assert_usd(deployment_cost(d, &tokens), 700 * 1e-6 + 300 * 1e-7);
    tokens = (struct token_counts){.input = 300000, .cache_write = 100000};
    assert_usd(deployment_cost(d, &tokens), 200000 * 1e-6 + 100000 * 5e-6);
    load_end(&l);
    load(&l, ENTRY("", "tiered_pricing: [{range: [0, 1], input_cost_per_token: 1e-06, output_cost_per_token: 0, "
                       "cache_creation_input_token_cost: 3e-06}, {range: [1000, 2000], input_cost_per_token: 2e-06}]"));
    tokens = (struct token_counts){.input = 2000, .cache_write = 1000};
    assert_usd(deployment_cost(&l.config->deployments[0], &tokens), 1000 * 2e-6 + 1000 * 3e-6);
    load_end(&l);
    struct deployment plain = {.price = {1e-6, NAN, 1e-5, NAN, NAN}};
    assert_usd(deployment_cost(&plain, &tokens), 2000 * 1e-6);
}

/* Prices missing in a tier come from the tier below. */
TEST(tiers_may_be_partial)
{
    struct load l;
    load(
        &l,
        ENTRY(
            ", input_cost_per_token: 1e-06, output_cost_per_token: 1e-05, input_cost_per_token_above_128k_tokens: 9e-06",
            "output_cost_per_token_above_272k_tokens: 3e-05, input_cost_per_token_above_128k_tokens: 2e-06, "
            "input_cost_per_token_above_512000_tokens: 4e-06"));
    assert_usd(loaded(&l, 128000, 0, 10), 0.128 + 1e-4);
    assert_usd(loaded(&l, 200000, 0, 10), 0.4 + 1e-4);
    assert_usd(loaded(&l, 300000, 0, 10), 0.6 + 3e-4);
    assert_usd(loaded(&l, 300000, 100000, 10), 0.6 + 3e-4);
    assert_usd(loaded(&l, 600000, 0, 10), 2.4 + 3e-4);
    load_end(&l);
}

TEST(tiers_may_be_a_list)
{
    struct load l;
    load(&l, ENTRY("", "tiered_pricing: [{range: [256000.0, 1000000.0], input_cost_per_token: 2.5e-07, "
                       "output_cost_per_token: 2e-06, output_cost_per_reasoning_token: 8e-06}, "
                       "{range: [0, 256000], input_cost_per_token: 5e-08, output_cost_per_token: 4e-07, "
                       "cache_read_input_token_cost: 1e-08}]"));
    assert_usd(loaded(&l, 100000, 50000, 100), 50000 * 5e-8 + 50000 * 1e-8 + 100 * 4e-7);
    assert_usd(loaded(&l, 300000, 0, 100), 300000 * 2.5e-7 + 100 * 2e-6);
    assert_usd(loaded(&l, 3000000, 0, 100), 3000000 * 2.5e-7 + 100 * 2e-6);
    assert_int_equal(l.warnings.len, 0);
    load_end(&l);
    warns(ENTRY("", "tiered_pricing: [{input_cost_per_token: 1}]"),
          "F:2: model_info.tiered_pricing: an entry without a range has no effect\n");
}

TEST(unsupported_price_keys_warn)
{
    warns(ENTRY("", "input_cost_per_token_above_some_tokens: 1"),
          "F:2: \"above_some_tokens\": has no effect: expected a number such as 200k or 200000\n");
    warns(
        ENTRY("", "input_cost_per_token_priority: 1, input_cost_per_token_above_272k_tokens_priority: 1, "
                  "output_cost_per_token_flex: 1, input_cost_per_request: 1, "
                  "cache_creation_input_token_cost_above_1hr: 1, cache_creation_input_token_cost_priority: 1"),
        "F:2: model_info.input_cost_per_token_priority: has no effect here: calls are priced at the default service tier\n"
        "F:2: model_info.input_cost_per_token_above_272k_tokens_priority: has no effect here: calls are priced at the default "
        "service tier\n"
        "F:2: model_info.output_cost_per_token_flex: has no effect here: calls are priced at the default service tier\n"
        "F:2: model_info.input_cost_per_request: has no effect here: only tokens are priced\n"
        "F:2: model_info.cache_creation_input_token_cost_above_1hr: has no effect here: cache writes are priced at the "
        "provider's shortest lifetime\n"
        "F:2: model_info.cache_creation_input_token_cost_priority: has no effect here: calls are priced at the default "
        "service tier\n");
    warns(ENTRY("", "input_cost_per_image: 1, input_cost_per_audio_token: 1, input_cost_per_token_batches: 1"), "");
}

TEST(wrong_tiers_are_errors)
{
    refused(
        ENTRY("", "input_cost_per_token_above_200k_tokens: much") MASTER,
        "F:2: model_info.input_cost_per_token_above_200k_tokens: expected a number from 0 to 1, found the text \"much\"");
    refused(ENTRY("", "tiered_pricing: [{range: [x, 1]}]") MASTER,
            "F:2: model_info.tiered_pricing[].range: expected a number from 0, found the text \"x\"");
    refused(ENTRY("", "input_cost_per_token_above_1k_tokens: 0, input_cost_per_token_above_2k_tokens: 0, "
                      "input_cost_per_token_above_3k_tokens: 0, input_cost_per_token_above_4k_tokens: 0, "
                      "input_cost_per_token_above_5k_tokens: 0, input_cost_per_token_above_6k_tokens: 0, "
                      "input_cost_per_token_above_7k_tokens: 0, input_cost_per_token_above_8k_tokens: 0, "
                      "input_cost_per_token_above_9k_tokens: 0") MASTER,
            "F:2: model_info.input_cost_per_token_above_9k_tokens: more than 8 keys of the form "
            "input_cost_per_token_above_*_tokens");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_need_all_prices),
        cmocka_unit_test(reasoning_may_have_its_own_price),
        cmocka_unit_test(a_tier_prices_the_whole_call),
        cmocka_unit_test(tiers_may_be_partial),
        cmocka_unit_test(cache_writes_may_have_their_own_price),
        cmocka_unit_test(tiers_may_be_a_list),
        cmocka_unit_test(unsupported_price_keys_warn),
        cmocka_unit_test(wrong_tiers_are_errors),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
