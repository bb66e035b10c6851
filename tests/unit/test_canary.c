/* Unit tests of common/canary: which conversations are in the canary, its report, and when it rolls back. Requests are
 * drawn from fixed seeds. */
#include "tests/unit/unit.h"
#include "common/canary.h"

#include <math.h>

static struct markov_settings settings(double share)
{
    struct markov_settings s;
    markov_settings_init(&s, MARKOV_CALLS);
    s.enabled = true;
    s.shadow_mode = false;
    s.canary_share = share;
    return s;
}

static struct canary *new_canary(double share)
{
    struct markov_settings s = settings(share);
    struct canary *c = canary_new(&s);
    assert_non_null(c);
    return c;
}

TEST(conversation_stays_in_its_arm)
{
    struct canary *c = new_canary(.2);
    unsigned live = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        bool answer = canary_live(c, i);
        assert_int_equal(canary_live(c, i), answer);
        live += answer;
    }
    assert_in_range(live, 1900, 2100);
    canary_free(c);
}

TEST(share_of_none_and_all)
{
    struct markov_settings s = settings(1);
    struct canary *all = new_canary(1), *none = new_canary(0);
    s.shadow_mode = true;
    struct canary *shadow = canary_new(&s);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(canary_live(all, i * 0x123456789abcdefu));
        assert_false(canary_live(none, i * 0x123456789abcdefu));
        assert_false(canary_live(shadow, i));
    }
    canary_free(all);
    canary_free(none);
    canary_free(shadow);
}

TEST(report_covers_the_last_requests)
{
    struct canary *c = new_canary(.5);
    struct canary_report r;
    canary_report(c, &r);
    assert_int_equal(r.arm[0].counted, 0);
    assert_true(isnan(r.arm[1].ttft_p50_ms) && isnan(r.arm[1].error_rate) && isnan(r.arm[0].cost_per_1000_usd));
    for (unsigned i = 0; i < 300; i++) /* the first 100 are overwritten */
        canary_add(c, CANARY_BASELINE, &(struct canary_sample){i, i < 100 ? 1e6 : i, 10.0 * i, .002, .5, false});
    canary_add(c, CANARY_SUGGESTED, &(struct canary_sample){1, 100, 200, NAN, NAN, false});
    canary_add(c, CANARY_SUGGESTED,
               &(struct canary_sample){2, 1, 2, .004, NAN, true}); /* a quick failure does not count as fast */
    canary_report(c, &r);
    assert_int_equal(r.arm[0].requests, 300);
    assert_int_equal(r.arm[0].counted, 200);
    assert_float_equal(r.arm[0].ttft_p50_ms, 199, 0);
    assert_float_equal(r.arm[0].latency_p95_ms, 2890, 0);
    assert_float_equal(r.arm[0].cost_per_1000_usd, 2, 1e-6);
    assert_float_equal(r.arm[0].quality, .5, 1e-9);
    assert_float_equal(r.arm[1].ttft_p50_ms, 100, 0);
    assert_float_equal(r.arm[1].error_rate, .5, 1e-9);
    assert_float_equal(r.arm[1].cost_per_1000_usd, 4, 1e-6);
    assert_true(isnan(r.arm[1].quality));
    assert_null(r.rollback_reason);
    canary_free(c);
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
    return ((double)(next_random(seed) >> 11) + .5) / 9007199254740992.0;
}

/* Generates requests: TTFT around 1 s and latency around 8 s with long tails, 5 % errors. Each figure is multiplied by
 * its factor. */
struct world {
    double ttft, latency, errors, cost, quality;
};

static struct canary_sample draw(uint64_t *seed, const struct world *w)
{
    double normal = sqrt(-2 * log(uniform(seed))) * cos(2 * M_PI * uniform(seed));
    return (struct canary_sample){
        .conversation = next_random(seed),
        .ttft_ms = w->ttft * 1000 * exp(.6 * normal),
        .total_ms = w->latency * 8000 * exp(.8 * normal),
        .cost_usd = w->cost * .01 * -log(uniform(seed)),
        .quality = w->quality * .8,
        .error = uniform(seed) < .05 * w->errors,
    };
}

static const struct world SAME = {1, 1, 1, 1, 1};

/* Returns the requests per arm until the rollback, at most `most`; `why` gets the reason. */
static unsigned run(const struct world *world, uint64_t seed, unsigned most, char *why, size_t size)
{
    struct canary *c = new_canary(.5);
    unsigned count = 0;
    bool back = false;
    while (!back && count < most) {
        struct canary_sample b = draw(&seed, &SAME), s = draw(&seed, world);
        assert_false(canary_add(c, CANARY_BASELINE, &b));
        back = canary_add(c, CANARY_SUGGESTED, &s);
        count++;
    }
    struct canary_report r;
    canary_report(c, &r);
    assert_int_equal(r.rollback_reason != NULL, back);
    snprintf(why, size, "%s", back ? r.rollback_reason : "");
    for (uint64_t i = 0; back && i < 100; i++)
        assert_false(canary_live(c, i));
    canary_free(c);
    return count;
}

TEST(canary_that_is_not_worse_continues)
{
    static const struct world WORLDS[] = {{1, 1, 1, 1, 1}, {.5, .5, 0, .5, 1.2}, {1.1, 1.1, 1.1, 1.1, .98}};
    char why[200];
    unsigned back = 0;
    for (size_t i = 0; i < COUNT_OF(WORLDS); i++)
        for (uint64_t seed = 1; seed <= 25; seed++)
            back += run(&WORLDS[i], seed * 7919, 2000, why, sizeof why) < 2000;
    assert_in_range(back, 0, 2);
}

