/* Unit tests of proxy/keys/rate against a plain list of all entries. */
#include "tests/unit/unit.h"
#include "proxy/keys/rate.h"

#define ENTRIES 4000

/* All entries, and what is left of them in the 60.5 s that end with the newest step. */
struct plain {
    unsigned count;
    struct {
        uint64_t step;
        int64_t tokens;
    } of[ENTRIES];
};

static int64_t plain_sum(const struct plain *p, uint64_t now_step, bool tokens)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < p->count; i++)
        if (p->of[i].step + RATE_STEPS > now_step)
            sum += tokens ? p->of[i].tokens : 1;
    return sum;
}

/* A random history: entries, corrections, pauses. `few`: there is never memory for more steps than in the struct. */
static void history(unsigned seed, bool few)
{
    static struct plain p;
    static struct rate_step most[RATE_MOST];
    struct rate r = {.size = few ? 0 : RATE_MOST};
    struct rate_step *steps = few ? r.few : most;
    uint64_t now = (uint64_t)seed * 30000000;
    p.count = 0;
    srand(seed);
    while (p.count < ENTRIES) {
        now += (uint64_t)(rand() % 20 ? rand() % 900 : rand() % 90000);
        if (rand() % 3 || p.count == 0) {
            int64_t tokens = rand() % 5000;
            p.of[p.count].tokens = tokens;
            p.of[p.count++].step = rate_add(&r, steps, tokens, now);
        } else {
            unsigned i = p.count - 1 - (unsigned)rand() % (p.count < 50 ? p.count : 50);
            int64_t more = rand() % 3000 - (p.of[i].tokens < 1500 ? p.of[i].tokens : 1500);
            rate_correct(&r, steps, 0, more, p.of[i].step, now);
            p.of[i].tokens += more;
        }
        rate_advance(&r, steps, now);
        int64_t requests = plain_sum(&p, now / RATE_STEP_MS, false), tokens = plain_sum(&p, now / RATE_STEP_MS, true);
        if (few) { /* steps that became one leave late, never early */
            assert_true(r.requests >= requests && r.tokens >= tokens);
            continue;
        }
        assert_int_equal(r.requests, requests);
        assert_int_equal(r.tokens, tokens);
        uint64_t wait = rate_wait(&r, steps, requests / 2, tokens / 2, now), then = now + wait;
        assert_true(plain_sum(&p, then / RATE_STEP_MS, false) <= requests / 2);
        assert_true(plain_sum(&p, then / RATE_STEP_MS, true) <= tokens / 2);
        assert_true(wait == 0 || plain_sum(&p, (then - 1) / RATE_STEP_MS, false) > requests / 2 ||
                    plain_sum(&p, (then - 1) / RATE_STEP_MS, true) > tokens / 2);
    }
}

TEST(any_history_is_exact)
{
    for (unsigned seed = 0; seed < 10; seed++)
        history(seed, false);
}

TEST(without_memory_nothing_is_forgotten)
{
    for (unsigned seed = 0; seed < 10; seed++)
        history(seed, true);
}

TEST(a_step_with_many_requests)
{
    static struct rate_step most[RATE_MOST];
    struct rate r = {.size = RATE_MOST};
    for (unsigned i = 0; i < 200000; i++)
        (void)rate_add(&r, most, 1000000, 5000);
    assert_int_equal(r.requests, 200000);
    assert_true(r.tokens == 200000 * (int64_t)1000000);
    rate_advance(&r, most, 65499);
    assert_int_equal(r.requests, 200000);
    rate_advance(&r, most, 65500);
    assert_true(r.requests == 0 && r.tokens == 0);
    assert_int_equal(rate_wait(&r, most, -1, 0, 65500), UINT64_MAX);
}

TEST(a_long_pause)
{
    struct rate r = {0};
    (void)rate_add(&r, r.few, 10, 5000);
    uint64_t later = 5000 + (uint64_t)65536 * RATE_STEP_MS; /* the low bits of the step are the same */
    rate_correct(&r, r.few, 0, 5, 10, later);
    assert_true(r.requests == 0 && r.tokens == 0);
    (void)rate_add(&r, r.few, 7, later);
    (void)rate_add(&r, r.few, 7, later - 400); /* another process's clock reading, a little older */
    assert_true(r.requests == 2 && r.tokens == 14);
    assert_int_equal(rate_wait(&r, r.few, 0, 0, later), 60500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_is_exact),
        cmocka_unit_test(without_memory_nothing_is_forgotten),
        cmocka_unit_test(a_step_with_many_requests),
        cmocka_unit_test(a_long_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
