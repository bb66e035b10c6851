/* Unit tests of proxy/route/retry. */
#include "tests/unit/unit.h"
#include "proxy/route/retry.h"

static const struct retry_policy AGENT = {5, 120, 1500};

static int wait_ms(const struct retry_policy *policy, unsigned nth, enum failure_kind kind, int retry_after_s,
                   uint64_t draw)
{
    const struct failure f = {.kind = kind, .retry_after_s = retry_after_s};
    return retry_wait_ms(policy, nth, &f, draw);
}

TEST(waits_double_up_to_a_maximum_plus_jitter)
{
    static const int bare[] = {120, 240, 480, 960, 1500};
    for (unsigned nth = 0; nth < COUNT_OF(bare); nth++)
        for (uint64_t draw = 0; draw < 40; draw++)
            assert_in_range(wait_ms(&AGENT, nth, FAILURE_SERVER, -1, draw), bare[nth] * 105 / 100,
                            bare[nth] * 115 / 100);
    assert_int_not_equal(wait_ms(&AGENT, 4, FAILURE_SERVER, -1, 1), wait_ms(&AGENT, 4, FAILURE_SERVER, -1, 2));
    assert_int_equal(wait_ms(&AGENT, 5, FAILURE_SERVER, -1, 0), -1);
    const struct retry_policy endless = {1000000, 120, 1500};
    assert_in_range(wait_ms(&endless, 999999, FAILURE_SERVER, -1, UINT64_MAX), 1575, 1725);
}

TEST(only_temporary_failures_are_retried)
{
    static const enum failure_kind passing[] = {FAILURE_CONNECT, FAILURE_SERVER, FAILURE_OVERLOADED, FAILURE_CUT,
                                                FAILURE_MALFORMED};
    for (int kind = FAILURE_CONNECT; kind <= FAILURE_INTERNAL; kind++) {
        bool passes = false;
        for (size_t i = 0; i < COUNT_OF(passing); i++)
            passes |= kind == (int)passing[i];
        assert_int_equal(wait_ms(&AGENT, 0, (enum failure_kind)kind, -1, 0) >= 0, passes);
    }
}

TEST(no_policy_no_wait)
{
    const struct retry_policy none = {0};
    assert_int_equal(wait_ms(&none, 0, FAILURE_CONNECT, -1, 0), -1);
}

TEST(retry_after_is_a_minimum)
{
    assert_in_range(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, 1, 0), 1000, 1150);
    assert_in_range(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, 0, 0), 126, 138);
    assert_int_equal(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, 2, 0), -1);
    assert_int_equal(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, INT32_MAX, 0), -1);
}

/* A plan of three deployments of one group, and one of a fallback group. */
static const struct deployment MEMBERS[] = {
    {.index = 0, .alias = "a", .num_retries = -1},
    {.index = 1, .alias = "a", .num_retries = -1},
    {.index = 2, .alias = "a", .num_retries = 1},
    {.index = 3, .alias = "b", .num_retries = -1},
};
static const struct plan PLAN = {.attempts = {&MEMBERS[0], &MEMBERS[1], &MEMBERS[2], &MEMBERS[3]}, .count = 4};

/* Returns the attempt after `attempt`, which is the `failed`-th failure. */
static unsigned next(const struct config *c, const struct model_group *g, unsigned attempt, unsigned failed,
                     enum failure_kind kind)
{
    return retry_next(&(struct retry_input){c, g, &PLAN, attempt, failed, kind, failure_rule(kind)->next});
}

static void set(struct failure_policy *p, enum failure_kind kind, int times)
{
    p->of[kind].given = true;
    p->of[kind].times = times;
}

TEST(no_policy_follows_the_plan)
{
    const struct config c = {.num_retries = 0};
    const struct model_group g = {0};
    for (unsigned i = 0; i < 4; i++) {
        if (i != 2)
            assert_int_equal(next(&c, &g, i, i + 1, FAILURE_SERVER), i + 1);
        assert_int_equal(next(&c, &g, i, i + 1, FAILURE_BAD_REQUEST), 4);
    }
}

TEST(policy_limits_attempts_before_the_fallback)
{
    struct config c = {.num_retries = 2};
    struct model_group g = {0};
    set(&c.retries, FAILURE_RATE_LIMIT, 0);
    set(&c.retries, FAILURE_SERVER, 1);
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_RATE_LIMIT), 3);
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_SERVER), 1);
    assert_int_equal(next(&c, &g, 1, 2, FAILURE_SERVER), 3);
    assert_int_equal(next(&c, &g, 3, 3, FAILURE_SERVER), 4);
    set(&g.retries, FAILURE_RATE_LIMIT, 1); /* the group's policy wins */
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_RATE_LIMIT), 1);
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_TIMEOUT), 1);
}

