/* Unit tests of proxy/route/adaptive: the model over a group's plan, what it learns from attempts, and the canary's
 * arms. */
#include "tests/unit/unit.h"
#include "proxy/route/adaptive.h"

#include <limits.h>
#include <math.h>

#define DEPLOYMENTS 5
#define NOW 1790000000000

/* Group "g" of deployments a b c, of orders 0 1 2. Deployment d is in its fallback group, e in no group. */
struct world {
    struct config config;
    struct deployment deployments[DEPLOYMENTS];
    struct health health[DEPLOYMENTS];
    struct model_group groups[2];
    const struct deployment *members[2][3];
    const struct model_group *fallbacks[1];
    struct affinity_entry stay;
    struct adaptive *adaptive;
};

static void world_init(struct world *w, bool live, double share)
{
    static char *const IDS[DEPLOYMENTS] = {"a", "b", "c", "d", "e"};
    *w = (struct world){.config = {.num_retries = 5, .deployments = w->deployments, .deployment_count = DEPLOYMENTS}};
    strategy_settings_init(&w->config.strategy_settings);
    markov_settings_init(&w->config.adaptive, MARKOV_CALLS);
    w->config.adaptive.enabled = true;
    w->config.adaptive.shadow_mode = !live;
    w->config.adaptive.canary_share = share;
    for (unsigned i = 0; i < DEPLOYMENTS; i++) {
        w->deployments[i] = (struct deployment){.index = i,
                                                .id = IDS[i],
                                                .alias = i < 3 ? "g" : "f",
                                                .order = (int)i,
                                                .weight = 1,
                                                .wires = WIRE_CHAT,
                                                .price.input = 1e-6,
                                                .price.output = 1e-6,
                                                .price.cache_write = NAN,
                                                .quality = NAN};
        if (i < 4)
            w->members[i / 3][i % 3] = &w->deployments[i];
    }
    w->groups[1] = (struct model_group){.alias = "f", .deployments = w->members[1], .count = 1};
    w->fallbacks[0] = &w->groups[1];
    w->groups[0] = (struct model_group){
        .alias = "g", .deployments = w->members[0], .count = 3, .fallbacks = w->fallbacks, .fallback_count = 1};
    w->adaptive = adaptive_new(&w->config);
    assert_non_null(w->adaptive);
}

