/* Unit tests of proxy/route/health. */
#include "tests/unit/unit.h"
#include "proxy/terms/failure.h"
#include "proxy/route/health.h"
#include "proxy/route/limit.h"

#include <math.h>

static const struct config CONFIG = {
    .cooldown_ms = 90000,
    .allowed_fails = 2,
    .strategy_settings = {.half_life_ms = 60000, .error_half_life_ms = 60000},
};
static const struct deployment READY = {.id = NULL};

/* An attempt that starts and ends now. */
static void call_as(struct health *h, const struct config *c, struct outcome o, uint64_t now_ms)
{
    struct health_attempt call = health_started(h, c, &READY, 0, now_ms);
    health_ended(h, c, &READY, &call, &o, now_ms);
}

static void call(struct health *h, struct outcome o, uint64_t now_ms)
{
    call_as(h, &CONFIG, o, now_ms);
}

static void fail_as(struct health *h, const struct config *c, const struct failure *f, uint64_t now_ms)
{
    call_as(h, c, (struct outcome){.failure = f, .ttft_ms = -1, .cost_usd = NAN, .deployment_error = true}, now_ms);
}

static void fail_with(struct health *h, enum failure_kind kind, int retry_after_s, uint64_t now_ms)
{
    struct failure f = {.kind = kind, .retry_after_s = retry_after_s};
    fail_as(h, &CONFIG, &f, now_ms);
}

static void succeed(struct health *h, uint64_t now_ms)
{
    call(h,
         (struct outcome){
             .ttft_ms = 500, .total_ms = 2500, .prompt_tokens = 70, .output_tokens = 100, .cost_usd = 0.01},
         now_ms);
}

/* The cooldown after this one failure. */
static uint64_t cooldown_after(enum failure_kind kind, int retry_after_s)
{
    struct health h = {0};
    fail_with(&h, kind, retry_after_s, 1000);
    return h.cooldown_until_ms ? h.cooldown_until_ms - 1000 : 0;
}

TEST(each_failure_has_its_cooldown)
{
    assert_int_equal(cooldown_after(FAILURE_QUOTA, -1), 300000);
    assert_int_equal(cooldown_after(FAILURE_AUTH, -1), 3600000);
    assert_int_equal(cooldown_after(FAILURE_NOT_FOUND, -1), 1800000);
    assert_int_equal(cooldown_after(FAILURE_RATE_LIMIT, -1), 90000);
    assert_int_equal(cooldown_after(FAILURE_SERVER, -1), 0);
    assert_int_equal(cooldown_after(FAILURE_BAD_REQUEST, -1), 0);
}

TEST(retry_after_wins)
{
    assert_int_equal(cooldown_after(FAILURE_RATE_LIMIT, 7), 7000);
    assert_int_equal(cooldown_after(FAILURE_QUOTA, 7), 7000);
    assert_int_equal(cooldown_after(FAILURE_OVERLOADED, 20), 20000);
    assert_int_equal(cooldown_after(FAILURE_RATE_LIMIT, 0), 0);
    assert_int_equal(cooldown_after(FAILURE_RATE_LIMIT, 1 << 30), 3600000);
    assert_int_equal(cooldown_after(FAILURE_BAD_REQUEST, 7), 0);
}

TEST(policy_forgives_by_kind_of_failure)
{
    struct config config = CONFIG;
    struct failure limit = {.kind = FAILURE_RATE_LIMIT, .retry_after_s = -1};
    struct failure timeout = {.kind = FAILURE_TIMEOUT, .retry_after_s = -1};
    struct health h = {0};
    config.allowed.of[FAILURE_RATE_LIMIT] = (typeof(*config.allowed.of)){true, 1};
    config.allowed.of[FAILURE_TIMEOUT] = (typeof(*config.allowed.of)){true, 0};
    fail_as(&h, &config, &limit, 10);
    assert_true(limit_available(&h, &READY, 10, NULL));
    fail_as(&h, &config, &limit, 20);
    assert_false(limit_available(&h, &READY, 20, NULL));
    h = (struct health){0};
    fail_as(&h, &config, &timeout, 10);
    assert_false(limit_available(&h, &READY, 10, NULL));
    h = (struct health){0};
    limit.retry_after_s = 7; /* the provider's Retry-After wins */
    fail_as(&h, &config, &limit, 10);
    assert_false(limit_available(&h, &READY, 10, NULL));
}

