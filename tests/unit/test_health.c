/* Unit tests of proxy/route/health. */
#include "tests/unit/unit.h"
#include "proxy/route/failure.h"
#include "proxy/route/health.h"

static const struct config CONFIG = {.cooldown_ms = 90000, .allowed_fails = 2};
static const struct deployment READY = {.id = NULL};

static void fail_with(struct health *h, enum failure_kind kind, int retry_after_s, uint64_t now_ms)
{
    struct failure f = {.kind = kind, .retry_after_s = retry_after_s};
    health_failed(h, &CONFIG, &f, now_ms);
}

/* How long it rests after this one failure. */
static uint64_t rest_after(enum failure_kind kind, int retry_after_s)
{
    struct health h = {0};
    fail_with(&h, kind, retry_after_s, 1000);
    return h.resting_until ? h.resting_until - 1000 : 0;
}

static void each_kind_has_its_rest(void **state)
{
    (void)state;
    assert_int_equal(rest_after(FAILURE_QUOTA, -1), 300000);
    assert_int_equal(rest_after(FAILURE_AUTH, -1), 3600000);
    assert_int_equal(rest_after(FAILURE_NOT_FOUND, -1), 1800000);
    assert_int_equal(rest_after(FAILURE_RATE_LIMIT, -1), 90000);
    assert_int_equal(rest_after(FAILURE_SERVER, -1), 0);
    assert_int_equal(rest_after(FAILURE_BAD_REQUEST, -1), 0);
}

static void retry_after_comes_first(void **state)
{
    (void)state;
    assert_int_equal(rest_after(FAILURE_RATE_LIMIT, 7), 7000);
    assert_int_equal(rest_after(FAILURE_QUOTA, 7), 7000);
    assert_int_equal(rest_after(FAILURE_OVERLOADED, 20), 20000);
    assert_int_equal(rest_after(FAILURE_RATE_LIMIT, 0), 0);
    assert_int_equal(rest_after(FAILURE_RATE_LIMIT, 1 << 30), 3600000);
    assert_int_equal(rest_after(FAILURE_BAD_REQUEST, 7), 0);
}

static void a_policy_forgives_by_the_kind_of_failure(void **state)
{
    (void)state;
    struct config config = CONFIG;
    struct failure limit = {.kind = FAILURE_RATE_LIMIT, .retry_after_s = -1};
    struct failure timeout = {.kind = FAILURE_TIMEOUT, .retry_after_s = -1};
    struct health h = {0};
    config.allowed.of[FAILURE_RATE_LIMIT] = (typeof(*config.allowed.of)){true, 1};
    config.allowed.of[FAILURE_TIMEOUT] = (typeof(*config.allowed.of)){true, 0};
    health_failed(&h, &config, &limit, 10);
    assert_true(health_ready(&h, &READY, 10, NULL));
    health_failed(&h, &config, &limit, 20);
    assert_false(health_ready(&h, &READY, 20, NULL));
    h = (struct health){0};
    health_failed(&h, &config, &timeout, 10);
    assert_false(health_ready(&h, &READY, 10, NULL));
    h = (struct health){0};
    limit.retry_after_s = 7;     /* the provider's word comes first */
    health_failed(&h, &config, &limit, 10);
    assert_false(health_ready(&h, &READY, 10, NULL));
}

static void rests_can_be_switched_off(void **state)
{
    (void)state;
    struct config config = CONFIG;
    config.no_cooldowns = true;
    for (unsigned kind = FAILURE_CONNECT; kind < FAILURE_KINDS; kind++) {
        struct health h = {0};
        struct failure f = {.kind = (enum failure_kind)kind, .retry_after_s = 7};
        for (unsigned i = 0; i < 5; i++)
            health_failed(&h, &config, &f, 10);
        assert_true(health_ready(&h, &READY, 10, NULL));
    }
}

