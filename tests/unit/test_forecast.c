/* Unit tests of proxy/route/forecast and its parts: suspicion, rhythm, slots. */
#include "tests/unit/unit.h"
#include "proxy/route/forecast.h"
#include "proxy/route/observe.h"

#include <math.h>

#define START 10000000u

static const struct forecast_prior PRIOR = {1000, 5, 20, 5, 200}; /* 1 s, 50 tokens/s, replies of 200 tokens: 5 s */

static struct prospect now(const struct forecast *f, unsigned in_flight, uint64_t now_ms)
{
    return forecast_read(f, &PRIOR, in_flight, now_ms);
}

/* A streamed attempt that succeeds. */
static void serve(struct forecast *f, uint64_t start_ms, unsigned others, int64_t ttft_ms, int64_t total_ms)
{
    struct forecast_attempt call = forecast_started(f, &PRIOR, others, start_ms);
    struct outcome o = {.ttft_ms = ttft_ms, .total_ms = total_ms, .prompt_tokens = 4000, .output_tokens = 200};
    forecast_answered(f, &call, start_ms + (uint64_t)ttft_ms);
    forecast_ended(f, &PRIOR, &call, &o, start_ms + (uint64_t)total_ms);
}

static void fail_attempt(struct forecast *f, uint64_t start_ms, enum failure_kind kind, int64_t ttft_ms,
                         int64_t total_ms)
{
    struct failure failure = {.kind = kind, .retry_after_s = -1};
    struct forecast_attempt call = forecast_started(f, &PRIOR, 0, start_ms);
    struct outcome o = {
        .failure = &failure, .ttft_ms = ttft_ms, .total_ms = total_ms, .output_tokens = -1, .deployment_error = true};
    if (ttft_ms >= 0)
        forecast_answered(f, &call, start_ms + (uint64_t)ttft_ms);
    forecast_ended(f, &PRIOR, &call, &o, start_ms + (uint64_t)total_ms);
}

/* ---- suspicion ---- */

TEST(suspicion_rises_falls_and_decays)
{
    struct suspicion s = {0};
    double rest = suspicion_read(&s, START);
    assert_true(rest > 0 && rest < 0.05);
    suspicion_update(&s, 100, START);
    double raised = suspicion_read(&s, START);
    assert_true(raised > 20 * rest);
    assert_true(suspicion_read(&s, START - 1000) == raised); /* the clock was set back */
    double later = suspicion_read(&s, START + 10000);
    assert_true(later < raised && later > rest);
    assert_true(fabs(suspicion_read(&s, START + 600000) - rest) < 1e-6);
    suspicion_update(&s, 0.3, START + 10000);
    assert_true(suspicion_read(&s, START + 10000) < later);
}

/* In a long outage, each failed trial makes the next wait longer. */
TEST(suspicion_decays_more_slowly_each_time)
{
    struct suspicion s = {0};
    uint64_t t = START, last = 0;
    for (int trial = 0; trial < 4; trial++) {
        suspicion_update(&s, 1000, t);
        uint64_t waited = 0;
        while (suspicion_read(&s, t + waited) > 0.2)
            waited += 100;
        assert_true(waited > last);
        last = waited;
        t += waited;
    }
    assert_true(last < 600000);
}

TEST(suspicion_stays_a_probability)
{
    struct suspicion s = {0};
    uint64_t random = 7, t = 0;
    for (int i = 0; i < 100000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        t += (random >> 33) % 30000;
        suspicion_update(&s, exp((double)(random >> 40) / 2097152 - 4), t);
        double belief = suspicion_read(&s, t + (random >> 50));
        assert_true(belief > 0 && belief < 1);
    }
}