TEST(cooldowns_can_be_disabled)
{
    struct config config = CONFIG;
    config.no_cooldowns = true;
    for (unsigned kind = FAILURE_CONNECT; kind < FAILURE_KINDS; kind++) {
        struct health h = {0};
        struct failure f = {.kind = (enum failure_kind)kind, .retry_after_s = 7};
        for (unsigned i = 0; i < 5; i++)
            fail_as(&h, &config, &f, 10);
        assert_true(limit_available(&h, &READY, 10, NULL));
    }
}

/* A backend that fails quickly must not attract traffic: after a few failures in a row it cools down, whatever the
 * status. */
TEST(server_errors_are_forgiven_a_few_times)
{
    const enum failure_kind kinds[] = {FAILURE_CONNECT, FAILURE_TIMEOUT, FAILURE_SERVER,  FAILURE_OVERLOADED,
                                       FAILURE_CUT,     FAILURE_EMPTY,   FAILURE_PROTOCOL};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct health h = {0};
        fail_with(&h, kinds[i], -1, 10);
        fail_with(&h, kinds[i], -1, 20);
        assert_true(limit_available(&h, &READY, 20, NULL));
        fail_with(&h, kinds[i], -1, 30);
        assert_false(limit_available(&h, &READY, 30, NULL));
        assert_false(limit_available(&h, &READY, 90029, NULL));
        assert_true(limit_available(&h, &READY, 90030, NULL));
        fail_with(&h, kinds[i], -1, 100000); /* after the cooldown, one failure is enough */
        assert_false(limit_available(&h, &READY, 100000, NULL));
    }
}

TEST(success_ends_all_cooldowns)
{
    struct health h = {0};
    fail_with(&h, FAILURE_SERVER, -1, 0);
    fail_with(&h, FAILURE_SERVER, -1, 0);
    succeed(&h, 0);
    assert_int_equal(h.successes, 1);
    fail_with(&h, FAILURE_SERVER, -1, 0);
    assert_int_equal(h.failures, 1);
    fail_with(&h, FAILURE_AUTH, -1, 0);
    assert_false(limit_available(&h, &READY, 1, NULL));
    succeed(&h, 1);
    assert_true(limit_available(&h, &READY, 1, NULL));
    assert_int_equal(h.reason, FAILURE_NONE);
}

TEST(errors_of_the_request_do_not_count)
{
    const enum failure_kind kinds[] = {FAILURE_BAD_REQUEST, FAILURE_CONTEXT, FAILURE_CONTENT_FILTER, FAILURE_INTERNAL};
    struct health h = {0};
    for (int n = 0; n < 10; n++)
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
            fail_with(&h, kinds[i], -1, 0);
    assert_int_equal(h.failures, 0);
    assert_true(limit_available(&h, &READY, 0, NULL));
}

TEST(late_failure_does_not_shorten_a_cooldown)
{
    struct health h = {0};
    fail_with(&h, FAILURE_AUTH, -1, 0);
    fail_with(&h, FAILURE_RATE_LIMIT, 1, 10);
    assert_int_equal(h.cooldown_until_ms, 3600000);
}

TEST(success_that_started_before_the_cooldown_does_not_end_it)
{
    struct health h = {0};
    struct health_attempt old = health_started(&h, &CONFIG, &READY, 0, 0);
    fail_with(&h, FAILURE_RATE_LIMIT, 60, 1000);
    struct outcome served = {.ttft_ms = 1, .total_ms = 2000, .prompt_tokens = 1, .output_tokens = 1, .cost_usd = NAN};
    health_ended(&h, &CONFIG, &READY, &old, &served, 2000);
    assert_false(limit_available(&h, &READY, 2000, NULL));
    assert_int_equal(h.successes, 1);
    succeed(&h, 3000); /* an attempt during the cooldown succeeded */
    assert_true(limit_available(&h, &READY, 3000, NULL));
}

/* Fails until the breaker opens. Returns the time of the last failure. */
static uint64_t open_breaker(struct health *h, uint64_t now_ms)
{
    for (int i = 0; i < 3; i++)
        fail_with(h, FAILURE_SERVER, -1, now_ms);
    return now_ms;
}

