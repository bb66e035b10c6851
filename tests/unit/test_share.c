/* Unit tests of proxy/route/share, and of merging windows and cooldowns of several workers. */
#include "tests/unit/unit.h"
#include "proxy/terms/failure.h"
#include "proxy/route/limit.h"
#include "proxy/route/share.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct config CONFIG = {
    .cooldown_ms = 90000,
    .allowed_fails = 0,
    .strategy_settings = {.half_life_ms = 60000, .error_half_life_ms = 60000},
};
static const struct deployment READY = {.id = NULL};

TEST(each_name_has_a_slot)
{
    struct share *s = share_new(2);
    unsigned a = share_slot(s, SLICE("a")), b = share_slot(s, SLICE("b"));
    assert_true(a < SHARE_SLOTS && b < SHARE_SLOTS && a != b);
    assert_int_equal(share_slot(s, SLICE("a")), a);
    for (unsigned i = 2; i < SHARE_SLOTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        assert_true(share_slot(s, slice_of(name)) < SHARE_SLOTS);
    }
    assert_int_equal(share_slot(s, SLICE("one too many")), SHARE_NONE);
    assert_int_equal(share_slot(s, SLICE("b")), b);
    assert_null(share_own(s, SHARE_NONE));
    assert_false(share_has_updates(s, SHARE_NONE));
    share_publish(s, SHARE_NONE);
    share_free(s);
}

