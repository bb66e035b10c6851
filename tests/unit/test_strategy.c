/* Unit tests of proxy/route/strategy_*: which deployment is first, and how often. */
#include "tests/unit/unit.h"
#include "proxy/route/plan.h"

#include <math.h>

#define COUNT 4
#define NOW 10000000u

/* A group of up to four equal deployments; tests change them. */
struct world {
    struct config config;
    struct deployment deployments[COUNT];
    struct health health[COUNT];
    struct model_group group;
    const struct deployment *members[COUNT];
    struct affinity_entry own;
    bool stays;
    uint64_t now_ms;
};

static void world_init(struct world *w, const struct strategy *strategy, unsigned count)
{
    static char *const ids[COUNT] = {"a", "b", "c", "d"};
    *w = (struct world){
        .config = {.num_retries = 9, .cooldown_ms = 1, .allowed_fails = 1000000, .strategy = strategy->id},
        .now_ms = NOW};
    strategy_settings_init(&w->config.strategy_settings);
    for (unsigned i = 0; i < COUNT; i++) {
        w->deployments[i] = (struct deployment){
            .index = i,
            .id = ids[i],
            .weight = 1,
            .wires = WIRE_CHAT,
            .price.input = 1e-6,
            .price.cached_input = 1e-7,
            .price.cache_write = NAN,
            .price.output = 1e-5,
            .quality = 90,
            .expected_ttft_ms = 1000,
            .expected_tokens_per_second = 50,
        };
        w->members[i] = &w->deployments[i];
    }
    w->group = (struct model_group){.alias = "group", .deployments = w->members, .count = count};
}

static struct plan make(const struct world *w, uint64_t draw)
{
    struct plan p;
    plan_make(&(struct plan_input){.config = &w->config,
                                   .group = &w->group,
                                   .wires = WIRES_BRIDGED,
                                   .health = w->health,
                                   .now_ms = w->now_ms,
                                   .draw = draw,
                                   .prompt_bytes = 16000,
                                   .affinity = w->stays ? &w->own : NULL},
              &p, NULL);
    return p;
}

static unsigned first(const struct world *w)
{
    return make(w, 1).attempts[0]->index;
}

/* The share of draws in which the deployment is first. */
static double share(const struct world *w, unsigned index)
{
    unsigned count = 0;
    for (uint64_t draw = 0; draw < 20000; draw++)
        count += make(w, draw).attempts[0]->index == index;
    return count / 20000.0;
}

static void serve(struct world *w, unsigned index, int64_t ttft_ms, int64_t total_ms)
{
    struct health *h = &w->health[index];
    struct health_attempt call = health_started(h, &w->config, &w->deployments[index], 4000, w->now_ms);
    struct outcome o = {
        .ttft_ms = ttft_ms, .total_ms = total_ms, .prompt_tokens = 4000, .output_tokens = 200, .cost_usd = 0.01};
    health_ended(h, &w->config, &w->deployments[index], &call, &o, w->now_ms + (uint64_t)total_ms);
}

static void break_down(struct world *w, unsigned index, int64_t total_ms)
{
    struct failure f = {.kind = FAILURE_SERVER, .retry_after_s = -1};
    struct health *h = &w->health[index];
    struct health_attempt call = health_started(h, &w->config, &w->deployments[index], 4000, w->now_ms);
    struct outcome o = {.failure = &f,
                        .status = 500,
                        .ttft_ms = -1,
                        .total_ms = total_ms,
                        .prompt_tokens = -1,
                        .output_tokens = -1,
                        .cost_usd = NAN,
                        .deployment_error = true};
    health_ended(h, &w->config, &w->deployments[index], &call, &o, w->now_ms + (uint64_t)total_ms);
}

/* ---- risk-adjusted ---- */

