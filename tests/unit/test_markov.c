/* Unit tests of common/markov: how calls change a provider's state, what is suggested, and what the cost guard blocks.
 * Random sequences are drawn from fixed seeds. */
#include "tests/unit/unit.h"
#include "common/markov.h"

#include <math.h>

#define MINUTE 60000
#define DAY (24 * 60 * (int64_t)MINUTE)
#define START 1000000

static struct markov_settings defaults(void)
{
    struct markov_settings s;
    markov_settings_init(&s, MARKOV_CALLS);
    s.enabled = true;
    return s;
}

/* Fast, low-cost, good. */
static struct markov_observation perfect(void)
{
    struct markov_observation o = markov_observation(MARKOV_SUCCESS);
    o.ttft_ms = 300;
    o.total_ms = 2000;
    o.token_pressure = 0;
    o.cost_usd = .001;
    o.quality = 1;
    return o;
}

static struct markov_observation slow(void)
{
    struct markov_observation o = perfect();
    o.ttft_ms = 9000;
    o.total_ms = 60000;
    return o;
}

static void observe(struct markov_provider *p, struct markov_observation o, unsigned times)
{
    struct markov_settings s = defaults();
    for (unsigned i = 0; i < times; i++)
        markov_observe(p, &s, &o, START);
}

static struct markov_health health_at(const struct markov_provider *p, int64_t now_ms)
{
    struct markov_settings s = defaults();
    return markov_health(p, &s, now_ms);
}

static double risk(const struct markov_provider *p)
{
    return health_at(p, START).risk;
}

static enum markov_state state_of(const struct markov_provider *p)
{
    return health_at(p, START).state;
}

TEST(unknown_provider_is_healthy_with_doubt)
{
    struct markov_provider p = {0};
    struct markov_health h = health_at(&p, START);
    assert_int_equal(h.state, MARKOV_HEALTHY);
    assert_float_equal(h.risk, .137, 1e-9);
    assert_true(isnan(h.performance));
    assert_true(isnan(h.cost_usd));
    /* (1 - .137) - .35 · .137 - .5 */
    assert_float_equal(h.confidence, .31505, 1e-9);
}

/* In the earlier router the risk rose from .137 to .349 after perfect replies. */
TEST(perfect_replies_lower_the_risk)
{
    struct markov_provider p = {0};
    double before = risk(&p);
    for (unsigned i = 0; i < 50; i++) {
        observe(&p, perfect(), 1);
        assert_true(risk(&p) <= before + 1e-12);
        before = risk(&p);
    }
    assert_true(before < .06);
    assert_int_equal(state_of(&p), MARKOV_HEALTHY);
}

/* In the earlier router failures ended at a risk of .524, in "overloaded". */
TEST(failures_lead_to_failing_and_to_critical_risk)
{
    struct markov_settings s = defaults();
    struct markov_provider p = {0};
    observe(&p, perfect(), 100);
    observe(&p, markov_observation(MARKOV_FAILED), 1);
    assert_int_not_equal(state_of(&p), MARKOV_FAILING);
    observe(&p, markov_observation(MARKOV_FAILED), 1);
    assert_int_equal(state_of(&p), MARKOV_FAILING);
    observe(&p, markov_observation(MARKOV_FAILED), 2);
    assert_true(risk(&p) > s.critical_risk_threshold);
    observe(&p, markov_observation(MARKOV_FAILED), 50);
    assert_true(risk(&p) > .85);
}

TEST(each_state_is_reached)
{
    struct markov_provider overloaded = {0}, timeouts = {0}, limited = {0}, back = {0};
    observe(&overloaded, slow(), 3);
    assert_int_equal(state_of(&overloaded), MARKOV_OVERLOADED);
    observe(&timeouts, markov_observation(MARKOV_OVERLOADED_FAILURE), 3);
    assert_int_equal(state_of(&timeouts), MARKOV_OVERLOADED);
    assert_true(risk(&timeouts) > .65);
    observe(&limited, markov_observation(MARKOV_LIMITED), 1);
    assert_int_equal(state_of(&limited), MARKOV_COOLDOWN);
    observe(&back, markov_observation(MARKOV_FAILED), 20);
    observe(&back, perfect(), 1);
    assert_int_equal(state_of(&back), MARKOV_WARMING);
}