TEST(other_workers_read_what_one_publishes)
{
    struct share *s = share_new(2);
    unsigned slot = share_slot(s, SLICE("a"));
    struct share_counts seen;
    share_join(s, 0);
    assert_false(share_has_updates(s, slot));
    pid_t child = fork();
    if (child == 0) {
        share_join(s, 1);
        share_own(s, share_slot(s, SLICE("a")))->in_flight = 3;
        share_publish(s, slot);
        share_request(s, SHARE_RESET);
        _exit(share_is_requested(s, SHARE_RESET)); /* its own request does not count */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(share_has_updates(s, slot));
    assert_false(share_has_updates(s, slot));
    assert_true(share_read(s, 1, slot, &seen));
    assert_int_equal(seen.in_flight, 3);
    assert_false(share_read(s, 0, slot, &seen)); /* this worker itself */
    share_own(s, slot)->in_flight = 1;
    share_publish(s, slot);
    assert_false(share_has_updates(s, slot));
    share_mark_unread(s, slot);
    assert_true(share_has_updates(s, slot));
    share_mark_unread(s, SHARE_NONE);
    assert_true(share_has_updates(s, slot));
    assert_false(share_is_requested(s, SHARE_FLUSH));
    share_request(s, SHARE_RESET); /* hides no other worker's */
    assert_true(share_is_requested(s, SHARE_RESET));
    assert_false(share_is_requested(s, SHARE_RESET));
    share_free(s);
}

static void count_key(void *ctx, const unsigned char *key)
{
    unsigned *sum = ctx;
    *sum += key[0];
}

/* Deletes keys 1 to `count` as worker 1. */
static void delete_in_child(struct share *s, unsigned count)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        unsigned sum = 0;
        unsigned char key[SHARE_KEY_SIZE] = {0};
        share_join(s, 1);
        while (key[0] < count) {
            key[0]++;
            share_delete(s, key);
        }
        _exit(!share_deleted(s, count_key, &sum) || sum); /* its own do not count */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

TEST(deleted_keys_reach_other_workers)
{
    struct share *s = share_new(2);
    unsigned sum = 0;
    share_join(s, 0);
    assert_true(share_deleted(s, count_key, &sum) && sum == 0);
    delete_in_child(s, 3);
    assert_true(share_deleted(s, count_key, &sum) && sum == 6);
    assert_true(share_deleted(s, count_key, &sum) && sum == 6);
    delete_in_child(s, SHARE_DELETED_MAX - 1);
    assert_true(share_deleted(s, count_key, &sum) && sum == 6 + 63 * 64 / 2);
    delete_in_child(s, SHARE_DELETED_MAX); /* the worker may be writing over the first one */
    assert_false(share_deleted(s, count_key, &sum));
    delete_in_child(s, 1);
    sum = 0;
    assert_true(share_deleted(s, count_key, &sum) && sum == 1);
    share_free(s);
}

/* One process writes all the time; the other one must never read a half-written cell. */
TEST(no_partial_reads)
{
    struct share *s = share_new(2);
    unsigned slot = share_slot(s, SLICE("a"));
    pid_t child = fork();
    if (child == 0) {
        share_join(s, 1);
        for (int64_t i = 0; i < 200000; i++) {
            struct share_counts *own = share_own(s, slot);
            own->window.slots[0].tokens = own->window.slots[WINDOW_SECONDS - 1].tokens = i;
            own->unpriced = (uint64_t)i;
            share_publish(s, slot);
        }
        _exit(0);
    }
    unsigned reads = 0;
    for (int status; waitpid(child, &status, WNOHANG) == 0;) {
        struct share_counts seen;
        if (!share_read(s, 1, slot, &seen))
            continue;
        reads++;
        assert_int_equal(seen.window.slots[0].tokens, seen.window.slots[WINDOW_SECONDS - 1].tokens);
        assert_int_equal(seen.window.slots[0].tokens, (int64_t)seen.unpriced);
    }
    assert_true(reads > 0);
    share_free(s);
}

TEST(windows_are_merged_by_the_second)
{
    struct window a = {0}, b = {0}, c = {0};
    window_add(&a, 1, 10, 100000);
    window_add(&a, 2, 20, 110000);
    window_add(&b, 4, 40, 105000);
    window_add(&b, 8, 80, 150000);
    window_add(&c, 16, 160, 1000); /* outside the window */
    window_merge(&a, &b);
    window_merge(&a, &c);
    assert_int_equal(window_read(&a, 150000).requests, 15);
    assert_int_equal(window_read(&a, 150000).tokens, 150);
    assert_int_equal(window_read(&a, 160000).requests, 14); /* the first has expired */
    assert_int_equal(window_read(&a, 165000).requests, 10);
    assert_int_equal(window_wait(&a, 8, INT64_MAX, 160000), 10000);
    window_merge(&c, &b);
    assert_int_equal(window_read(&c, 150000).requests, 12); /* newer counts were added, its own have expired */
    struct window none = {0};
    window_merge(&none, &(struct window){0});
    assert_int_equal(window_read(&none, 0).requests, 0);
}

static void fail_with(struct health *h, enum failure_kind kind, int retry_after_s, uint64_t now_ms)
{
    struct failure f = {.kind = kind, .retry_after_s = retry_after_s};
    struct outcome o = {.failure = &f, .ttft_ms = -1, .cost_usd = NAN, .deployment_error = true};
    struct health_attempt call = health_started(h, &CONFIG, &READY, 0, now_ms);
    health_ended(h, &CONFIG, &READY, &call, &o, now_ms);
}

static void serve(struct health *h, uint64_t began_ms, uint64_t now_ms)
{
    struct outcome o = {.ttft_ms = 1, .total_ms = 2, .prompt_tokens = 5, .output_tokens = 5, .cost_usd = NAN};
    struct health_attempt call = health_started(h, &CONFIG, &READY, 0, began_ms);
    assert_int_equal(health_ended(h, &CONFIG, &READY, &call, &o, now_ms), 10 - call.reserved_tokens);
}

static void merge_from(struct health *h, const struct health *from)
{
    struct cooldown_state state = health_cooldown_state(from);
    health_merge_cooldown(h, &state);
    health_merge_cooldown(h, &state); /* idempotent */
}

TEST(cooldowns_are_shared)
{
    struct health a = {0}, b = {0};
    fail_with(&a, FAILURE_RATE_LIMIT, 60, 1000);
    merge_from(&b, &a);
    assert_false(limit_available(&b, &READY, 60000, NULL));
    assert_true(limit_available(&b, &READY, 61000, NULL));
    assert_int_equal(b.reason, FAILURE_RATE_LIMIT);
    serve(&a, 900, 2000); /* began earlier: no information */
    merge_from(&b, &a);
    assert_false(limit_available(&b, &READY, 3000, NULL));
    serve(&b, 4000, 5000); /* an attempt during the cooldown succeeded */
    merge_from(&b, &a);    /* outdated */
    assert_true(limit_available(&b, &READY, 5000, NULL));
    merge_from(&a, &b);
    assert_true(limit_available(&a, &READY, 5000, NULL));
    fail_with(&a, FAILURE_RATE_LIMIT, 60, 6000);
    merge_from(&b, &a);
    assert_false(limit_available(&b, &READY, 7000, NULL));
    health_reset(&b, 8000);
    merge_from(&b, &a);
    assert_true(limit_available(&b, &READY, 8000, NULL)); /* the cooldown was cleared */
}

TEST(breakers_are_shared)
{
    struct health a = {0}, b = {0};
    fail_with(&a, FAILURE_SERVER, -1, 1000);
    merge_from(&b, &a);
    assert_true(a.breaker.opened == 1 && b.breaker.opened == 1);
    assert_false(limit_available(&b, &READY, 2000, NULL));
    assert_true(limit_available(&b, &READY, 1000 + 90000, NULL)); /* its own trial */
    serve(&b, 91000, 92000);
    merge_from(&a, &b);
    assert_int_equal(a.breaker.opened, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_has_a_slot),
        cmocka_unit_test(other_workers_read_what_one_publishes),
        cmocka_unit_test(deleted_keys_reach_other_workers),
        cmocka_unit_test(no_partial_reads),
        cmocka_unit_test(windows_are_merged_by_the_second),
        cmocka_unit_test(cooldowns_are_shared),
        cmocka_unit_test(breakers_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