TEST(policy_may_retry_final_failures)
{
    struct config c = {.num_retries = 2};
    const struct model_group g = {0};
    set(&c.retries, FAILURE_BAD_REQUEST, 1);
    set(&c.retries, FAILURE_CONTEXT, 5); /* not a class of LiteLLM's; its own rule holds */
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_BAD_REQUEST), 1);
    assert_int_equal(next(&c, &g, 1, 2, FAILURE_BAD_REQUEST), 4);
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_CONTEXT), 4);
}

TEST(num_retries_of_the_deployment_counts_without_a_policy)
{
    struct config c = {.num_retries = 2};
    const struct model_group g = {0};
    assert_int_equal(next(&c, &g, 2, 1, FAILURE_SERVER), 3);
    assert_int_equal(next(&c, &g, 2, 2, FAILURE_SERVER), 3);
    assert_int_equal(next(&c, &g, 2, 1, FAILURE_BAD_REQUEST), 4);
    c.extra_retries = 5; /* another policy allows more, so the plan is longer; here num_retries counts */
    c.num_retries = 0;
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_SERVER), 3);
    c.num_retries = 1;
    assert_int_equal(next(&c, &g, 0, 1, FAILURE_SERVER), 1);
}

/* Returns whether a failure of this kind, at the plan's `attempt`, is retried there. */
static bool again(const struct config *c, const struct model_group *g, unsigned attempt, enum failure_kind kind)
{
    const struct failure f = {.kind = kind, .retry_after_s = -1};
    const struct health h = {0};
    return retry_same(&(struct retry_input){c, g, &PLAN, attempt, 1, kind, true}, &f, &h, 0, 10);
}

TEST(last_deployment_of_a_group_is_retried_once)
{
    const struct config c = {.num_retries = 2}, none = {.num_retries = 0};
    const struct model_group g = {0}, strict = {.strict = true};
    const struct failure f = {.kind = FAILURE_SERVER, .retry_after_s = -1},
                         waits = {.kind = FAILURE_SERVER, .retry_after_s = 0},
                         malformed = {.kind = FAILURE_MALFORMED, .retry_after_s = -1};
    const struct retry_input in = {&c, &g, &PLAN, 2, 1, FAILURE_SERVER, true};
    const struct health well = {0}, ill = {.failures = 1};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(again(&c, &g, i, FAILURE_SERVER),
                         i >= 2); /* before that, the others of the group come first */
    assert_false(again(&none, &g, 3, FAILURE_SERVER));
    assert_false(again(&c, &strict, 3, FAILURE_SERVER));
    assert_true(retry_same(&in, &f, &well, 0, 999));
    assert_false(retry_same(&in, &f, &well, 1, 999));
    assert_false(retry_same(&in, &f, &well, 0, 1000));
    assert_true(retry_same(&in, &malformed, &well, 0, 60000)); /* a model takes time to write */
    assert_false(retry_same(&in, &f, &ill, 0, 999));
    assert_false(retry_same(&in, &waits, &well, 0, 999));
    struct config policy = {.num_retries = 2};
    set(&policy.retries, FAILURE_SERVER, 0);
    assert_false(again(&policy, &g, 3, FAILURE_SERVER));
    assert_true(again(&policy, &g, 3, FAILURE_CONNECT));
}

TEST(only_quick_failures_are_retried_at_once)
{
    const struct config c = {.num_retries = 2};
    const struct model_group g = {0};
    for (unsigned kind = FAILURE_CONNECT; kind < FAILURE_KINDS; kind++)
        assert_int_equal(again(&c, &g, 3, kind),
                         kind == FAILURE_CONNECT || kind == FAILURE_SERVER || kind == FAILURE_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_a_maximum_plus_jitter),
        cmocka_unit_test(only_temporary_failures_are_retried),
        cmocka_unit_test(no_policy_no_wait),
        cmocka_unit_test(retry_after_is_a_minimum),
        cmocka_unit_test(no_policy_follows_the_plan),
        cmocka_unit_test(policy_limits_attempts_before_the_fallback),
        cmocka_unit_test(policy_may_retry_final_failures),
        cmocka_unit_test(num_retries_of_the_deployment_counts_without_a_policy),
        cmocka_unit_test(last_deployment_of_a_group_is_retried_once),
        cmocka_unit_test(only_quick_failures_are_retried_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