/* Checks the order of the plan after adaptive_plan(), as the ids in one string. `decided`: its result. */
static struct markov_decision plan_as(const struct world *w, uint64_t draw, bool sticky, bool decided, const char *ids)
{
    struct plan p;
    struct markov_decision d = {0};
    char text[64] = "";
    struct plan_input in = {.config = &w->config,
                            .group = &w->groups[0],
                            .wires = WIRES_BRIDGED,
                            .health = w->health,
                            .now_ms = 1000,
                            .draw = draw,
                            .prompt_bytes = 4000,
                            .affinity = sticky ? &w->stay : NULL};
    plan_make(&in, &p, NULL);
    assert_int_equal(adaptive_plan(w->adaptive, &in, &p, NOW, &d), decided);
    for (unsigned i = 0; i < p.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s", p.attempts[i]->id);
    assert_string_equal(text, ids);
    return d;
}

static void learn(struct world *w, unsigned deployment, const struct failure *failure, int64_t ttft_ms, unsigned times)
{
    struct outcome o = {.failure = failure,
                        .ttft_ms = failure ? -1 : ttft_ms,
                        .total_ms = failure ? 5 : 5 * ttft_ms,
                        .prompt_tokens = -1,
                        .output_tokens = -1,
                        .cost_usd = NAN,
                        .deployment_error = true};
    for (unsigned i = 0; i < times; i++)
        adaptive_learn(w->adaptive, &w->deployments[deployment], &w->health[deployment], &o, 1000, NOW);
}

static const struct failure SERVER = {.kind = FAILURE_SERVER};

static void describe(const struct adaptive *a, struct buf *text)
{
    struct document d;
    adaptive_describe(a, NOW, document_object(&d));
    assert_true(document_print(&d, text));
}

TEST(live_mode_leaves_a_failing_baseline)
{
    struct world shadow, live;
    world_init(&shadow, false, 1);
    world_init(&live, true, 1);
    for (struct world *w = &shadow; w; w = w == &shadow ? &live : NULL) {
        struct markov_decision d = plan_as(w, 1, false, true, "abcd");
        assert_false(d.would_switch);
        learn(w, 2, NULL, 300, 3);
        learn(w, 0, &SERVER, 0, 3);
        d = plan_as(w, 1, false, true, w == &live ? "cabd" : "abcd");
        assert_true(d.would_switch);
        assert_int_equal(d.applied, w == &live);
        assert_int_equal(d.count, 3);
        assert_string_equal(d.name[d.suggested], "c");
        assert_int_equal(d.health[0].state, MARKOV_FAILING);
        adaptive_free(w->adaptive);
    }
}

/* Deployments of fallback groups, of weight 0 and with a limit are not suggested. */
TEST(candidates_are_eligible_deployments_of_the_group)
{
    struct world w;
    world_init(&w, true, 1);
    learn(&w, 0, &SERVER, 0, 3);
    learn(&w, 2, NULL, 300, 3);
    learn(&w, 3, NULL, 100, 20);
    w.deployments[2].weight = 0;
    struct markov_decision d = plan_as(&w, 1, false, true, "bacd");
    assert_int_equal(d.count, 2);
    w.health[1].cooldown_until_ms = 5000;
    plan_as(&w, 1, false, false, "acd"); /* besides a, only c is left, which has weight 0 */
    w.deployments[2].weight = 1;
    plan_as(&w, 1, false, true, "cad");
    adaptive_free(w.adaptive);
}

/* A suggestion from outside the attempts replaces the last one. */
TEST(number_of_attempts_stays_the_same)
{
    struct world w;
    world_init(&w, true, 1);
    w.config.num_retries = 1;
    w.groups[0].fallback_count = 0;
    learn(&w, 0, &SERVER, 0, 3);
    learn(&w, 2, NULL, 300, 3);
    plan_as(&w, 1, false, true, "ca");
    w.config.num_retries = 0;
    plan_as(&w, 1, false, true, "c");
    adaptive_free(w.adaptive);
}

TEST(sticky_conversation_moves_only_at_critical_risk)
{
    struct world w;
    world_init(&w, true, 1);
    learn(&w, 0, NULL, 20000, 5);
    learn(&w, 1, NULL, 300, 5);
    assert_true(plan_as(&w, 1, false, true, "bacd").applied);
    w.config.adaptive.critical_risk_threshold = .9; /* slow is not critical */
    struct markov_decision d = plan_as(&w, 1, true, true, "abcd");
    assert_false(d.would_switch);
    assert_string_equal(d.name[d.suggested], "b");
    w.config.adaptive.critical_risk_threshold = .65;
    learn(&w, 0, &SERVER, 0, 4);
    assert_true(plan_as(&w, 1, true, true, "bacd").applied);
    adaptive_free(w.adaptive);
}

TEST(cost_guard_uses_the_prices_of_this_request)
{
    struct world w;
    world_init(&w, true, 1);
    learn(&w, 0, NULL, 20000, 1);
    learn(&w, 1, NULL, 300, 5);
    w.deployments[1].price.input = w.deployments[1].price.output = 5e-6;
    struct markov_decision d = plan_as(&w, 1, false, true, "abcd");
    assert_true(d.cost_guard_blocked);
    assert_float_equal(d.blocked_multiplier, 5, 1e-6);
    w.deployments[1].price.output = NAN;
    assert_true(plan_as(&w, 1, false, true, "abcd").cost_guard_blocked);
    adaptive_free(w.adaptive);
}

TEST(outcomes_without_information_are_ignored)
{
    struct world w;
    struct buf text;
    world_init(&w, false, 1);
    static const struct failure FAULTS[] = {
        {.kind = FAILURE_BAD_REQUEST}, {.kind = FAILURE_CONTEXT}, {.kind = FAILURE_INTERNAL}};
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++)
        learn(&w, 0, &FAULTS[i], 0, 5);
    struct outcome canceled = {.cancelled = true, .ttft_ms = 10, .total_ms = 20, .cost_usd = NAN};
    struct outcome repeated = {
        .failure = &SERVER, .deployment_error = false, .ttft_ms = -1, .total_ms = 20, .cost_usd = NAN};
    adaptive_learn(w.adaptive, &w.deployments[0], &w.health[0], &canceled, 1000, NOW);
    adaptive_learn(w.adaptive, &w.deployments[0], &w.health[0], &repeated, 1000, NOW);
    buf_init(&text, 1u << 16);
    describe(w.adaptive, &text);
    assert_non_null(strstr(buf_text(&text), "\"health\":{}}"));
    static const struct failure LIMITED[] = {
        {.kind = FAILURE_QUOTA}, {.kind = FAILURE_RATE_LIMIT}, {.kind = FAILURE_AUTH}};
    static const struct failure SLOW = {.kind = FAILURE_TIMEOUT};
    for (size_t i = 0; i < COUNT_OF(LIMITED); i++)
        learn(&w, 1, &LIMITED[i], 0, 1);
    learn(&w, 2, &SLOW, 0, 3);
    w.deployments[3].tpm = 1000;
    window_add(&w.health[3].window, 1, 1000, 1000); /* the minute's tokens are used up */
    learn(&w, 3, NULL, 300, 10);
    learn(&w, 4, NULL, 300, 10);
    buf_clear(&text);
    describe(w.adaptive, &text);
    assert_non_null(strstr(buf_text(&text), "\"b\":{\"state\":\"cooldown\""));
    assert_non_null(strstr(buf_text(&text), "\"c\":{\"state\":\"overloaded\""));
    assert_non_null(strstr(buf_text(&text), "\"d\":{\"state\":\"overloaded\""));
    assert_non_null(strstr(buf_text(&text), "\"e\":{\"state\":\"healthy\""));
    buf_free(&text);
    adaptive_free(w.adaptive);
}