TEST(equal_risks_share_evenly)
{
    struct world w;
    world_init(&w, &STRATEGY_RISK, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_true(fabs(share(&w, i) - 0.25) < 0.02);
}

/* The formula's origin gives 67.6 to 32.4 % in both cases. */
TEST(risk_distinguishes_one_percent_from_ten_times)
{
    struct world w;
    world_init(&w, &STRATEGY_RISK, 2);
    w.deployments[1].expected_ttft_ms = 1010;
    assert_true(fabs(share(&w, 1) - 0.5) < 0.02);
    w.deployments[1].expected_ttft_ms = 10000;
    assert_true(share(&w, 1) < 0.35);
}

TEST(risk_weights_and_tau_count)
{
    struct world w;
    world_init(&w, &STRATEGY_RISK, 2);
    w.deployments[1].price.input = w.deployments[1].price.output = 0;
    double usual = share(&w, 1);
    assert_true(usual > 0.55);
    w.config.strategy_settings.weights.cost = 0;
    assert_true(fabs(share(&w, 1) - 0.5) < 0.02);
    w.config.strategy_settings.weights.cost = 0.10;
    w.config.strategy_settings.tau = 0.01;
    assert_true(share(&w, 1) > 0.99);
    w.config.strategy_settings.tau = 0;
    assert_true(share(&w, 1) == 1);
}

/* Two equal deployments, one of which fails at once. The formula's origin sends it 59 % of the requests for ever. */
TEST(risk_leaves_a_deployment_that_fails_quickly)
{
    struct world w;
    world_init(&w, &STRATEGY_RISK, 2);
    for (int i = 0; i < 20; i++, w.now_ms += 2000) {
        break_down(&w, 0, 20);
        serve(&w, 1, 1000, 5000);
    }
    assert_true(share(&w, 0) < 0.40);
}

/* ---- expected-cost ---- */

TEST(expected_weighs_time_price_and_quality)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 3);
    w.deployments[1].expected_ttft_ms = 990;
    assert_int_equal(first(&w), 1);
    w.deployments[2].price.output = 0; /* 300 tokens: 0.003 USD, or 0.3 s */
    assert_int_equal(first(&w), 2);
    w.deployments[2].quality = 88; /* 0.008 USD */
    assert_int_equal(first(&w), 1);
    w.config.strategy_settings.quality_point = 0;
    assert_int_equal(first(&w), 2);
    w.config.strategy_settings.value_of_time = 1;
    assert_int_equal(first(&w), 1);
}

TEST(expected_is_in_dollars)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 1);
    struct plan p = make(&w, 1);
    /* 1 s and 6 s of waiting, 4,000 and 300 tokens, 10 points: 0.07 + 0.004 + 0.003 + 0.04, plus the expected failures.
     */
    assert_true(p.choices[0].score > 0.117 && p.choices[0].score < 0.130);
    assert_true(fabs((double)p.choices[0].terms[1] - 1) < 0.1 && fabs((double)p.choices[0].terms[2] - 6) < 0.2);
}

TEST(expected_leaves_a_deployment_that_fails_quickly_and_returns)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 2);
    w.deployments[0].price.output = 0;
    assert_int_equal(first(&w), 0);
    break_down(&w, 0, 20);
    assert_int_equal(first(&w), 1);
    w.now_ms += 600000;
    assert_int_equal(first(&w), 0);
}

TEST(expected_leaves_a_deployment_that_became_slow)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 2);
    w.deployments[0].price.output = 0;
    for (int i = 0; i < 5; i++, w.now_ms += 1000)
        serve(&w, 0, 5000, 25000);
    assert_int_equal(first(&w), 1);
    w.now_ms += 3600000; /* slow an hour ago may be fast now */
    assert_int_equal(first(&w), 0);
}

TEST(expected_avoids_queues)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 2);
    w.deployments[0].price.output = 0;
    w.deployments[0].max_in_flight = 3;
    w.health[0].in_flight = 2;
    assert_int_equal(first(&w), 1);
}

