/* Unit tests of proxy/route/plan. */
#include "tests/unit/unit.h"
#include "proxy/terms/failure.h"
#include "proxy/route/plan.h"

#include <limits.h>
#include <math.h>

#define DEPLOYMENTS 40

/* Deployments 0 … 39 ("d0" …), of order INT_MAX and weight 1, and up to four groups of them; the first is the requested
 * one. */
struct world {
    struct config config;
    struct deployment deployments[DEPLOYMENTS];
    char ids[DEPLOYMENTS][8];
    struct health health[DEPLOYMENTS];
    struct model_group groups[4];
    const struct deployment *members[4][DEPLOYMENTS];
    const struct model_group *fallbacks[3];
    unsigned next, needs;
    size_t prompt_bytes;
    const struct affinity_entry *affinity;
};

static void world_init(struct world *w, int num_retries)
{
    *w = (struct world){.config = {.num_retries = num_retries}};
    for (unsigned i = 0; i < DEPLOYMENTS; i++) {
        snprintf(w->ids[i], sizeof w->ids[i], "d%u", i);
        w->deployments[i] =
            (struct deployment){.index = i, .id = w->ids[i], .order = INT_MAX, .weight = 1, .wires = WIRE_CHAT};
    }
    for (unsigned g = 0; g < 4; g++)
        w->groups[g].deployments = w->members[g];
    w->groups[0].fallbacks = w->fallbacks;
}

/* Puts the next `count` deployments into the group. Groups after the first become its fallbacks. */
static void fill_group(struct world *w, unsigned group, unsigned count)
{
    struct model_group *g = &w->groups[group];
    for (unsigned i = 0; i < count; i++)
        w->members[group][g->count++] = &w->deployments[w->next++];
    if (group)
        w->fallbacks[w->groups[0].fallback_count++] = g;
}

static struct plan make(const struct world *w, uint64_t draw)
{
    struct plan p;
    struct plan_input input = {
        .config = &w->config,
        .group = &w->groups[0],
        .wires = WIRES_BRIDGED,
        .health = w->health,
        .now_ms = 1000,
        .draw = draw,
        .prompt_bytes = w->prompt_bytes,
        .affinity = w->affinity,
        .needs = w->needs,
    };
    plan_make(&input, &p, NULL);
    return p;
}

/* Checks the attempts, as ids: "d0 d1". */
static void assert_plan(const struct plan *p, const char *ids)
{
    char text[256] = "";
    for (unsigned i = 0; i < p->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", p->attempts[i]->id);
    assert_string_equal(text, ids);
}

TEST(lower_orders_come_first)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 4);
    w.deployments[3].order = -1;
    w.deployments[1].order = 1;
    w.deployments[0].order = 2;
    for (uint64_t draw = 0; draw < 100; draw++) {
        struct plan p = make(&w, draw);
        assert_plan(&p, "d3 d1 d0 d2");
    }
}

TEST(weights_are_shares_of_first_attempts)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 3);
    const double weights[] = {7, 2, 1};
    unsigned first[3] = {0}, second[3] = {0};
    for (unsigned i = 0; i < 3; i++)
        w.deployments[i].weight = weights[i];
    for (uint64_t draw = 0; draw < 100000; draw++) {
        struct plan p = make(&w, draw);
        assert_int_equal(p.count, 3);
        first[p.attempts[0]->index]++;
        if (p.attempts[0]->index == 0)
            second[p.attempts[1]->index]++;
    }
    for (unsigned i = 0; i < 3; i++) /* five standard deviations are 0.7 % */
        assert_true(first[i] > weights[i] * 10000 - 750 && first[i] < weights[i] * 10000 + 750);
    double share = (double)second[1] / (second[1] + second[2]);
    assert_true(share > 0.65 && share < 0.68);
}

TEST(weight_zero_comes_last)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 3);
    w.deployments[0].weight = 0;
    for (uint64_t draw = 0; draw < 100; draw++) {
        struct plan p = make(&w, draw);
        assert_int_equal(p.count, 3);
        assert_int_equal(p.attempts[2]->index, 0);
    }
}

/* A deployment that drops out or comes back does not change the order of the others. */
TEST(a_draw_gives_the_same_order)
{
    struct world w;
    world_init(&w, 9);
    fill_group(&w, 0, 5);
    for (uint64_t draw = 0; draw < 200; draw++) {
        struct plan whole = make(&w, draw * 0x9e3779b97f4a7c15u), again = make(&w, draw * 0x9e3779b97f4a7c15u);
        assert_memory_equal(whole.attempts, again.attempts, whole.count * sizeof *whole.attempts);
        unsigned gone = whole.attempts[draw % 5]->index;
        w.health[gone].cooldown_until_ms = 2000;
        struct plan fewer = make(&w, draw * 0x9e3779b97f4a7c15u);
        assert_int_equal(fewer.count, 4);
        for (unsigned i = 0, at = 0; i < 5; i++)
            if (whole.attempts[i]->index != gone)
                assert_ptr_equal(fewer.attempts[at++], whole.attempts[i]);
        w.health[gone].cooldown_until_ms = 0;
    }
}