TEST(one_trial_call_at_a_time)
{
    struct health h = {0};
    open_breaker(&h, 0);
    struct health_attempt trial = health_started(&h, &CONFIG, &READY, 0, 90000);
    assert_true(trial.trial);
    assert_false(limit_available(&h, &READY, 90001, NULL));
    struct outcome canceled = {.ttft_ms = -1, .cost_usd = NAN, .cancelled = true};
    health_ended(&h, &CONFIG, &READY, &trial, &canceled, 91000);
    assert_true(limit_available(&h, &READY, 91000, NULL)); /* no result: the next attempt is the trial */
    trial = health_started(&h, &CONFIG, &READY, 0, 91000);
    assert_false(limit_available(&h, &READY, 91000 + BREAKER_TRIAL_MS - 1, NULL));
    assert_true(limit_available(&h, &READY, 91000 + BREAKER_TRIAL_MS, NULL)); /* the trial takes too long */
    struct outcome served = {.ttft_ms = 1, .total_ms = 2000, .prompt_tokens = 1, .output_tokens = 1, .cost_usd = NAN};
    health_ended(&h, &CONFIG, &READY, &trial, &served, 93000);
    assert_true(limit_available(&h, &READY, 93000, NULL));
    assert_int_equal(h.breaker.opened, 0);
    assert_int_equal(h.failures, 0);
}

/* An attempt that fails after `took_ms` without content. */
static void time_out(struct health *h, uint64_t took_ms, uint64_t now_ms)
{
    struct failure f = {.kind = FAILURE_TIMEOUT, .retry_after_s = -1};
    call(h,
         (struct outcome){
             .failure = &f, .ttft_ms = -1, .total_ms = (int64_t)took_ms, .cost_usd = NAN, .deployment_error = true},
         now_ms);
}

TEST(each_failed_trial_doubles_the_open_time)
{
    struct health h = {0};
    uint64_t now = open_breaker(&h, 0), wait = 90000;
    for (int i = 0; i < 6; i++) {
        now = h.breaker.until_ms;
        time_out(&h, 60000, now);
        wait = wait * 2 < BREAKER_CAP_MS ? wait * 2 : BREAKER_CAP_MS;
        uint64_t got = h.breaker.until_ms - now;
        assert_true(got >= wait && got <= wait + wait / 10);
        time_out(&h, 60000, now + 5); /* a late failure changes nothing */
        assert_int_equal(h.breaker.until_ms - now, got);
    }
    succeed(&h, h.breaker.until_ms);
    open_breaker(&h, now * 2);
    assert_int_equal(h.breaker.until_ms, now * 2 + 90000);
}

/* An outage of a minute, with a request every four seconds and LiteLLM's defaults. If failures are quick, the
 * deployment is used again soon after it is back. If they cost a user's time, it is skipped for longer. */
TEST(cheap_trials_are_made_more_often)
{
    const struct config config = {
        .cooldown_ms = 5000, .allowed_fails = 3, .strategy_settings = CONFIG.strategy_settings};
    const struct {
        int64_t took_ms;
        uint64_t back_by, most_trials;
    } rows[] = {{5, 90000, 8}, {10000, 260000, 8}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct health h = {0};
        struct failure f = {.kind = FAILURE_OVERLOADED, .retry_after_s = -1};
        uint64_t now = 1000, trials = 0, back = 0;
        for (; !back; now += 4000) {
            if (!limit_available(&h, &READY, now, NULL))
                continue;
            struct health_attempt made = health_started(&h, &config, &READY, 0, now);
            bool up = now >= 61000;
            struct outcome o = {.failure = up ? NULL : &f,
                                .ttft_ms = -1,
                                .total_ms = rows[i].took_ms,
                                .prompt_tokens = -1,
                                .output_tokens = -1,
                                .cost_usd = NAN,
                                .deployment_error = true,
                                .draw = now};
            health_ended(&h, &config, &READY, &made, &o, now + (uint64_t)rows[i].took_ms);
            back = up ? now : 0;
            trials += !up;
        }
        assert_in_range(back, 61000, 1000 + rows[i].back_by);
        assert_in_range(trials, 4, rows[i].most_trials);
    }
    struct health quick = {0}, slow = {0};
    for (uint64_t n = 0; n < 20; n++) {
        fail_with(&quick, FAILURE_SERVER, -1, quick.breaker.until_ms);
        time_out(&slow, 30000, slow.breaker.until_ms);
    }
    assert_int_equal(quick.breaker.opened, slow.breaker.opened);
    assert_true(slow.breaker.until_ms > 5 * quick.breaker.until_ms);
}

