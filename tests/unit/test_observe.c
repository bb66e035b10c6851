/* Unit tests of the small parts of proxy/route: decaying averages, the minute's window, the affinity table. */
#include "tests/unit/unit.h"
#include "proxy/route/affinity.h"
#include "proxy/route/ewma.h"
#include "proxy/route/window.h"

#include <math.h>

#define HALF 60000.0

TEST(averages_decay_with_time)
{
    struct ewma e = {0};
    assert_true(isnan(ewma_mean(&e)));
    assert_true(isnan(ewma_read(&e, NAN, 1, HALF, 0)));
    ewma_add(&e, 100, HALF, 1000);
    ewma_add(&e, 200, HALF, 1000);
    assert_true(ewma_mean(&e) == 150);
    ewma_add(&e, 500, HALF, 61000); /* the two samples weigh one by now */
    assert_true(fabs(ewma_mean(&e) - 325) < 1e-9);
    assert_true(fabs(ewma_weight(&e, HALF, 61000) - 2) < 1e-9);
    ewma_add(&e, 500, HALF, 0); /* the clock was set back */
    assert_true(e.at_ms == 61000 && e.weight > 2.9);
}

TEST(old_samples_give_way_to_the_prior)
{
    struct ewma e = {0};
    assert_true(ewma_read(&e, 1000, 1, HALF, 5) == 1000);
    ewma_add(&e, 100, HALF, 0);
    assert_true(ewma_read(&e, 1000, 1, HALF, 0) == 550);
    assert_true(fabs(ewma_read(&e, 1000, 1, HALF, 60000) - 700) < 1e-9);
    assert_true(ewma_read(&e, 1000, 1, HALF, 100 * 60000) == 1000);
    assert_true(ewma_read(&e, NAN, 1, HALF, 60000) == 100);
    for (int i = 0; i < 99; i++)
        ewma_add(&e, 100, HALF, 0);
    assert_true(fabs(ewma_read(&e, 1000, 1, HALF, 0) - 108.9) < 0.1);
}

TEST(window_holds_a_minute)
{
    struct window w = {0};
    window_add(&w, 1, 100, 500);
    window_add(&w, 1, 50, 30999);
    assert_int_equal(window_read(&w, 31000).requests, 2);
    assert_int_equal(window_read(&w, 59999).tokens, 150);
    assert_int_equal(window_read(&w, 60000).tokens, 50); /* the first second has expired */
    assert_int_equal(window_read(&w, 90000).requests, 0);
    assert_int_equal(window_read(&w, 10000000).requests, 0);
    window_add(&w, 1, 7, 60500);
    assert_int_equal(window_read(&w, 60500).requests, 2);
    assert_int_equal(window_read(&w, 60500).tokens, 57);
    window_add(&w, 1, 1, 10000000);
    assert_int_equal(window_read(&w, 10000000).requests, 1);
}

TEST(second_is_corrected_while_in_the_window)
{
    struct window w = {0};
    window_add(&w, 1, 100, 5000);
    window_correct(&w, -40, 5000, 20000);
    assert_int_equal(window_read(&w, 20000).tokens, 60);
    assert_int_equal(window_read(&w, 64999).tokens, 60);
    assert_int_equal(window_read(&w, 65000).tokens, 0);
    window_correct(&w, -60, 5000, 65000);
    assert_int_equal(window_read(&w, 65000).tokens, 0);
}

TEST(window_returns_the_wait)
{
    struct window w = {0};
    assert_int_equal(window_wait(&w, 0, 0, 0), 0);
    window_add(&w, 1, 100, 5500);
    window_add(&w, 2, 10, 20000);
    assert_int_equal(window_wait(&w, 3, 110, 30000), 0);
    assert_int_equal(window_wait(&w, 2, 110, 30000), 35000);
    assert_int_equal(window_wait(&w, 3, 10, 30500), 34500);
    assert_int_equal(window_wait(&w, 1, 1000, 30000), 50000);
    assert_int_equal(window_wait(&w, 0, 0, 70000), 10000);
    assert_int_equal(window_wait(&w, 0, 0, 80000), 0);
}

/* Compares with a window that is recounted each time, over a year of random steps. */
TEST(window_never_drifts)
{
    struct window w = {0};
    static struct {
        uint64_t second;
        int64_t tokens;
    } all[4000];
    uint64_t now = 0, random = 1;
    for (size_t n = 0; n < COUNT_OF(all); n++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        now += (random >> 33) % 100 == 0 ? (random >> 40) % 200000 : (random >> 40) % 3000;
        all[n].second = now / 1000;
        all[n].tokens = (int64_t)(random >> 50);
        window_add(&w, 1, all[n].tokens, now);
        int64_t tokens = 0;
        uint32_t requests = 0;
        for (size_t i = 0; i <= n; i++)
            if (all[i].second + WINDOW_SECONDS > now / 1000) {
                tokens += all[i].tokens;
                requests++;
            }
        assert_int_equal(window_read(&w, now).tokens, tokens);
        assert_int_equal(window_read(&w, now).requests, requests);
    }
}

TEST(conversations_are_remembered_up_to_a_bound)
{
    static struct affinity a;
    memset(&a, 0, sizeof a);
    uint64_t key = affinity_key(42, "a");
    assert_null(affinity_find(&a, key));
    affinity_record(&a, key, 3, 1000, 10);
    assert_int_equal(affinity_find(&a, key)->deployment, 3);
    affinity_record(&a, key, 4, 2000, 20);
    assert_int_equal(affinity_find(&a, key)->deployment, 4);
    assert_int_equal(affinity_find(&a, key)->prompt_tokens, 2000);
    assert_null(affinity_find(&a, affinity_key(42, "b"))); /* another group is independent */
    for (uint64_t i = 0; i < 100 * AFFINITY_SETS; i++)
        affinity_record(&a, affinity_key(i + 1000, "a"), 1, 1, 100 + i);
    assert_null(affinity_find(&a, key)); /* the oldest are dropped, the newest is not */
    assert_non_null(affinity_find(&a, affinity_key(100 * AFFINITY_SETS + 999, "a")));
}

TEST(reload_renumbers_conversations)
{
    static struct affinity a;
    memset(&a, 0, sizeof a);
    for (unsigned i = 0; i < 3; i++)
        affinity_record(&a, affinity_key(i, "a"), i, 1, 1);
    affinity_remap(&a, (const unsigned[]){7, AFFINITY_GONE, 0}, 3);
    assert_int_equal(affinity_find(&a, affinity_key(0, "a"))->deployment, 7);
    assert_null(affinity_find(&a, affinity_key(1, "a")));
    assert_int_equal(affinity_find(&a, affinity_key(2, "a"))->deployment, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_decay_with_time),
        cmocka_unit_test(old_samples_give_way_to_the_prior),
        cmocka_unit_test(window_holds_a_minute),
        cmocka_unit_test(second_is_corrected_while_in_the_window),
        cmocka_unit_test(window_returns_the_wait),
        cmocka_unit_test(window_never_drifts),
        cmocka_unit_test(conversations_are_remembered_up_to_a_bound),
        cmocka_unit_test(reload_renumbers_conversations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