/* Conversations in the canary's share follow the suggestion until it turns out worse. */
TEST(canary_splits_conversations_and_rolls_back)
{
    struct world w;
    unsigned live = 0;
    world_init(&w, true, .5);
    learn(&w, 0, &SERVER, 0, 3);
    learn(&w, 1, NULL, 300, 3);
    for (uint64_t draw = 0; draw < 200; draw++) {
        struct plan p;
        struct markov_decision d;
        struct plan_input in = {.config = &w.config,
                                .group = &w.groups[0],
                                .wires = WIRES_BRIDGED,
                                .health = w.health,
                                .now_ms = 1000,
                                .draw = draw,
                                .prompt_bytes = 4000};
        plan_make(&in, &p, NULL);
        assert_true(adaptive_plan(w.adaptive, &in, &p, NOW, &d) && d.would_switch);
        assert_string_equal(p.attempts[0]->id, d.applied ? "b" : "a");
        live += d.applied;
        struct canary_sample sample = {draw, 100, 1000, .01, .5, d.applied}; /* only the canary fails */
        if (adaptive_request_ended(w.adaptive, &sample))
            break;
        assert_null(adaptive_rollback_reason(w.adaptive));
    }
    assert_int_equal(live, 50);
    assert_non_null(strstr(adaptive_rollback_reason(w.adaptive), "an error rate of 1 is above the bound of 0"));
    for (uint64_t draw = 0; draw < 50; draw++)
        assert_false(plan_as(&w, draw, false, true, "abcd").applied);
    adaptive_free(w.adaptive);
}

TEST(reload_keeps_what_was_learned)
{
    struct world old, new;
    static const unsigned MAP[DEPLOYMENTS] = {AFFINITY_GONE, 0, 1, 2, 3}; /* a was removed */
    world_init(&old, true, 1);
    world_init(&new, true, 1);
    learn(&old, 0, NULL, 300, 9);
    learn(&old, 1, &SERVER, 0, 3);
    learn(&old, 2, NULL, 300, 3);
    for (uint64_t i = 0; i < 50 && !adaptive_rollback_reason(old.adaptive); i++)
        adaptive_request_ended(old.adaptive, &(struct canary_sample){i, 100, 1000, .01, .5, false});
    adaptive_carry(old.adaptive, new.adaptive, MAP, DEPLOYMENTS);
    struct buf text;
    buf_init(&text, 1u << 16);
    describe(new.adaptive, &text);
    assert_non_null(strstr(buf_text(&text), "\"canary\":{\"requests\":50,\"ttft_p50_ms\":100,"));
    buf_free(&text);
    adaptive_free(old.adaptive);
    struct markov_decision d = plan_as(&new, 1, false, true, "bacd");
    assert_int_equal(d.health[0].observations, 3);
    assert_int_equal(d.health[2].observations, 0);
    adaptive_free(new.adaptive);
}

TEST(no_choice_no_decision)
{
    struct world w;
    world_init(&w, true, 1);
    w.health[1].cooldown_until_ms = w.health[2].cooldown_until_ms = 5000;
    plan_as(&w, 1, false, false, "ad");
    w.health[0].cooldown_until_ms = 5000;
    plan_as(&w, 1, false, false, "d");
    w.health[3].cooldown_until_ms = 4000;
    plan_as(&w, 1, false, false, "d"); /* all have a limit: the one available soonest */
    adaptive_free(w.adaptive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_mode_leaves_a_failing_baseline),
        cmocka_unit_test(candidates_are_eligible_deployments_of_the_group),
        cmocka_unit_test(number_of_attempts_stays_the_same),
        cmocka_unit_test(sticky_conversation_moves_only_at_critical_risk),
        cmocka_unit_test(cost_guard_uses_the_prices_of_this_request),
        cmocka_unit_test(outcomes_without_information_are_ignored),
        cmocka_unit_test(canary_splits_conversations_and_rolls_back),
        cmocka_unit_test(reload_keeps_what_was_learned),
        cmocka_unit_test(no_choice_no_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