TEST(deployments_not_ready_are_skipped)
{
    struct world w;
    world_init(&w, 9);
    fill_group(&w, 0, 4);
    w.deployments[0].not_ready = (char[]){"no key"};
    w.health[1].cooldown_until_ms = 1001;
    snprintf(w.health[2].probe, sizeof w.health[2].probe, "down");
    struct plan p = make(&w, 1);
    assert_plan(&p, "d3");
}

TEST(fallbacks_follow_in_order)
{
    struct world w;
    world_init(&w, 9);
    fill_group(&w, 0, 1);
    fill_group(&w, 1, 1);
    fill_group(&w, 2, 1);
    w.deployments[2].order = -5; /* orders count within a group */
    struct plan p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2");
    w.health[1].cooldown_until_ms = 2000;
    p = make(&w, 1);
    assert_plan(&p, "d0 d2");
}

TEST(retries_are_bounded_but_reach_the_last_fallback)
{
    struct world w;
    world_init(&w, 1);
    fill_group(&w, 0, 3);
    for (unsigned i = 0; i < 3; i++)
        w.deployments[i].order = (int)i;
    struct plan p = make(&w, 1);
    assert_plan(&p, "d0 d1");
    fill_group(&w, 1, 2);
    w.deployments[3].order = 1;
    p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2 d3");
    w.config.num_retries = 0;
    p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2 d3");
    w.config.num_retries = 100;
    p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2 d3 d4");
    w.config.num_retries = 0;
    w.health[3].cooldown_until_ms = w.health[4].cooldown_until_ms = 2000;
    p = make(&w, 1);
    assert_plan(&p, "d0");
}

TEST(large_groups_leave_room_for_the_last_fallback)
{
    struct world w;
    world_init(&w, 100);
    fill_group(&w, 0, 30);
    fill_group(&w, 1, 2);
    for (unsigned i = 0; i < 30; i++)
        w.deployments[i].order = 30 - (int)i;
    struct plan p = make(&w, 1);
    assert_int_equal(p.count, PLAN_MAX);
    for (unsigned i = 0; i + 1 < PLAN_MAX; i++)
        assert_int_equal(p.attempts[i]->index, 29 - i);
    assert_true(p.attempts[PLAN_MAX - 1]->index >= 30);
}

TEST(if_all_cool_down_the_shortest_cooldown_is_tried)
{
    struct world w;
    world_init(&w, 9);
    fill_group(&w, 0, 3);
    fill_group(&w, 1, 1);
    for (unsigned i = 0; i < 4; i++)
        w.health[i].cooldown_until_ms = 9000 - 1000 * i;
    snprintf(w.health[3].probe, sizeof w.health[3].probe, "down");
    struct plan p = make(&w, 1);
    assert_plan(&p, "d2");
}

TEST(empty_plan_has_reasons)
{
    struct world w;
    struct plan p;
    struct buf why;
    buf_init(&why, 400);
    world_init(&w, 9);
    fill_group(&w, 0, 1);
    fill_group(&w, 1, 1);
    w.deployments[0].not_ready = (char[]){"GEMINI_API_KEY is not set"};
    snprintf(w.health[1].probe, sizeof w.health[1].probe, "Ollama does not run");
    struct plan_input input = {.config = &w.config,
                               .group = &w.groups[0],
                               .wires = WIRES_BRIDGED,
                               .health = w.health,
                               .now_ms = 1000,
                               .draw = 1};
    plan_make(&input, &p, &why);
    assert_int_equal(p.count, 0);
    assert_buf(&why, "d0: GEMINI_API_KEY is not set; d1: Ollama does not run");
    assert_false(p.down);
    w.health[1].down = true;
    plan_make(&input, &p, NULL);
    assert_int_equal(p.count, 0);
    assert_true(p.down);
    buf_free(&why);
}