/* The same holds in the worst order of overlapping attempts, and no trial is lost. */
TEST(breaker_never_locks_up)
{
    struct health h = {0};
    struct health_attempt calls[8] = {{0}};
    bool running[8] = {false};
    uint64_t random = 3, now = 0;
    for (int n = 0; n < 200000; n++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned i = (unsigned)(random >> 40) % 8;
        now += (random >> 45) % 2000;
        struct failure f = {.kind = (random >> 50) % 7 ? FAILURE_SERVER : FAILURE_RATE_LIMIT, .retry_after_s = -1};
        struct outcome o = {.failure = (random >> 33) % 4 ? &f : NULL,
                            .ttft_ms = 1,
                            .total_ms = 1,
                            .prompt_tokens = 1,
                            .output_tokens = 1,
                            .cost_usd = NAN,
                            .cancelled = (random >> 36) % 16 == 0,
                            .deployment_error = true,
                            .draw = random};
        if (!running[i] && limit_available(&h, &READY, now, NULL))
            calls[i] = health_started(&h, &CONFIG, &READY, 10, now);
        else if (running[i])
            health_ended(&h, &CONFIG, &READY, &calls[i], &o, now);
        else
            continue;
        running[i] = !running[i];
        assert_true(h.breaker.until_ms <= now + BREAKER_CAP_MS + BREAKER_CAP_MS / 10);
        assert_true(limit_available(&h, &READY, now + 2 * BREAKER_CAP_MS, NULL));
    }
    assert_true(h.calls > 1000);
}

TEST(reported_quota_counts)
{
    struct health h = {0};
    struct buf why;
    buf_init(&why, 256);
    health_set_rate_limits(&h, &(struct rate_limits){.primary = {true, 100, 300, 60}}, 1000);
    health_set_rate_limits(&h, &(struct rate_limits){0}, 2000); /* a reply without such fields changes nothing */
    assert_false(limit_available(&h, &READY, 31000, &why));
    assert_buf(&why, "quota used up for 30 s, as the provider reports");
    assert_true(limit_available(&h, &READY, 61000, NULL));
    buf_free(&why);
}

TEST(reset_forgets_statistics_only)
{
    struct health h = {.real_context = 4096, .limits = {.primary = {true, 100, 300, 60}}};
    struct deployment d = {.max_input_tokens = 32768};
    struct health_attempt running = health_started(&h, &CONFIG, &READY, 0, 0);
    open_breaker(&h, 0);
    health_reset(&h, 0);
    assert_int_equal(h.in_flight, 1);
    assert_int_equal(h.breaker.opened + h.failures, 0);
    assert_int_equal(health_context_window(&h, &d), 4096);
    assert_true(h.limits.primary.known && isnan(ewma_mean(&h.seen.errors)));
    struct outcome o = {.ttft_ms = 1, .total_ms = 2, .prompt_tokens = 1, .output_tokens = 1, .cost_usd = NAN};
    health_ended(&h, &CONFIG, &READY, &running, &o, 5);
    assert_int_equal(h.in_flight, 0);
}

/* The odds that the next attempt fails. */
static double odds(const struct health *h, uint64_t now_ms)
{
    struct forecast_prior prior = forecast_prior(&READY, 300);
    return forecast_read(&h->forecast, &prior, h->in_flight, now_ms).error;
}

TEST(waiting_for_an_unstreamed_reply_does_not_count)
{
    struct health h = {0};
    double usual = odds(&h, 0);
    struct health_attempt streamed = health_started(&h, &CONFIG, &READY, 0, 0);
    assert_true(odds(&h, 60000) > 2 * usual);
    health_not_streamed(&h, &streamed);
    assert_true(odds(&h, 60000) < 1.1 * usual);
}

/* Attempts in flight at a reload end under the old configuration; the new one must not wait for them. */
TEST(attempts_in_flight_are_not_carried_over)
{
    struct health h = {0}, next;
    open_breaker(&h, 0);
    struct health_attempt trial = health_started(&h, &CONFIG, &READY, 0, h.breaker.until_ms);
    assert_true(trial.trial);
    health_carry(&next, &h);
    assert_int_equal(next.in_flight, 0);
    assert_true(limit_available(&next, &READY, trial.started_ms, NULL));
    assert_true(odds(&next, trial.started_ms + 60000) <= odds(&h, trial.started_ms));
    assert_true(odds(&h, trial.started_ms + 60000) > odds(&next, trial.started_ms + 60000));
}