/* If the bad state was over before the next one, the outages are short. */
TEST(suspicion_decays_faster_after_recoveries)
{
    struct suspicion lasts = {0}, returns = {0};
    for (unsigned i = 0; i < 4; i++) {
        suspicion_update(&lasts, 1000, START + i * 120000u);
        suspicion_update(&returns, 1000, START + i * 120000u);
        for (unsigned n = 1; n < 6; n++)
            suspicion_update(&returns, 0.3, START + i * 120000u + 60000 + n * 5000);
    }
    assert_true(suspicion_read(&lasts, START + 3 * 120000u + 30000) >
                2 * suspicion_read(&returns, START + 3 * 120000u + 30000));
}

/* ---- rhythm ---- */

/* Simulates a deployment that fails for `bad_ms` of each period. It gets an attempt every two seconds, except for a
 * while after a failure. */
static void simulate_period(struct rhythm *r, uint64_t from_ms, uint64_t to_ms, uint64_t period_ms, uint64_t bad_ms)
{
    uint64_t next_ms = 0;
    for (uint64_t t = from_ms; t < to_ms; t += 2000) {
        if (t < next_ms)
            continue;
        if ((t - START) % period_ms < bad_ms) {
            rhythm_failed(r, t);
            next_ms = t + 15000;
        } else {
            rhythm_served(r, t);
        }
    }
}

TEST(period_is_found_and_predicted)
{
    struct rhythm r = {0};
    simulate_period(&r, START, START + 150000, 60000, 20000);
    assert_int_equal(rhythm_now(&r, START + 150000), RHYTHM_NONE); /* three onsets are not enough */
    simulate_period(&r, START + 150000, START + 350000, 60000, 20000);
    assert_int_equal(rhythm_now(&r, START + 350000), RHYTHM_GOOD);
    assert_int_equal(rhythm_now(&r, START + 360000), RHYTHM_BAD);
    assert_int_equal(rhythm_now(&r, START + 372000), RHYTHM_BAD);
    assert_int_equal(rhythm_now(&r, START + 395000), RHYTHM_GOOD);
    assert_int_equal(rhythm_now(&r, START + 425000), RHYTHM_BAD);
    assert_int_equal(rhythm_now(&r, START + 1700000), RHYTHM_NONE); /* unconfirmed for too long */
}

TEST(period_that_stops_is_dropped)
{
    struct rhythm r = {0};
    simulate_period(&r, START, START + 350000, 60000, 20000);
    assert_int_equal(rhythm_now(&r, START + 365000), RHYTHM_BAD);
    for (uint64_t t = START + 350000; t < START + 430000; t += 2000)
        rhythm_served(&r, t);
    assert_int_equal(rhythm_now(&r, START + 425000), RHYTHM_NONE);
}

/* Random failures sometimes look like a grid, but rarely enough. */
TEST(random_failures_have_no_period)
{
    unsigned found = 0;
    uint64_t random = 11;
    for (unsigned n = 0; n < 500; n++) {
        struct rhythm r = {0};
        uint64_t t = START;
        for (unsigned i = 0; i < 8; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            t += 30000 + (random >> 33) % 300000;
            rhythm_failed(&r, t);
            rhythm_served(&r, t + 20000);
        }
        found += rhythm_now(&r, t + 25000) != RHYTHM_NONE;
    }
    assert_true(found < 100);
}

/* ---- slots ---- */

TEST(slots_are_estimated_from_waits)
{
    struct slots s = {0};
    assert_true(slots_wait_ms(&s, 2, 5000) < 800);
    for (int i = 0; i < 4; i++) {
        slots_observe(&s, 1, 900, 1000, 5000);
        slots_observe(&s, 2, 4000, 1000, 5000); /* the third attempt waited */
    }
    assert_true(slots_wait_ms(&s, 1, 5000) < 300);
    assert_true(slots_wait_ms(&s, 2, 5000) > 1500);
    assert_true(slots_wait_ms(&s, 6, 5000) > slots_wait_ms(&s, 2, 5000) + 5000);
    for (int i = 0; i < 12; i++)
        slots_observe(&s, 6, 1000, 1000, 5000); /* the server got more slots */
    assert_true(slots_wait_ms(&s, 6, 5000) < 300);
}