TEST(only_deployments_with_the_api_are_tried)
{
    struct world w;
    struct plan p;
    world_init(&w, 9);
    fill_group(&w, 0, 2);
    fill_group(&w, 1, 1);
    w.deployments[2].wires |= WIRE_EMBEDDINGS;
    struct plan_input input = {.config = &w.config,
                               .group = &w.groups[0],
                               .wires = WIRE_EMBEDDINGS,
                               .health = w.health,
                               .now_ms = 1000,
                               .draw = 1};
    plan_make(&input, &p, NULL);
    assert_plan(&p, "d2");
    w.health[2].cooldown_until_ms = 2000; /* it is still the only one */
    plan_make(&input, &p, NULL);
    assert_plan(&p, "d2");
    assert_true(plan_possible(&w.groups[0], WIRE_EMBEDDINGS));
    assert_false(plan_possible(&w.groups[0], WIRE_COMPLETIONS));
}

TEST(prompt_goes_where_it_fits)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 3);
    for (unsigned i = 0; i < 3; i++)
        w.deployments[i].order = (int)i;
    w.deployments[0].max_input_tokens = 1000;
    w.deployments[2].max_input_tokens = 100000;
    w.prompt_bytes = 4000; /* 1,000 tokens at the default of 4 bytes */
    struct plan p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2");
    assert_false(p.too_long);
    w.prompt_bytes = 4004;
    p = make(&w, 1);
    assert_plan(&p, "d1 d2");
    assert_true(p.too_long);
    /* The deployment's own calibration wins once it is known. */
    calibration_observe(&w.health[0].calibration, 8000, 1000);
    p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2");
}

TEST(prompt_that_fits_nowhere_has_no_plan)
{
    struct world w;
    struct plan p;
    struct buf why;
    world_init(&w, 5);
    fill_group(&w, 0, 1);
    w.deployments[0].max_input_tokens = 1000;
    struct plan_input input = {.config = &w.config,
                               .group = &w.groups[0],
                               .wires = WIRES_BRIDGED,
                               .health = w.health,
                               .now_ms = 1000,
                               .draw = 1,
                               .prompt_bytes = 40000};
    buf_init(&why, 1000);
    plan_make(&input, &p, &why);
    assert_int_equal(p.count, 0);
    assert_true(p.too_long);
    assert_buf(&why, "d0: context window of 1000 tokens is too small for a prompt of about 10000");
    buf_free(&why);
}

TEST(larger_context_window_follows_an_overflow)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 4);
    for (unsigned i = 0; i < 4; i++)
        w.deployments[i].order = (int)i;
    w.deployments[0].max_input_tokens = 1000;
    w.deployments[1].max_input_tokens = 1000;
    w.deployments[2].max_input_tokens = 5000;
    struct plan p = make(&w, 1);
    assert_int_equal(plan_next(&p, 0, FAILURE_CONTEXT), 2);
    assert_int_equal(plan_next(&p, 2, FAILURE_CONTEXT), p.count);
    assert_int_equal(plan_next(&p, 0, FAILURE_SERVER), 1);
    assert_int_equal(plan_next(&p, 0, FAILURE_BAD_REQUEST), p.count);
}

TEST(deployments_limited_meanwhile_are_skipped)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 4);
    for (unsigned i = 0; i < 4; i++)
        w.deployments[i].order = (int)i;
    struct plan p = make(&w, 1);
    assert_int_equal(plan_available(&p, 1, w.health, 1000), 1);
    w.health[1].cooldown_until_ms = w.health[2].cooldown_until_ms = 9000;
    assert_int_equal(plan_available(&p, 1, w.health, 1000), 3);
    assert_int_equal(plan_available(&p, 1, w.health, 9000), 1);
    w.health[3].cooldown_until_ms = 9000;
    assert_int_equal(plan_available(&p, 1, w.health, 1000), 1);
    assert_int_equal(plan_available(&p, 4, w.health, 1000), 4);
}

/* Records an attempt of so many tokens that ended at the time of the plans. */
static void use(struct world *w, unsigned deployment, int64_t tokens)
{
    window_add(&w->health[deployment].window, 1, tokens, 1000);
}

TEST(rpm_and_tpm_are_limits)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 2);
    w.deployments[0].order = 0;
    w.deployments[0].rpm = 2;
    use(&w, 0, 10);
    struct plan p = make(&w, 1);
    assert_plan(&p, "d0 d1");
    use(&w, 0, 10);
    p = make(&w, 1);
    assert_plan(&p, "d1");
    assert_int_equal(p.choices[1].limit, LIMIT_RPM);
    assert_true(p.choices[1].limit_s == 60);
    w.deployments[0].rpm = 0;
    w.deployments[0].tpm = 1000;
    w.prompt_bytes = 4 * 980;
    p = make(&w, 1);
    assert_plan(&p, "d0 d1");
    w.prompt_bytes = 4 * 981;
    p = make(&w, 1);
    assert_plan(&p, "d1");
    assert_int_equal(p.choices[1].limit, LIMIT_TPM);
    w.health[0].window = (struct window){0}; /* a prompt above the limit passes if the window is empty */
    w.prompt_bytes = 4 * 5000;
    p = make(&w, 1);
    assert_plan(&p, "d0 d1");
}