TEST(message_says_why_not_available)
{
    struct health h = {0};
    struct deployment off = {.not_ready = (char[]){"GEMINI_API_KEY is not set"}};
    struct buf why;
    buf_init(&why, 256);
    fail_with(&h, FAILURE_RATE_LIMIT, 240, 500);
    assert_false(limit_available(&h, &READY, 501, &why));
    assert_buf(&why, "cooling down for 240 s after rate_limit");
    buf_clear(&why);
    snprintf(h.probe, sizeof h.probe, "Ollama does not run");
    assert_false(limit_available(&h, &READY, 501, &why));
    assert_buf(&why, "Ollama does not run");
    buf_clear(&why);
    assert_false(limit_available(&h, &off, 501, &why));
    assert_buf(&why, "GEMINI_API_KEY is not set");
    buf_free(&why);
}

TEST(attempts_in_flight_are_counted)
{
    struct health h = {0};
    struct health_attempt first = health_started(&h, &CONFIG, &READY, 100, 0),
                          second = health_started(&h, &CONFIG, &READY, 100, 0);
    struct outcome canceled = {
        .ttft_ms = -1, .prompt_tokens = -1, .output_tokens = -1, .cost_usd = NAN, .cancelled = true};
    assert_int_equal(h.in_flight, 2);
    assert_int_equal(h.calls, 2);
    health_ended(&h, &CONFIG, &READY, &first, &canceled, 10);
    struct health other;
    health_carry(&other, &h); /* the second attempt ends under the old configuration */
    assert_true(other.calls == 1 && other.ended == 1 && other.in_flight == 0);
    health_ended(&h, &CONFIG, &READY, &second, &canceled, 10);
    assert_int_equal(h.in_flight, 0);
    assert_int_equal(h.successes, 0);
    assert_true(isnan(ewma_mean(&h.seen.errors))); /* a canceled attempt has no information about the deployment */
}

TEST(tokens_are_reserved_and_then_corrected)
{
    struct health h = {0};
    struct health_attempt c = health_started(&h, &CONFIG, &READY, 1000, 500);
    assert_int_equal(window_read(&h.window, 500).tokens, 1000);
    struct outcome o = {.ttft_ms = 500, .total_ms = 2500, .prompt_tokens = 900, .output_tokens = 300, .cost_usd = NAN};
    health_ended(&h, &CONFIG, &READY, &c, &o, 3000);
    assert_int_equal(window_read(&h.window, 3000).tokens, 1200);
    c = health_started(&h, &CONFIG, &READY, 1000, 3000);
    assert_int_equal(window_read(&h.window, 3000).tokens, 2500); /* plus the usual output of a reply */
    struct failure f = {.kind = FAILURE_SERVER, .retry_after_s = -1};
    o = (struct outcome){.failure = &f,
                         .ttft_ms = -1,
                         .prompt_tokens = -1,
                         .output_tokens = -1,
                         .cost_usd = NAN,
                         .deployment_error = true};
    health_ended(&h, &CONFIG, &READY, &c, &o, 3100);
    assert_int_equal(window_read(&h.window, 3100).tokens, 1200);
    assert_int_equal(window_read(&h.window, 3100).requests, 2);
    assert_int_equal(window_read(&h.window, 63000).requests, 0);
}

/* A quick failure must not make a deployment look fast; a slow one makes it look slow. */
TEST(counted_prompts_calibrate_the_estimate)
{
    struct health h = {0};
    struct outcome served = {.ttft_ms = 1, .total_ms = 2, .prompt_tokens = 100, .output_tokens = 1, .cost_usd = NAN};
    call(&h, served, 0);
    assert_int_equal(h.calibration.samples, 0);
    served.prompt_bytes = 300;
    call(&h, served, 0);
    assert_int_equal(h.calibration.samples, 1);
    assert_true(h.calibration.bytes_per_token == 3);
    served.cancelled = true;
    call(&h, served, 0);
    assert_int_equal(h.calibration.samples, 1);
}

TEST(rejected_request_parts_are_remembered)
{
    struct health h = {0};
    const uint64_t day = 24 * 3600 * 1000;
    struct health copy;
    struct omissions omit;
    assert_true(health_refused(&h, &(struct omissions){.parts = PART_IMAGES}, 1000));
    assert_true(health_refused(&h, &(struct omissions){.parts = PART_IMAGES | PART_EFFORT}, 5000));
    assert_false(health_refused(&h, &(struct omissions){.parts = PART_IMAGES}, 6000));
    refused_read(&h.refused, 7000, &omit);
    assert_int_equal(omit.parts, PART_IMAGES | PART_EFFORT);
    refused_read(&h.refused, 1000 + day, &omit); /* parts that were refused later stay longer */
    assert_int_equal(omit.parts, PART_EFFORT);
    refused_read(&h.refused, 5000 + day, &omit);
    assert_int_equal(omit.parts, 0);
    health_carry(&copy, &h); /* a reload */
    refused_read(&copy.refused, 7000, &omit);
    assert_int_equal(omit.parts, 0);
    health_reset(&h, 7000);
    refused_read(&h.refused, 7000, &omit);
    assert_int_equal(omit.parts, 0);
}

