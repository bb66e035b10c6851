/* Unit tests of proxy/route/retry. */
#include "tests/unit/unit.h"
#include "proxy/route/retry.h"

static const struct retry_policy AGENT = {5, 120, 1500};

static int wait_ms(const struct retry_policy *policy, unsigned nth, enum failure_kind kind, int retry_after_s, uint64_t draw)
{
    const struct failure f = {.kind = kind, .retry_after_s = retry_after_s};
    return retry_wait_ms(policy, nth, &f, draw);
}

static void waits_double_up_to_a_ceiling_with_some_on_top(void **state)
{
    (void)state;
    static const int bare[] = {120, 240, 480, 960, 1500};
    for (unsigned nth = 0; nth < COUNT_OF(bare); nth++)
        for (uint64_t draw = 0; draw < 40; draw++)
            assert_in_range(wait_ms(&AGENT, nth, FAILURE_SERVER, -1, draw), bare[nth] * 105 / 100, bare[nth] * 115 / 100);
    assert_int_not_equal(wait_ms(&AGENT, 4, FAILURE_SERVER, -1, 1), wait_ms(&AGENT, 4, FAILURE_SERVER, -1, 2));
    assert_int_equal(wait_ms(&AGENT, 5, FAILURE_SERVER, -1, 0), -1);
    const struct retry_policy endless = {1000000, 120, 1500};
    assert_in_range(wait_ms(&endless, 999999, FAILURE_SERVER, -1, UINT64_MAX), 1575, 1725);
}

static void only_what_may_pass_is_retried(void **state)
{
    (void)state;
    static const enum failure_kind passing[] = {FAILURE_CONNECT, FAILURE_SERVER, FAILURE_OVERLOADED, FAILURE_CUT};
    for (int kind = FAILURE_CONNECT; kind <= FAILURE_INTERNAL; kind++) {
        bool passes = false;
        for (size_t i = 0; i < COUNT_OF(passing); i++)
            passes |= kind == (int)passing[i];
        assert_int_equal(wait_ms(&AGENT, 0, (enum failure_kind)kind, -1, 0) >= 0, passes);
    }
}

static void without_a_policy_the_next_deployment_is_tried_at_once(void **state)
{
    (void)state;
    const struct retry_policy none = {0};
    assert_int_equal(wait_ms(&none, 0, FAILURE_CONNECT, -1, 0), -1);
}

static void the_providers_own_wait_counts(void **state)
{
    (void)state;
    assert_in_range(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, 1, 0), 1000, 1150);
    assert_in_range(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, 0, 0), 126, 138);
    assert_int_equal(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, 2, 0), -1);
    assert_int_equal(wait_ms(&AGENT, 0, FAILURE_OVERLOADED, INT32_MAX, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_a_ceiling_with_some_on_top),
        cmocka_unit_test(only_what_may_pass_is_retried),
        cmocka_unit_test(without_a_policy_the_next_deployment_is_tried_at_once),
        cmocka_unit_test(the_providers_own_wait_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