TEST(unknown_values_are_neutral)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 3);
    w.deployments[1].quality = NAN;
    w.deployments[1].price.input = w.deployments[1].price.output = w.deployments[1].price.cached_input = NAN;
    struct plan p = make(&w, 1);
    for (unsigned i = 1; i < 3; i++)
        assert_true(fabs(p.choices[i].score - p.choices[0].score) < 1e-9);
    for (unsigned i = 0; i < 3; i++)
        w.deployments[i].price.input = w.deployments[i].price.output = NAN;
    p = make(&w, 1);
    assert_true(isfinite(p.choices[0].score) && isfinite(p.choices[2].score));
}

/* A conversation moves only if staying is much more expensive, because its prompt is in the provider's cache. */
TEST(expected_weighs_staying_against_moving)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 2);
    w.own = (struct affinity_entry){.deployment = 1, .prompt_tokens = 4000, .last_ms = NOW};
    w.deployments[0].expected_ttft_ms = 700; /* 0.003 USD; the cached prefix is worth 0.0036 */
    assert_int_equal(first(&w), 0);
    w.stays = true;
    struct plan p = make(&w, 1);
    assert_int_equal(p.attempts[0]->index, 1);
    assert_true(p.sticky && p.choices[0].score < p.choices[1].score);
    w.deployments[0].expected_ttft_ms = 400;
    p = make(&w, 1);
    assert_int_equal(p.attempts[0]->index, 1);
    assert_true(p.choices[0].score > p.choices[1].score);
    for (int i = 0; i < 20; i++)
        serve(&w, 1, 9000, 25000);
    assert_int_equal(first(&w), 0);
}

/* When the conversation's prefix is gone, staying costs the whole prompt, and the cheaper deployment wins. */
TEST(expected_knows_how_long_each_provider_keeps_a_prefix)
{
    static const struct prompt_cache minutes = {.life_s = 300}, hours = {.life_s = 7200}, large = {.min_tokens = 5000};
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 2);
    w.stays = true;
    w.config.strategy_settings.move_factor = 1;
    w.deployments[0].expected_ttft_ms = 800; /* 0.002 USD; the cached prefix is worth 0.0036 */
    w.deployments[1].prompt_cache = &minutes;
    w.own = (struct affinity_entry){.deployment = 1, .prompt_tokens = 4000, .last_ms = NOW - 300000};
    assert_int_equal(first(&w), 1);
    w.own.last_ms--;
    assert_int_equal(first(&w), 0);
    w.deployments[1].prompt_cache = &hours;
    assert_int_equal(first(&w), 1);
    w.own.last_ms = NOW - 7200001;
    assert_int_equal(first(&w), 0);
    w.deployments[1].prompt_cache = NULL; /* nothing is known: 5 minutes */
    w.own.last_ms = NOW - 300000;
    assert_int_equal(first(&w), 1);
    w.own.last_ms--;
    assert_int_equal(first(&w), 0);
    w.deployments[1].prompt_cache = &large; /* which does not cache a prompt of this size */
    w.own.last_ms = NOW;
    assert_int_equal(first(&w), 0);
}

/* Moving throws the prefix away: the other provider writes all of it, at its price of writes. */
TEST(expected_counts_what_a_move_writes)
{
    struct world w;
    world_init(&w, &STRATEGY_EXPECTED, 2);
    w.stays = true;
    w.config.strategy_settings.move_factor = 1;
    w.own = (struct affinity_entry){.deployment = 1, .prompt_tokens = 4000, .last_ms = NOW};
    w.deployments[0].expected_ttft_ms = 600; /* 0.004 USD; the cached prefix is worth 0.0036 */
    assert_int_equal(first(&w), 0);
    w.deployments[0].price.cache_write = 1.25e-6; /* 4,000 tokens: 0.001 USD more */
    assert_int_equal(first(&w), 1);
}

/* ---- all ---- */

