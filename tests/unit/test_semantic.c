/* Unit tests of proxy/cache/semantic and guards: however alike two opposite questions are, none is proven. */
#include "tests/unit/unit.h"
#include "proxy/cache/guards.h"
#include "proxy/cache/semantic.h"

#include <math.h>

static const unsigned char SCOPE[CACHE_KEY_SIZE] = "scope", OTHER[CACHE_KEY_SIZE] = "other";

/* Alike in wording, different in meaning. */
static const char *const OPPOSITES[][2] = {
    {"Rename function parse_header to read_header in src/http.c",
     "Rename function read_header to parse_header in src/http.c"},
    {"Increase the timeout from 30 to 60 seconds", "Increase the timeout from 60 to 30 seconds"},
    {"Fix the off-by-one error in line 120 of parser.c", "Fix the off-by-one error in line 210 of parser.c"},
    {"Delete the file a.txt", "Delete the file b.txt"},
    {"Is this change safe to merge?", "Is this change not safe to merge?"},
    {"Upgrade the library from 1.1 to 3.0", "Downgrade the library from 3.0 to 1.1"},
    {"Convert this Python 2 script to Python 3", "Convert this Python 3 script to Python 2"},
    {"Bind the server to 127.0.0.1 only", "Bind the server to 0.0.0.0 only"},
    {"What does commit 4f2a91c change?", "What does commit 9bd013e change?"},
    {"List the users that have no orders", "List the users that have orders"},
    {"Does it work?", "Doesn't it work?"},
};

/* The guards can't tell these apart: only the proof of an entry keeps them apart. */
static const char *const WORDS_ONLY[][2] = {
    {"Enable certificate verification", "Disable certificate verification"},
    {"Sort the list in ascending order", "Sort the list in descending order"},
    {"Explain why malloc can return null", "Explain why calloc can return null"},
    {"Run the tests in debug mode", "Run the tests in release mode"},
};

static bool observe(struct semantic *s, const unsigned char *scope, const char *text, float x, float y,
                    const char *answer, struct semantic_match *m)
{
    float vector[2] = {x, y};
    return semantic_observe(s,
                            &(struct semantic_question){scope, slice_of(text), semantic_answer(slice_of(answer)),
                                                        vector, 2},
                            m);
}

TEST(guards_differ_for_opposites)
{
    for (size_t i = 0; i < COUNT_OF(OPPOSITES); i++)
        if (guards_equal(slice_of(OPPOSITES[i][0]), slice_of(OPPOSITES[i][1])))
            fail_msg("equal guards: %s", OPPOSITES[i][0]);
    assert_true(guards_equal(SLICE("Delete the file a.txt."), SLICE("Remove a.txt, please")));
    assert_true(guards_equal(SLICE("It does not work"), SLICE("That doesn't work")));
    assert_true(guards_equal(SLICE(""), SLICE("hello")));
    assert_false(guards_equal(SLICE("use 3"), SLICE("use three")));
}

TEST(an_opposite_is_not_proven_however_similar)
{
    struct semantic_match m;
    struct semantic s;
    semantic_init(&s, 0.8, SEMANTIC_MAX);
    for (size_t i = 0; i < COUNT_OF(OPPOSITES) + COUNT_OF(WORDS_ONLY); i++) {
        const char *const *pair = i < COUNT_OF(OPPOSITES) ? OPPOSITES[i] : WORDS_ONLY[i - COUNT_OF(OPPOSITES)];
        semantic_free(&s);
        semantic_init(&s, 0.8, SEMANTIC_MAX);
        assert_false(observe(&s, SCOPE, pair[0], 1, 0, "one", &m));
        assert_true(observe(&s, SCOPE, pair[1], 1, 0, "two", &m));
        assert_true(m.similarity > 0.999 && !m.agrees && !m.proven);
    }
    semantic_free(&s);
}

TEST(an_entry_is_proven_by_its_own_observations)
{
    struct semantic_match m = {0};
    struct semantic s;
    semantic_init(&s, 0.9, 10);
    assert_false(semantic_is_proven(0, 0));
    assert_false(semantic_is_proven(148, 0));
    assert_true(semantic_is_proven(149, 0)); /* .98^149 = .0493 */
    assert_false(semantic_is_proven(200, 1));
    assert_true(semantic_is_proven(240, 1));
    assert_false(semantic_is_proven(10, 10));
    assert_false(observe(&s, SCOPE, "why?", 1, 0, "because", &m));
    s.entries[0].seen = 149;
    assert_true(observe(&s, SCOPE, "but why?", 1, 0.01f, "because", &m));
    assert_true(m.proven && m.agrees && m.guards);
    semantic_free(&s);
    semantic_init(&s, 0.9, 10);
    (void)observe(&s, SCOPE, "why?", 1, 0, "because", &m);
    s.entries[0].seen = 149;
    assert_true(observe(&s, SCOPE, "why 3?", 1, 0, "because", &m));
    assert_false(m.proven); /* its guards differ */
    semantic_free(&s);
}

TEST(only_the_same_scope_is_compared)
{
    struct semantic_match m;
    struct semantic s;
    semantic_init(&s, 0.9, 10);
    assert_false(observe(&s, SCOPE, "a question", 1, 0, "x", &m));
    assert_false(observe(&s, OTHER, "a question", 1, 0, "x", &m));
    assert_true(observe(&s, SCOPE, "a question", 0, 1, " x\n", &m));
    assert_true(fabs(m.similarity) < 1e-6);
    assert_int_equal(s.bands[0].pairs, 1);
    semantic_free(&s);
}

TEST(it_is_bounded_and_takes_no_nonsense)
{
    struct semantic_match m;
    struct semantic s;
    float zero[2] = {0, 0}, three[3] = {1, 2, 3};
    semantic_init(&s, 0.9, 100);
    for (int i = 0; i < 1000; i++)
        (void)observe(&s, SCOPE, "a question", (float)cos(i), (float)sin(i), "x", &m);
    assert_int_equal(s.count, 100);
    assert_false(semantic_observe(&s, &(struct semantic_question){SCOPE, SLICE("q"), 1, zero, 2}, &m));
    assert_false(semantic_observe(&s, &(struct semantic_question){SCOPE, SLICE(""), 1, three, 3}, &m));
    assert_false(semantic_observe(&s, &(struct semantic_question){SCOPE, SLICE("q"), 1, three, 3}, &m));
    assert_int_equal(s.count, 1); /* another model */
    assert_true(semantic_band_from(0) == 0 && fabs(semantic_band_from(SEMANTIC_BANDS - 1) - 1.0) < 1e-9);
    semantic_free(&s);
}

TEST(bands)
{
    static const struct {
        float cosine;
        unsigned band;
    } rows[] = {{0.5f, 0}, {0.8001f, 1}, {0.8201f, 2}, {0.9601f, 9}, {0.9801f, 10}, {1.0f, 11}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct semantic_match m;
        struct semantic s;
        semantic_init(&s, 0.9, 10);
        (void)observe(&s, SCOPE, "a", 1, 0, "x", &m);
        assert_true(observe(&s, SCOPE, "b", rows[i].cosine, sqrtf(1 - rows[i].cosine * rows[i].cosine), "x", &m));
        assert_int_equal(s.bands[rows[i].band].pairs, 1);
        semantic_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_differ_for_opposites),
        cmocka_unit_test(an_opposite_is_not_proven_however_similar),
        cmocka_unit_test(an_entry_is_proven_by_its_own_observations),
        cmocka_unit_test(only_the_same_scope_is_compared),
        cmocka_unit_test(it_is_bounded_and_takes_no_nonsense),
        cmocka_unit_test(bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