TEST(attempts_in_flight_are_capped)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 2);
    w.deployments[0].order = 0;
    w.deployments[0].max_in_flight = 3;
    w.health[0].in_flight = 2;
    struct plan p = make(&w, 1);
    assert_plan(&p, "d0 d1");
    w.health[0].in_flight = 3;
    p = make(&w, 1);
    assert_plan(&p, "d1");
    w.health[1].cooldown_until_ms = 5000; /* all are limited: the one available soonest */
    p = make(&w, 1);
    assert_plan(&p, "d0");
    assert_true(p.all_limited);
}

TEST(if_all_are_busy_the_least_busy_is_first)
{
    struct world w;
    world_init(&w, 1);
    fill_group(&w, 0, 4);
    for (unsigned i = 0; i < 4; i++) {
        w.deployments[i].max_in_flight = 2;
        w.health[i].in_flight = 5 - i;
    }
    w.health[3].cooldown_until_ms = 1001;
    struct plan p = make(&w, 1);
    assert_plan(&p, "d2 d1");
    assert_true(p.all_limited);
}

TEST(capability_comes_before_order)
{
    struct world w;
    world_init(&w, 5);
    fill_group(&w, 0, 3);
    for (unsigned i = 0; i < 3; i++) {
        w.deployments[i].order = (int)i;
        w.deployments[i].quality = NAN;
    }
    w.deployments[0].lacks = CAPABILITY_IMAGES;
    struct plan p = make(&w, 1);
    assert_plan(&p, "d0 d1 d2");
    w.needs = CAPABILITY_IMAGES | CAPABILITY_TOOLS;
    p = make(&w, 1);
    assert_plan(&p, "d1 d2");
    w.deployments[1].quality = 69;
    w.groups[0].min_quality = 70;
    p = make(&w, 1);
    assert_plan(&p, "d2");
    w.deployments[2].not_ready = (char[]){"no key"}; /* a declaration may be wrong: better one of these than none */
    p = make(&w, 1);
    assert_plan(&p, "d0");
    assert_true(p.all_limited);
}

TEST(conversation_stays_until_its_deployment_is_limited)
{
    struct world w;
    struct affinity_entry own = {.deployment = 2};
    world_init(&w, 5);
    fill_group(&w, 0, 4);
    fill_group(&w, 1, 1);
    w.deployments[3].order = 1;
    for (unsigned i = 0; i < 3; i++)
        w.deployments[i].order = 0;
    w.affinity = &own;
    for (uint64_t draw = 0; draw < 50; draw++) {
        struct plan p = make(&w, draw);
        assert_int_equal(p.attempts[0]->index, 2);
        assert_true(p.sticky);
    }
    w.health[2].cooldown_until_ms = 2000;
    struct plan p = make(&w, 1);
    assert_false(p.sticky);
    assert_int_not_equal(p.attempts[0]->index, 2);
    own.deployment = 3; /* a lower order is available again */
    p = make(&w, 1);
    assert_false(p.sticky);
    assert_int_not_equal(p.attempts[0]->index, 3);
    own.deployment = 4; /* the same after a fallback */
    p = make(&w, 1);
    assert_false(p.sticky);
    assert_int_not_equal(p.attempts[0]->index, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lower_orders_come_first),
        cmocka_unit_test(weights_are_shares_of_first_attempts),
        cmocka_unit_test(weight_zero_comes_last),
        cmocka_unit_test(a_draw_gives_the_same_order),
        cmocka_unit_test(deployments_not_ready_are_skipped),
        cmocka_unit_test(fallbacks_follow_in_order),
        cmocka_unit_test(retries_are_bounded_but_reach_the_last_fallback),
        cmocka_unit_test(large_groups_leave_room_for_the_last_fallback),
        cmocka_unit_test(if_all_cool_down_the_shortest_cooldown_is_tried),
        cmocka_unit_test(empty_plan_has_reasons),
        cmocka_unit_test(only_deployments_with_the_api_are_tried),
        cmocka_unit_test(prompt_goes_where_it_fits),
        cmocka_unit_test(prompt_that_fits_nowhere_has_no_plan),
        cmocka_unit_test(larger_context_window_follows_an_overflow),
        cmocka_unit_test(deployments_limited_meanwhile_are_skipped),
        cmocka_unit_test(rpm_and_tpm_are_limits),
        cmocka_unit_test(attempts_in_flight_are_capped),
        cmocka_unit_test(if_all_are_busy_the_least_busy_is_first),
        cmocka_unit_test(capability_comes_before_order),
        cmocka_unit_test(conversation_stays_until_its_deployment_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