static double random_in(uint64_t *random, double least, double most)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return least + (most - least) * (double)(*random >> 33) / 2147483648.0;
}

/* Whatever the history and declarations: all candidates, finite scores, and the same plan for the same draw. */
TEST(any_history_gives_an_order)
{
    static const struct strategy *const all[] = {&STRATEGY_SHUFFLE, &STRATEGY_RISK, &STRATEGY_EXPECTED};
    uint64_t random = 7;
    for (unsigned n = 0; n < 3000; n++) {
        struct world w;
        world_init(&w, all[n % 3], 4);
        for (unsigned i = 0; i < 4; i++) {
            struct deployment *d = &w.deployments[i];
            double prices[] = {NAN, 0, 1e-6, 1e-3}, qualities[] = {NAN, 0, 50, 100}, times[] = {0, 1, 1000, 1e6};
            d->price.input = prices[(unsigned)random_in(&random, 0, 4)];
            d->price.output = prices[(unsigned)random_in(&random, 0, 4)];
            d->quality = qualities[(unsigned)random_in(&random, 0, 4)];
            d->expected_ttft_ms = times[(unsigned)random_in(&random, 0, 4)];
            d->expected_tokens_per_second = times[(unsigned)random_in(&random, 0, 4)];
            d->tpm = (int64_t)random_in(&random, 0, 2) * 1000000;
        }
        for (int i = 0; i < 30; i++, w.now_ms += (uint64_t)random_in(&random, 0, 30000)) {
            unsigned index = (unsigned)random_in(&random, 0, 4);
            if (random_in(&random, 0, 1) < 0.3)
                break_down(&w, index, (int64_t)random_in(&random, 0, 60000));
            else
                serve(&w, index, (int64_t)random_in(&random, 0, 9000), 10000);
        }
        for (unsigned i = 0; i < 4; i++)
            w.health[i].cooldown_until_ms = 0;
        struct plan p = make(&w, n), again = make(&w, n);
        assert_int_equal(p.count, 4);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(isfinite(p.choices[i].score));
            assert_ptr_equal(p.attempts[i], again.attempts[i]);
        }
    }
}

TEST(litellm_names_map_to_the_nearest_strategy)
{
    static const char *const theirs[] = {"cost-based-routing", "latency-based-routing", "usage-based-routing",
                                         "usage-based-routing-v2", "least-busy"};
    enum strategy_id id;
    for (size_t i = 0; i < COUNT_OF(theirs); i++)
        assert_true(strategy_find(theirs[i], &id) && id == STRATEGY_EXPECTED_COST);
    assert_true(strategy_find("risk-adjusted", &id) && id == STRATEGY_RISK_ADJUSTED);
    assert_false(strategy_find("fastest", &id));
    for (id = 0; id < STRATEGY_COUNT; id++)
        assert_int_equal(strategy_get(id)->id, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_risks_share_evenly),
        cmocka_unit_test(risk_distinguishes_one_percent_from_ten_times),
        cmocka_unit_test(risk_weights_and_tau_count),
        cmocka_unit_test(risk_leaves_a_deployment_that_fails_quickly),
        cmocka_unit_test(expected_weighs_time_price_and_quality),
        cmocka_unit_test(expected_is_in_dollars),
        cmocka_unit_test(expected_leaves_a_deployment_that_fails_quickly_and_returns),
        cmocka_unit_test(expected_leaves_a_deployment_that_became_slow),
        cmocka_unit_test(expected_avoids_queues),
        cmocka_unit_test(unknown_values_are_neutral),
        cmocka_unit_test(expected_weighs_staying_against_moving),
        cmocka_unit_test(expected_knows_how_long_each_provider_keeps_a_prefix),
        cmocka_unit_test(expected_counts_what_a_move_writes),
        cmocka_unit_test(any_history_gives_an_order),
        cmocka_unit_test(litellm_names_map_to_the_nearest_strategy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