/* ---- forecast ---- */

TEST(declared_values_give_way_to_observations)
{
    struct forecast f = {0};
    struct prospect p = now(&f, 0, START);
    assert_true(fabs(p.ttft_ms / 1000 - 1) < 0.05 && fabs(p.token_ms / 20 - 1) < 0.05 && p.error < 0.02 &&
                p.wait_ms < 1);
    for (unsigned i = 0; i < 100; i++)
        serve(&f, START + i * 2000u, 0, 500, 2500);
    p = now(&f, 0, START + 200000);
    assert_true(fabs(p.ttft_ms / 500 - 1) < 0.15 && fabs(p.token_ms / 10 - 1) < 0.15);
    p = now(&f, 0, START + 200000 + 100 * 600000u);
    assert_true(fabs(p.ttft_ms / 1000 - 1) < 0.05);
}

TEST(one_failure_counts_for_a_minute_not_for_an_hour)
{
    struct forecast f = {0};
    for (unsigned i = 0; i < 50; i++)
        serve(&f, START + i * 2000u, 0, 1000, 5000);
    fail_attempt(&f, START + 110000, FAILURE_SERVER, -1, 30);
    assert_true(now(&f, 0, START + 110030).error > 0.1);
    assert_true(now(&f, 0, START + 3600000).error < 0.03);
    serve(&f, START + 111000, 0, 1000, 5000);
    serve(&f, START + 117000, 0, 1000, 5000);
    serve(&f, START + 123000, 0, 1000, 5000);
    assert_true(now(&f, 0, START + 128000).error < 0.05);
}

TEST(success_that_started_before_the_failure_does_not_count)
{
    struct forecast f = {0};
    struct forecast_attempt old = forecast_started(&f, &PRIOR, 0, START);
    fail_attempt(&f, START + 1000, FAILURE_SERVER, -1, 30);
    struct outcome o = {.ttft_ms = 1100, .total_ms = 1200, .output_tokens = 200};
    forecast_answered(&f, &old, START + 1100);
    forecast_ended(&f, &PRIOR, &old, &o, START + 1200);
    double kept = now(&f, 0, START + 1200).failing;
    serve(&f, START + 1300, 0, 900, 4900);
    assert_true(kept > 0.3 && now(&f, 0, START + 6200).failing < 0.5 * kept);
}

TEST(quotas_and_rejected_keys_do_not_count_as_failing)
{
    static const enum failure_kind kinds[] = {FAILURE_RATE_LIMIT, FAILURE_QUOTA, FAILURE_AUTH, FAILURE_NOT_FOUND,
                                              FAILURE_CONTEXT};
    struct forecast f = {0};
    for (unsigned i = 0; i < COUNT_OF(kinds); i++)
        fail_attempt(&f, START + i * 1000u, kinds[i], -1, 20);
    assert_true(now(&f, 0, START + 6000).error < 0.02);
}

TEST(waiting_counts_while_it_lasts)
{
    struct forecast f = {0};
    struct forecast_attempt call = forecast_started(&f, &PRIOR, 0, START);
    struct prospect early = now(&f, 1, START + 900), late = now(&f, 1, START + 6000);
    assert_true(early.slow < 0.05 && late.slow > 0.2 && late.ttft_ms > 1.3 * early.ttft_ms && late.error > early.error);
    struct outcome canceled = {.ttft_ms = -1, .total_ms = 7000, .output_tokens = -1, .cancelled = true};
    forecast_ended(&f, &PRIOR, &call, &canceled, START + 7000);
    assert_true(now(&f, 0, START + 7000).slow < 0.05); /* canceled by the client: no information */
}