TEST(counts_of_other_workers_are_added)
{
    struct health h = {.in_flight = 9}, other = {0};
    struct window ours = {0}, theirs = {0};
    window_add(&ours, 1, 10, 1000);
    window_add(&theirs, 2, 20, 1000);
    fail_with(&other, FAILURE_QUOTA, -1, 1000);
    const struct cooldown_state shared = health_cooldown_state(&other);
    health_set_own_counts(&h, 2, &ours);
    health_add_worker(&h, 3, &theirs, &shared);
    assert_int_equal(h.in_flight, 5);
    assert_int_equal(window_read(&h.window, 1000).tokens, 30);
    assert_int_equal(h.cooldown_until_ms, other.cooldown_until_ms);
    health_set_own_counts(&h, 2, &ours);
    assert_int_equal(h.in_flight, 2);
    assert_int_equal(window_read(&h.window, 1000).tokens, 10);
}

TEST(failures_never_make_a_deployment_look_fast)
{
    struct health h = {0};
    struct failure f = {.kind = FAILURE_SERVER, .retry_after_s = -1};
    struct outcome o = {.failure = &f, .ttft_ms = -1, .total_ms = 20, .cost_usd = NAN, .deployment_error = true};
    call(&h, o, 0);
    assert_true(isnan(ewma_mean(&h.seen.ttft_ms)));
    succeed(&h, 0);
    for (int i = 0; i < 50; i++)
        call(&h, o, 0);
    assert_true(ewma_mean(&h.seen.ttft_ms) == 500 && ewma_mean(&h.seen.total_ms) == 2500);
    assert_true(ewma_mean(&h.seen.errors) > 0.98);
    o.total_ms = 30000;
    call(&h, o, 0);
    assert_true(ewma_mean(&h.seen.ttft_ms) > 15000);
}

TEST(speed_is_measured_after_the_first_token)
{
    struct health h = {0};
    succeed(&h, 0);
    assert_true(ewma_mean(&h.seen.tokens_per_second) == 50); /* 100 tokens in 2,000 ms */
    /* A reply of 100 tokens after 5 s, not streamed: at 50 tokens/s its first token came after 3 s. */
    call(&h,
         (struct outcome){.ttft_ms = 5000, .total_ms = 5000, .prompt_tokens = 1, .output_tokens = 100, .cost_usd = NAN},
         0);
    assert_true(ewma_mean(&h.seen.tokens_per_second) == 50);
    assert_true(ewma_mean(&h.seen.ttft_ms) == 1750);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_has_its_cooldown),
        cmocka_unit_test(retry_after_wins),
        cmocka_unit_test(policy_forgives_by_kind_of_failure),
        cmocka_unit_test(cooldowns_can_be_disabled),
        cmocka_unit_test(server_errors_are_forgiven_a_few_times),
        cmocka_unit_test(success_ends_all_cooldowns),
        cmocka_unit_test(errors_of_the_request_do_not_count),
        cmocka_unit_test(late_failure_does_not_shorten_a_cooldown),
        cmocka_unit_test(message_says_why_not_available),
        cmocka_unit_test(success_that_started_before_the_cooldown_does_not_end_it),
        cmocka_unit_test(one_trial_call_at_a_time),
        cmocka_unit_test(each_failed_trial_doubles_the_open_time),
        cmocka_unit_test(cheap_trials_are_made_more_often),
        cmocka_unit_test(breaker_never_locks_up),
        cmocka_unit_test(reported_quota_counts),
        cmocka_unit_test(reset_forgets_statistics_only),
        cmocka_unit_test(waiting_for_an_unstreamed_reply_does_not_count),
        cmocka_unit_test(attempts_in_flight_are_not_carried_over),
        cmocka_unit_test(attempts_in_flight_are_counted),
        cmocka_unit_test(tokens_are_reserved_and_then_corrected),
        cmocka_unit_test(counted_prompts_calibrate_the_estimate),
        cmocka_unit_test(rejected_request_parts_are_remembered),
        cmocka_unit_test(counts_of_other_workers_are_added),
        cmocka_unit_test(failures_never_make_a_deployment_look_fast),
        cmocka_unit_test(speed_is_measured_after_the_first_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