TEST(canary_that_is_worse_rolls_back_with_a_reason)
{
    static const struct {
        struct world world;
        const char *why;
    } ROWS[] = {
        {{2.5, 1, 1, 1, 1}, "a p50 TTFT of "},
        {{1, 4, 1, 1, 1}, "a p95 latency of "},
        {{1, 1, 8, 1, 1}, "an error rate of "},
        {{1, 1, 1, 4, 1}, "a cost per 1,000 requests in USD of "},
        {{1, 1, 1, 1, .8}, "a quality of 0.64 is below the bound of 0.76, the baseline minus 5 %"},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        for (uint64_t seed = 1; seed <= 20; seed++) {
            char why[200];
            unsigned count = run(&ROWS[i].world, seed * 104729, 1000, why, sizeof why);
            assert_in_range(count, 50, 400);
            if (strncmp(why, ROWS[i].why, strlen(ROWS[i].why)) != 0)
                fail_msg("row %zu: %s", i, why);
        }
}

/* A long conversation may be slow as a whole: two such conversations prove nothing about the arms, a hundred do. */
static bool rolls_back_with(unsigned conversations)
{
    struct canary *c = new_canary(.5);
    uint64_t seed = 3;
    bool back = false;
    for (unsigned i = 0; i < 200; i++) {
        struct canary_sample b = draw(&seed, &SAME), s = draw(&seed, &(struct world){4, 6, 1, 6, 1});
        b.conversation = i % conversations;
        s.conversation = 1000 + i % conversations;
        canary_add(c, CANARY_BASELINE, &b);
        back |= canary_add(c, CANARY_SUGGESTED, &s);
    }
    canary_free(c);
    return back;
}

TEST(conversations_count_not_their_requests)
{
    assert_false(rolls_back_with(2));
    assert_true(rolls_back_with(100));
}

TEST(reset_starts_over)
{
    struct canary *c = new_canary(1);
    uint64_t seed = 1;
    static const struct world WORSE = {5, 5, 10, 5, .5};
    bool back = false;
    for (unsigned i = 0; i < 50; i++) {
        struct canary_sample b = draw(&seed, &SAME), s = draw(&seed, &WORSE);
        canary_add(c, CANARY_BASELINE, &b);
        back = canary_add(c, CANARY_SUGGESTED, &s);
    }
    assert_true(back);
    assert_false(canary_live(c, 1));
    canary_reset(c);
    assert_true(canary_live(c, 1));
    struct canary_report r;
    canary_report(c, &r);
    assert_int_equal(r.arm[1].requests, 0);
    assert_null(r.rollback_reason);
    canary_free(c);
}

TEST(other_settings_start_another_comparison)
{
    struct canary *from = new_canary(.5), *same = new_canary(.5), *other = new_canary(.6);
    struct canary_report a, b;
    uint64_t seed = 5;
    for (unsigned i = 0; i < 70; i++) {
        struct canary_sample x = draw(&seed, &SAME), y = draw(&seed, &(struct world){9, 9, 9, 9, .1});
        canary_add(from, CANARY_BASELINE, &x);
        canary_add(from, CANARY_SUGGESTED, &y);
    }
    canary_carry(from, same);
    canary_carry(from, other);
    canary_report(from, &a);
    canary_report(same, &b);
    for (unsigned i = 0; i < CANARY_ARMS; i++) {
        assert_int_equal(a.arm[i].requests, b.arm[i].requests);
        assert_int_equal(a.arm[i].counted, b.arm[i].counted);
        assert_float_equal(a.arm[i].ttft_p50_ms, b.arm[i].ttft_p50_ms, 0);
        assert_float_equal(a.arm[i].cost_per_1000_usd, b.arm[i].cost_per_1000_usd, 0);
    }
    assert_string_equal(a.rollback_reason, b.rollback_reason);
    canary_report(other, &b);
    assert_int_equal(b.arm[0].requests, 0);
    assert_null(b.rollback_reason);
    canary_free(from);
    assert_false(canary_live(same, 1));
    canary_free(same);
    canary_free(other);
}

TEST(report_as_json)
{
    struct canary *c = new_canary(.25);
    struct buf out;
    canary_add(c, CANARY_BASELINE, &(struct canary_sample){7, 120, 2400, .002, .5, false});
    buf_init(&out, 4096);
    struct document d;
    canary_describe(c, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_buf(
        &out,
        "{\"share\":0.25,\"baseline\":{\"requests\":1,\"ttft_p50_ms\":120,\"latency_p95_ms\":2400,\"error_rate\":0,"
        "\"cost_per_1000_usd\":2,\"quality\":0.5},\"canary\":{\"requests\":0,\"ttft_p50_ms\":null,"
        "\"latency_p95_ms\":null,\"error_rate\":null,\"cost_per_1000_usd\":null,\"quality\":null},"
        "\"stepped_back\":null}");
    buf_free(&out);
    canary_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversation_stays_in_its_arm),
        cmocka_unit_test(share_of_none_and_all),
        cmocka_unit_test(report_covers_the_last_requests),
        cmocka_unit_test(canary_that_is_not_worse_continues),
        cmocka_unit_test(canary_that_is_worse_rolls_back_with_a_reason),
        cmocka_unit_test(conversations_count_not_their_requests),
        cmocka_unit_test(reset_starts_over),
        cmocka_unit_test(other_settings_start_another_comparison),
        cmocka_unit_test(report_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