TEST(slowness_is_noticed_quickly_and_tested_again)
{
    struct forecast f = {0};
    for (unsigned i = 0; i < 50; i++)
        serve(&f, START + i * 2000u, 0, 1000, 5000);
    double well = now(&f, 0, START + 105000).token_ms;
    serve(&f, START + 106000, 0, 5000, 25000);
    assert_true(now(&f, 0, START + 131000).token_ms > 2 * well);
    assert_true(now(&f, 0, START + 1800000).token_ms < 1.2 * well);
}

/* Waiting for a slot is not slowness: the replies are as fast as before. */
TEST(queue_is_distinguished_from_slowness)
{
    struct forecast f = {0};
    for (unsigned i = 0; i < 12; i++) {
        serve(&f, START + i * 12000u, 0, 1000, 5000);
        serve(&f, START + i * 12000u + 5500, 2, 5500, 9500);
    }
    struct prospect p = now(&f, 0, START + 12 * 12000u), busy = now(&f, 2, START + 12 * 12000u);
    assert_true(p.token_ms < 25 && p.ttft_ms < 1600 && p.wait_ms < 1);
    assert_true(busy.wait_ms > 1500);
}

TEST(one_attempt_at_a_time_tests_a_suspicion)
{
    struct forecast f = {0};
    fail_attempt(&f, START, FAILURE_SERVER, -1, 30);
    uint64_t t = START + 15000;
    double before = now(&f, 0, t).failing;
    assert_true(before < 0.3 && before > 0.03);
    struct forecast_attempt trial = forecast_started(&f, &PRIOR, 0, t);
    assert_true(now(&f, 1, t + 100).failing >= 0.3);
    forecast_answered(&f, &trial, t + 900);
    assert_true(now(&f, 1, t + 900).failing < before);
}

TEST(early_failures_and_truncations_are_learned)
{
    struct forecast quick = {0}, cut = {0};
    for (unsigned i = 0; i < 10; i++) {
        fail_attempt(&quick, START + i * 1000u, FAILURE_SERVER, -1, 20);
        fail_attempt(&cut, START + i * 9000u, FAILURE_CUT, 1000, 3000);
    }
    assert_true(now(&quick, 0, START + 90000).early_failure_ms < 800 && now(&quick, 0, START + 90000).truncated < 0.1);
    assert_true(now(&cut, 0, START + 90000).truncated > 0.8);
}

/* A reply that is not streamed shows only its total speed. */
TEST(unstreamed_replies_count)
{
    struct forecast f = {0};
    struct forecast_attempt call = forecast_started(&f, &PRIOR, 0, START);
    struct outcome o = {.ttft_ms = 5000, .total_ms = 5000, .output_tokens = 200};
    forecast_ended(&f, &PRIOR, &call, &o, START + 5000);
    assert_true(now(&f, 0, START + 5000).slow < 0.02);
    call = forecast_started(&f, &PRIOR, 0, START + 6000);
    o = (struct outcome){.ttft_ms = 30000, .total_ms = 30000, .output_tokens = 200};
    forecast_ended(&f, &PRIOR, &call, &o, START + 36000);
    assert_true(now(&f, 0, START + 36000).slow > 0.2);
}

static double part(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (double)(*random >> 33) / 2147483648.0;
}