TEST(recovery_is_noticed)
{
    struct markov_provider p = {0};
    observe(&p, markov_observation(MARKOV_FAILED), 100);
    observe(&p, perfect(), 3);
    assert_int_equal(state_of(&p), MARKOV_HEALTHY);
    assert_true(risk(&p) < .137);
}

/* A live router sends no calls to a baseline that it left; the baseline must be tried again. */
static unsigned minutes_until_tried_again(struct markov_observation bad)
{
    struct markov_settings s = defaults();
    struct markov_provider a = {0}, b = {0};
    struct markov_decision d;
    const struct markov_candidate candidates[] = {{"a", &a, NAN}, {"b", &b, NAN}};
    struct markov_observation fine = perfect();
    s.cost_guard_enabled = false;
    observe(&a, bad, 20);
    unsigned minutes = 0;
    do {
        markov_observe(&b, &s, &fine, START + minutes * MINUTE);
        markov_decide(&s, candidates, 2, false, START + minutes * MINUTE, &d);
        minutes++;
    } while (d.would_switch && minutes < 1000);
    /* It is left again after two calls that are as bad. */
    markov_observe(&a, &s, &bad, START + minutes * MINUTE);
    markov_observe(&a, &s, &bad, START + minutes * MINUTE);
    markov_decide(&s, candidates, 2, false, START + minutes * MINUTE, &d);
    assert_true(d.would_switch);
    return minutes;
}

TEST(baseline_that_was_left_is_tried_again)
{
    assert_in_range(minutes_until_tried_again(slow()), 30, 90);
    assert_in_range(minutes_until_tried_again(markov_observation(MARKOV_FAILED)), 5, 25);
}

/* One extreme signal counts although cost, quality and tokens are good. */
TEST(low_price_does_not_hide_slowness)
{
    struct markov_provider p = {0};
    struct markov_observation o = perfect();
    o.ttft_ms = 60000;
    observe(&p, o, 20);
    assert_true(risk(&p) > .3);
}

TEST(failing_fast_is_not_being_fast)
{
    struct markov_provider p = {0};
    struct markov_observation o = markov_observation(MARKOV_FAILED);
    o.ttft_ms = 5;
    o.total_ms = 20;
    o.quality = 1;
    observe(&p, slow(), 2);
    double performance = health_at(&p, START).performance;
    observe(&p, o, 10);
    assert_true(health_at(&p, START).performance < performance);
    assert_float_equal(health_at(&p, START).total_ms, 60000, 0);
    assert_float_equal(health_at(&p, START).ttft_ms, 9000, 0);
}