/* A backend that fails quickly must not go on drawing calls: after a few in a row it rests, whatever the status. */
static void server_errors_are_forgiven_a_few_times(void **state)
{
    (void)state;
    const enum failure_kind kinds[] = {FAILURE_CONNECT, FAILURE_TIMEOUT, FAILURE_SERVER, FAILURE_OVERLOADED, FAILURE_CUT,
                                       FAILURE_EMPTY, FAILURE_PROTOCOL};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct health h = {0};
        fail_with(&h, kinds[i], -1, 10);
        fail_with(&h, kinds[i], -1, 20);
        assert_true(health_ready(&h, &READY, 20, NULL));
        fail_with(&h, kinds[i], -1, 30);
        assert_false(health_ready(&h, &READY, 30, NULL));
        assert_int_equal(h.resting_until, 90030);
        assert_true(health_ready(&h, &READY, 90030, NULL));
        fail_with(&h, kinds[i], -1, 100000);    /* the one after the rest is enough */
        assert_false(health_ready(&h, &READY, 100000, NULL));
    }
}

static void a_success_clears_all(void **state)
{
    (void)state;
    struct health h = {0};
    fail_with(&h, FAILURE_SERVER, -1, 0);
    fail_with(&h, FAILURE_SERVER, -1, 0);
    health_succeeded(&h);
    assert_int_equal(h.successes, 1);
    fail_with(&h, FAILURE_SERVER, -1, 0);
    assert_int_equal(h.failures, 1);
    fail_with(&h, FAILURE_AUTH, -1, 0);
    assert_false(health_ready(&h, &READY, 1, NULL));
    health_succeeded(&h);
    assert_true(health_ready(&h, &READY, 1, NULL));
    assert_int_equal(h.reason, FAILURE_NONE);
}

static void faults_of_the_request_are_not_the_deployments(void **state)
{
    (void)state;
    const enum failure_kind kinds[] = {FAILURE_BAD_REQUEST, FAILURE_CONTEXT, FAILURE_CONTENT_FILTER, FAILURE_INTERNAL};
    struct health h = {0};
    for (int n = 0; n < 10; n++)
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
            fail_with(&h, kinds[i], -1, 0);
    assert_int_equal(h.failures, 0);
    assert_true(health_ready(&h, &READY, 0, NULL));
}

static void a_late_failure_does_not_shorten_a_rest(void **state)
{
    (void)state;
    struct health h = {0};
    fail_with(&h, FAILURE_AUTH, -1, 0);
    fail_with(&h, FAILURE_RATE_LIMIT, 1, 10);
    assert_int_equal(h.resting_until, 3600000);
}

static void why_not_ready_is_said(void **state)
{
    (void)state;
    struct health h = {0};
    struct deployment off = {.not_ready = (char[]){"GEMINI_API_KEY is not set"}};
    struct buf why;
    buf_init(&why, 256);
    fail_with(&h, FAILURE_RATE_LIMIT, 240, 500);
    assert_false(health_ready(&h, &READY, 501, &why));
    assert_buf(&why, "rests 240 s after rate_limit");
    buf_clear(&why);
    snprintf(h.probe, sizeof h.probe, "Ollama does not run");
    assert_false(health_ready(&h, &READY, 501, &why));
    assert_buf(&why, "Ollama does not run");
    buf_clear(&why);
    assert_false(health_ready(&h, &off, 501, &why));
    assert_buf(&why, "GEMINI_API_KEY is not set");
    buf_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_rest),
        cmocka_unit_test(retry_after_comes_first),
        cmocka_unit_test(a_policy_forgives_by_the_kind_of_failure),
        cmocka_unit_test(rests_can_be_switched_off),
        cmocka_unit_test(server_errors_are_forgiven_a_few_times),
        cmocka_unit_test(a_success_clears_all),
        cmocka_unit_test(faults_of_the_request_are_not_the_deployments),
        cmocka_unit_test(a_late_failure_does_not_shorten_a_rest),
        cmocka_unit_test(why_not_ready_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