/* After any history, probabilities and times are valid, and no attempt stays in pending[]. */
TEST(any_history_gives_valid_predictions)
{
    uint64_t random = 3, t = START;
    struct forecast f = {0};
    for (unsigned i = 0; i < 20000; i++, t += (uint64_t)(part(&random) * 20000)) {
        int64_t ttft_ms = (int64_t)(part(&random) * 40000);
        double kind = part(&random);
        if (kind < 0.3)
            fail_attempt(&f, t, (enum failure_kind)(1 + (unsigned)(part(&random) * (FAILURE_KINDS - 1))),
                         kind < 0.1 ? ttft_ms : -1, ttft_ms);
        else
            serve(&f, t, (unsigned)(part(&random) * 40), ttft_ms, ttft_ms + (int64_t)(part(&random) * 90000));
        struct prospect p = now(&f, (unsigned)(part(&random) * 40), t);
        assert_true(p.error > 0 && p.error < 1 && p.truncated >= 0 && p.truncated <= 1 && p.failing < 1 && p.slow < 1);
        assert_true(p.ttft_ms > 0 && p.token_ms > 0 && p.wait_ms >= 0);
        assert_true(isfinite(p.ttft_ms + p.token_ms + p.wait_ms + p.early_failure_ms));
    }
    for (unsigned i = 0; i < FORECAST_PENDING; i++)
        assert_true(f.pending[i].expected_ms == 0);
}

/* Times far below the declared ones do not count as slow. */
TEST(fast_is_never_slow)
{
    for (int64_t total_ms = 2; total_ms <= 4000; total_ms *= 2) {
        struct forecast streamed = {0}, whole = {0};
        double rest = now(&streamed, 0, START + 1).slow;
        serve(&streamed, START, 0, total_ms / 4, total_ms);
        struct forecast_attempt call = forecast_started(&whole, &PRIOR, 0, START);
        struct outcome o = {.ttft_ms = total_ms, .total_ms = total_ms, .prompt_tokens = 4000, .output_tokens = 200};
        forecast_not_streamed(&whole, &call);
        forecast_ended(&whole, &PRIOR, &call, &o, START + (uint64_t)total_ms);
        assert_true(now(&streamed, 0, START + 1).slow <= rest);
        assert_true(now(&whole, 0, START + 1).slow <= rest);
    }
}

/* The speed is also learned from replies that are not streamed. */
TEST(unstreamed_replies_teach_the_speed)
{
    struct forecast f = {0};
    for (uint64_t t = START; t < START + 100000; t += 5000) {
        struct forecast_attempt call = forecast_started(&f, &PRIOR, 0, t);
        struct outcome o = {.ttft_ms = 2500, .total_ms = 2500, .prompt_tokens = 4000, .output_tokens = 200};
        forecast_not_streamed(&f, &call);
        forecast_ended(&f, &PRIOR, &call, &o, t + 2500);
    }
    struct prospect p = now(&f, 0, START + 100000); /* half of the declared 5 s */
    assert_true(p.ttft_ms > 450 && p.ttft_ms < 650 && p.token_ms > 9 && p.token_ms < 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suspicion_rises_falls_and_decays),
        cmocka_unit_test(suspicion_decays_more_slowly_each_time),
        cmocka_unit_test(suspicion_stays_a_probability),
        cmocka_unit_test(suspicion_decays_faster_after_recoveries),
        cmocka_unit_test(period_is_found_and_predicted),
        cmocka_unit_test(period_that_stops_is_dropped),
        cmocka_unit_test(random_failures_have_no_period),
        cmocka_unit_test(slots_are_estimated_from_waits),
        cmocka_unit_test(declared_values_give_way_to_observations),
        cmocka_unit_test(one_failure_counts_for_a_minute_not_for_an_hour),
        cmocka_unit_test(success_that_started_before_the_failure_does_not_count),
        cmocka_unit_test(quotas_and_rejected_keys_do_not_count_as_failing),
        cmocka_unit_test(waiting_counts_while_it_lasts),
        cmocka_unit_test(slowness_is_noticed_quickly_and_tested_again),
        cmocka_unit_test(queue_is_distinguished_from_slowness),
        cmocka_unit_test(one_attempt_at_a_time_tests_a_suspicion),
        cmocka_unit_test(early_failures_and_truncations_are_learned),
        cmocka_unit_test(unstreamed_replies_count),
        cmocka_unit_test(any_history_gives_valid_predictions),
        cmocka_unit_test(fast_is_never_slow),
        cmocka_unit_test(unstreamed_replies_teach_the_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