/* failing → cooldown → warming → as if without observations. */
TEST(time_alone_leads_to_unknown)
{
    struct markov_provider p = {0};
    observe(&p, markov_observation(MARKOV_FAILED), 20);
    double before = 1;
    enum markov_state seen[4] = {MARKOV_FAILING};
    unsigned count = 1;
    for (int64_t t = START; t < START + 2 * DAY; t += MINUTE) {
        struct markov_health h = health_at(&p, t);
        assert_true(h.risk <= before + 1e-12);
        before = h.risk;
        if (h.state != seen[count - 1]) {
            assert_true(count < 4);
            seen[count++] = h.state;
        }
    }
    assert_int_equal(seen[1], MARKOV_COOLDOWN);
    assert_int_equal(seen[count - 1], MARKOV_HEALTHY);
    assert_float_equal(before, .137, 1e-6);
    /* Long after, the provider counts as untried again, and nothing overflows. */
    struct markov_health h = health_at(&p, INT64_MAX);
    assert_float_equal(h.confidence, .31505, 1e-6);
    assert_float_equal(health_at(&p, INT64_MIN).risk, risk(&p), 0);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static double uniform(uint64_t *seed)
{
    return (double)(next_random(seed) >> 11) / 9007199254740992.0;
}

static double maybe(uint64_t *seed, double value)
{
    return next_random(seed) >> 60 < 4 ? (double)NAN : value;
}

static struct markov_observation any_observation(uint64_t *seed)
{
    return (struct markov_observation){
        .outcome = next_random(seed) >> 63 ? MARKOV_SUCCESS : (enum markov_outcome)(next_random(seed) >> 62),
        .ttft_ms = maybe(seed, uniform(seed) * 1e4),
        .total_ms = maybe(seed, uniform(seed) * 1e5),
        .token_pressure = maybe(seed, uniform(seed) * 1.5),
        .cost_usd = maybe(seed, uniform(seed) / 3),
        .quality = maybe(seed, uniform(seed)),
        .error_rate = maybe(seed, uniform(seed)),
    };
}

static void check_whole(const struct markov_provider *p, int64_t now_ms)
{
    double sum = 0;
    for (unsigned i = 0; i < MARKOV_STATES; i++) {
        assert_true(p->belief[i] >= 0 && p->belief[i] <= 1);
        sum += p->belief[i];
    }
    assert_float_equal(sum, 1, 1e-9);
    struct markov_health h = health_at(p, now_ms);
    assert_true(h.risk >= 0 && h.risk <= 1);
    assert_true(h.confidence >= 0 && h.confidence <= 1);
    assert_true(h.performance >= 0 && h.performance <= 1);
}

/* Whatever the history: a better reply leaves less risk than a worse one, and that less than a failure; a perfect one
 * lowers the risk unless it is at its lowest; repeated failures end in failing, repeated perfect replies in healthy. */
TEST(rules_hold_after_any_history)
{
    struct markov_settings s = defaults();
    uint64_t seed = 88172645463325252u;
    for (unsigned run = 0; run < 400; run++) {
        struct markov_provider p = {0};
        int64_t now = START;
        for (unsigned i = (unsigned)(next_random(&seed) % 40); i; i--) {
            struct markov_observation o = any_observation(&seed);
            markov_observe(&p, &s, &o, now);
            check_whole(&p, now);
            now += (int64_t)(uniform(&seed) * uniform(&seed) * 20 * MINUTE) - MINUTE;
        }
        double last = -1;
        for (unsigned step = 0; step <= 20; step++) {
            struct markov_provider q = p;
            struct markov_observation o = perfect();
            o.ttft_ms = o.total_ms = 500 * step;
            markov_observe(&q, &s, &o, now);
            double r = markov_health(&q, &s, now).risk;
            assert_true(r >= last - 1e-12);
            if (step == 0)
                assert_true(r <= fmax(markov_health(&p, &s, now).risk, .05));
            last = r;
        }
        struct markov_provider failed = p, good = p;
        struct markov_observation failure = markov_observation(MARKOV_FAILED), fine = perfect();
        markov_observe(&failed, &s, &failure, now);
        assert_true(markov_health(&failed, &s, now).risk > last);
        for (unsigned i = 0; i < 6; i++) {
            markov_observe(&failed, &s, &failure, now);
            markov_observe(&good, &s, &fine, now);
        }
        assert_int_equal(markov_health(&failed, &s, now).state, MARKOV_FAILING);
        assert_true(markov_health(&failed, &s, now).risk >= s.critical_risk_threshold);
        assert_int_equal(markov_health(&good, &s, now).state, MARKOV_HEALTHY);
    }
}

TEST(averages_forget)
{
    struct markov_settings s = defaults();
    struct markov_provider p = {0};
    struct markov_observation cheap = perfect(), expensive = perfect();
    expensive.cost_usd = .1;
    observe(&p, cheap, 1);
    observe(&p, expensive, 1);
    assert_float_equal(health_at(&p, START).cost_usd, .0505, 1e-9); /* the mean of the first two */
    observe(&p, cheap, 50);
    assert_float_equal(health_at(&p, START).cost_usd, .001, 1e-6);
    /* After ten memory_time without a call, the next value nearly replaces the average. */
    markov_observe(&p, &s, &expensive, START + 10 * DAY);
    assert_float_equal(health_at(&p, START + 10 * DAY).cost_usd, .1, .01);
    /* One call is not enough to count as tried. */
    double one = health_at(&p, START + 10 * DAY).confidence;
    markov_observe(&p, &s, &expensive, START + 10 * DAY);
    assert_true(one < health_at(&p, START + 10 * DAY).confidence - .2);
}

/* Three candidates: a is the baseline. */
struct scene {
    struct markov_provider a, b, c;
    double cost[3];
    struct markov_decision d;
};

static void decide_at(struct scene *x, const struct markov_settings *s, bool live, int64_t now_ms)
{
    const struct markov_candidate candidates[] = {
        {"a", &x->a, x->cost[0]}, {"b", &x->b, x->cost[1]}, {"c", &x->c, x->cost[2]}};
    markov_decide(s, candidates, 3, live, now_ms, &x->d);
}

static void decide(struct scene *x, const struct markov_settings *s, bool live)
{
    decide_at(x, s, live, START);
}

static struct scene failing_baseline(unsigned failures)
{
    struct scene x = {.cost = {.01, .01, .01}};
    observe(&x.a, perfect(), 5);
    observe(&x.a, markov_observation(MARKOV_FAILED), failures);
    observe(&x.b, slow(), 5);
    observe(&x.c, perfect(), 5);
    return x;
}

static void assert_order(const struct markov_decision *d, unsigned first, unsigned second, unsigned third)
{
    assert_int_equal(d->order[0], first);
    assert_int_equal(d->order[1], second);
    assert_int_equal(d->order[2], third);
}

TEST(shadow_mode_suggests_and_changes_nothing)
{
    struct markov_settings s = defaults();
    struct scene x = failing_baseline(2);
    decide(&x, &s, true);
    assert_int_equal(x.d.suggested, 2);
    assert_true(x.d.would_switch);
    assert_false(x.d.applied);
    assert_order(&x.d, 0, 1, 2);
    assert_true(x.d.confidence_delta >= s.min_confidence_delta);
}

TEST(live_mode_puts_the_suggested_one_first)
{
    struct markov_settings s = defaults();
    s.shadow_mode = false;
    struct scene x = failing_baseline(2);
    decide(&x, &s, true);
    assert_true(x.d.applied);
    assert_order(&x.d, 2, 0, 1);
    decide(&x, &s, false); /* not in the canary's share */
    assert_true(x.d.would_switch);
    assert_false(x.d.applied);
    assert_order(&x.d, 0, 1, 2);
    s.enabled = false;
    decide(&x, &s, true);
    assert_false(x.d.would_switch || x.d.applied);
    assert_order(&x.d, 0, 1, 2);
}

TEST(small_gain_changes_nothing)
{
    struct markov_settings s = defaults();
    s.shadow_mode = false;
    struct scene x = {.cost = {.01, .01, .01}};
    struct markov_observation middling = perfect();
    middling.ttft_ms = 2500;
    observe(&x.a, middling, 10);
    observe(&x.b, perfect(), 10);
    decide(&x, &s, true);
    assert_false(x.d.would_switch);
    assert_int_equal(x.d.suggested, 0);
    assert_float_equal(x.d.confidence_delta, 0, 0);
    s.min_confidence_delta = .01;
    decide(&x, &s, true);
    assert_int_equal(x.d.order[0], 1);
}

/* An untried baseline keeps its place, because otherwise it could never become known. */
TEST(nothing_is_suggested_among_unknown_providers)
{
    struct markov_settings s = defaults();
    struct scene x = {.cost = {NAN, NAN, NAN}};
    decide(&x, &s, true);
    assert_false(x.d.would_switch);
    assert_true(isnan(x.d.health[2].cost_usd));
    observe(&x.b, perfect(), 10);
    decide(&x, &s, true);
    assert_false(x.d.would_switch);
    observe(&x.a, markov_observation(MARKOV_FAILED), 3);
    decide(&x, &s, true);
    assert_int_equal(x.d.suggested, 1);
}

TEST(cost_guard_blocks_and_the_next_is_checked)
{
    struct markov_settings s = defaults();
    struct scene x = failing_baseline(0);
    observe(&x.a, slow(), 2);
    assert_true(risk(&x.a) < s.critical_risk_threshold);
    x.b = x.c;
    observe(&x.b, perfect(), 20);
    x.cost[1] = .0528;
    decide(&x, &s, true);
    /* b would be slightly better, but costs 5.28 times as much; in shadow mode, too. */
    assert_true(x.d.cost_guard_blocked);
    assert_int_equal(x.d.blocked, 1);
    assert_float_equal(x.d.blocked_multiplier, 5.28, 1e-9);
    assert_true(x.d.would_switch);
    assert_int_equal(x.d.suggested, 2);
    assert_float_equal(x.d.cost_multiplier, 1, 1e-9);
    /* Both are expensive: nothing changes, and the log names the best blocked one. */
    x.cost[2] = .03;
    s.shadow_mode = false;
    decide(&x, &s, true);
    assert_true(x.d.cost_guard_blocked);
    assert_false(x.d.would_switch || x.d.applied);
    assert_int_equal(x.d.suggested, 1);
    assert_float_equal(x.d.cost_multiplier, 5.28, 1e-9);
    assert_order(&x.d, 0, 1, 2);
    s.cost_guard_enabled = false;
    decide(&x, &s, true);
    assert_order(&x.d, 1, 0, 2);
}

TEST(cost_guard_allows_leaving_a_critical_baseline)
{
    struct markov_settings s = defaults();
    struct scene x = failing_baseline(4);
    x.cost[2] = 1;
    decide(&x, &s, true);
    assert_false(x.d.cost_guard_blocked);
    assert_int_equal(x.d.suggested, 2);
    assert_float_equal(x.d.cost_multiplier, 100, 1e-9);
}

/* A saturated local model costs nothing and answers well in the end: the cost guard must not keep it for that. */
TEST(saturation_is_critical)
{
    struct markov_settings s = defaults();
    struct scene x = {.cost = {0, .02, .02}};
    struct markov_observation queued = perfect();
    queued.ttft_ms = 24000;
    queued.total_ms = 26000;
    queued.cost_usd = 0;
    observe(&x.a, queued, 1);
    observe(&x.b, perfect(), 5);
    observe(&x.c, perfect(), 5);
    decide(&x, &s, true);
    assert_false(x.d.would_switch);
    observe(&x.a, queued, 4);
    decide(&x, &s, true);
    assert_int_equal(x.d.health[0].state, MARKOV_OVERLOADED);
    assert_true(x.d.health[0].risk >= s.critical_risk_threshold);
    assert_true(x.d.would_switch);
    /* Time alone does not help: no return for the price only. */
    decide_at(&x, &s, true, START + 2 * MINUTE);
    assert_true(x.d.health[0].risk < s.critical_risk_threshold);
    assert_true(x.d.would_switch);
}

TEST(unknown_prices)
{
    struct markov_settings s = defaults();
    struct scene x = failing_baseline(1);
    struct markov_observation sluggish = perfect();
    sluggish.ttft_ms = 4800;
    observe(&x.a, sluggish, 2);
    x.c.average[MARKOV_COST].weight = 0;
    x.cost[2] = NAN;
    decide(&x, &s, true);
    assert_true(x.d.cost_guard_blocked); /* its cost has no bound */
    assert_true(isnan(x.d.cost_multiplier));
    x.cost[0] = NAN;
    x.a.average[MARKOV_COST].weight = 0;
    decide(&x, &s, true);
    assert_true(x.d.would_switch); /* nothing to compare with */
    x.cost[0] = 0;                 /* any cost is expensive compared with zero */
    x.cost[2] = .001;
    decide(&x, &s, true);
    assert_true(x.d.cost_guard_blocked);
    x.cost[2] = 0;
    decide(&x, &s, true);
    assert_true(x.d.would_switch);
    assert_float_equal(x.d.cost_multiplier, 1, 0);
}

TEST(extremes)
{
    struct markov_settings s = defaults();
    struct markov_decision d;
    struct markov_provider p = {0};
    struct markov_candidate many[MARKOV_MAX + 3];
    markov_decide(&s, NULL, 0, true, START, &d);
    assert_int_equal(d.count, 0);
    for (unsigned i = 0; i < COUNT_OF(many); i++)
        many[i] = (struct markov_candidate){"x", &p, NAN};
    markov_decide(&s, many, 1, true, START, &d);
    assert_false(d.would_switch);
    markov_decide(&s, many, COUNT_OF(many), true, START, &d);
    assert_int_equal(d.count, MARKOV_MAX);
}

TEST(decision_as_json)
{
    struct markov_settings s = defaults();
    struct markov_decision d;
    struct markov_provider none = {0}, seen = {0};
    struct buf out;
    observe(&seen, perfect(), 2);
    markov_decide(&s, (const struct markov_candidate[]){{"li\"te", &none, .01}, {"standard", &seen, .02}}, 2, false,
                  START, &d);
    buf_init(&out, 4096);
    assert_true(markov_write(&d, &out));
    assert_buf(
        &out,
        "{\"enabled\":true,\"shadow_mode\":true,\"baseline_provider\":\"li\\\"te\",\"suggested_provider\":\"li\\\"te\","
        "\"would_switch\":false,\"applied\":false,\"cost_guard_blocked\":false,\"confidence_delta\":0.0000,"
        "\"cost_multiplier\":1.0000,\"max_cost_multiplier\":2.0000,\"blocked_provider\":null,"
        "\"blocked_cost_multiplier\":null,\"health\":{\"li\\\"te\":{\"state\":\"healthy\",\"risk\":0.1370,"
        "\"performance\":null,\"confidence\":0.8798,\"ttft_ms\":null,\"latency_ms\":null,\"cost_usd\":null,"
        "\"error_rate\":null,\"observations\":0},\"standard\":{\"state\":\"healthy\",\"risk\":0.0472,"
        "\"performance\":1.0000,\"confidence\":0.9586,\"ttft_ms\":300,\"latency_ms\":2000,\"cost_usd\":0.00100000,"
        "\"error_rate\":0.0000,\"observations\":2}}}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_provider_is_healthy_with_doubt),
        cmocka_unit_test(perfect_replies_lower_the_risk),
        cmocka_unit_test(failures_lead_to_failing_and_to_critical_risk),
        cmocka_unit_test(each_state_is_reached),
        cmocka_unit_test(recovery_is_noticed),
        cmocka_unit_test(baseline_that_was_left_is_tried_again),
        cmocka_unit_test(low_price_does_not_hide_slowness),
        cmocka_unit_test(failing_fast_is_not_being_fast),
        cmocka_unit_test(time_alone_leads_to_unknown),
        cmocka_unit_test(rules_hold_after_any_history),
        cmocka_unit_test(averages_forget),
        cmocka_unit_test(shadow_mode_suggests_and_changes_nothing),
        cmocka_unit_test(live_mode_puts_the_suggested_one_first),
        cmocka_unit_test(small_gain_changes_nothing),
        cmocka_unit_test(nothing_is_suggested_among_unknown_providers),
        cmocka_unit_test(cost_guard_blocks_and_the_next_is_checked),
        cmocka_unit_test(cost_guard_allows_leaving_a_critical_baseline),
        cmocka_unit_test(saturation_is_critical),
        cmocka_unit_test(unknown_prices),
        cmocka_unit_test(extremes),
        cmocka_unit_test(decision_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
