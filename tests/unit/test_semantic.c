/* Unit tests of proxy/cache/semantic and guards: however alike two opposite questions are, neither gets the answer to
 * the other. */
#include "tests/unit/semantic_pairs.h"
#include "tests/unit/unit.h"
#include "common/fast_hash.h"
#include "proxy/cache/guards.h"
#include "proxy/cache/semantic.h"

#include <math.h>
#include <stdio.h>

#define SERVED 5 /* of PARAPHRASES: the others differ in numbers, names or the order of words */

static const unsigned char SCOPE[CACHE_KEY_SIZE] = "scope", OTHER[CACHE_KEY_SIZE] = "other";

/* More opposites, with operators and other signs. */
static const char *const SIGNS[][2] = {
    {"Is a < b?", "Is a > b?"},
    {"Compute 5 - 3", "Compute 5 * 3"},
    {"Compute (2 + 3) * 4", "Compute 2 + (3 * 4)"},
    {"What if x == y?", "What if x != y?"},
    {"Return when ready", "Return when !ready"},
    {"Does it work?", "Doesn't it work?"},
};

static void set_key(unsigned char *key, const char *text)
{
    uint64_t hash = fast_hash_name(slice_of(text));
    memset(key, 0, CACHE_KEY_SIZE);
    memcpy(key, &hash, sizeof hash);
}

static bool observe(struct semantic *s, const unsigned char *scope, const char *text, float x, float y,
                    const char *answer, struct semantic_match *m)
{
    float vector[2] = {x, y};
    unsigned char key[CACHE_KEY_SIZE];
    set_key(key, text);
    return semantic_observe(s,
                            &(struct semantic_question){scope, key, slice_of(text), semantic_answer(slice_of(answer)),
                                                        vector, 2},
                            m);
}

/* The entry whose answer a text gets. */
static const struct semantic_entry *find(struct semantic *s, const char *text, float x, float y)
{
    struct semantic_match m;
    float vector[2] = {x, y};
    const struct semantic_question q = {SCOPE, SCOPE, slice_of(text), 0, vector, 2};
    for (unsigned i = 0; i < s->count; i++)
        s->entries[i].used = 0;
    return semantic_find(s, &q, &m);
}

static void prove(struct semantic_entry *e)
{
    e->right[0] += 10000;
}

TEST(guards_differ)
{
    assert_true(guards_equal(SLICE("Delete the file a.txt."), SLICE("Remove a.txt, please!")));
    assert_true(guards_equal(SLICE("It does not work"), SLICE("That doesn't work")));
    assert_true(guards_equal(SLICE(""), SLICE("hello")));
    assert_false(guards_equal(SLICE("use 3"), SLICE("use three")));
    assert_false(guards_equal(SLICE("use openSSL"), SLICE("use openssl")));
    for (size_t i = 0; i < COUNT_OF(SIGNS); i++)
        if (guards_equal(slice_of(SIGNS[i][0]), slice_of(SIGNS[i][1])))
            fail_msg("equal guards: %s", SIGNS[i][0]);
}

TEST(words_that_differ)
{
    uint64_t words[GUARDS_DIFFERENCE_MAX];
    char many[4 * GUARDS_WORDS_MAX + 8] = "";
    for (unsigned i = 0; i <= GUARDS_WORDS_MAX; i++)
        memcpy(many + 2 * i, "a ", 3);
    assert_int_equal(guards_difference(SLICE("Why is it so?"), SLICE("why, is it so"), words), 0);
    assert_int_equal(guards_difference(SLICE("Enable it - now"), SLICE("Please disable it - now"), words), 3);
    assert_int_equal(guards_difference(SLICE("tabs with spaces"), SLICE("spaces with tabs"), words), -1);
    assert_int_equal(guards_difference(SLICE("very very good"), SLICE("very good"), words), -1);
    assert_int_equal(guards_difference(SLICE("b c d e f g h i j k l m n"), SLICE("o p q r s t u v w x y z"), words),
                     -1);
    assert_int_equal(guards_difference(slice_of(many), SLICE("a"), words), -1);
    assert_int_equal(guards_difference(SLICE("a"), slice_of(many), words), -1);
}

/* The sums of all observations of `pair` that are true: of the paraphrases of its first text, and of itself. */
static void warm(struct semantic *s, const char *const *pair, bool opposite_too)
{
    struct semantic_match m;
    (void)observe(s, SCOPE, pair[0], 1, 0, "one", &m);
    for (size_t i = 0; i < COUNT_OF(PARAPHRASES); i++)
        if (strcmp(PARAPHRASES[i][0], pair[0]) == 0)
            assert_true(observe(s, SCOPE, PARAPHRASES[i][1], 1, 0, "one", &m));
    if (opposite_too)
        assert_true(observe(s, SCOPE, pair[1], 1, 0, "two", &m));
}

/* Checks that the second text never gets the answer to the first, whatever the threshold and the vectors. */
static void check_pair(const char *first, const char *second)
{
    const char *const pair[2] = {first, second};
    for (int threshold = 0; threshold <= 100; threshold += 10) {
        for (int warmed = 0; warmed < 4; warmed++) {
            struct semantic s;
            semantic_init(&s, threshold / 100.0, 0.2, SEMANTIC_MAX);
            warm(&s, pair, warmed & 1);
            if (warmed & 2)
                prove(&s.entries[0]);
            if (semantic_may_find(&s, SCOPE, slice_of(second)) || find(&s, second, 1, 0))
                fail_msg("%d: \"%s\" gets the answer to \"%s\"", warmed, second, first);
            semantic_free(&s);
        }
    }
}

TEST(no_opposite_gets_the_answer_cold_or_proven)
{
    for (size_t i = 0; i < COUNT_OF(OPPOSITES); i++) {
        check_pair(OPPOSITES[i][0], OPPOSITES[i][1]);
        check_pair(OPPOSITES[i][1], OPPOSITES[i][0]);
    }
    for (size_t i = 0; i < COUNT_OF(SIGNS); i++)
        check_pair(SIGNS[i][0], SIGNS[i][1]);
}

/* Once a paraphrase had the same answer, and the entry is proven, its words are known. */
TEST(a_paraphrase_gets_the_answer_once_it_is_proven)
{
    unsigned served = 0;
    for (size_t i = 0; i < COUNT_OF(PARAPHRASES); i++) {
        struct semantic s;
        semantic_init(&s, 0.9, 0.2, SEMANTIC_MAX);
        warm(&s, PARAPHRASES[i], false);
        assert_null(find(&s, PARAPHRASES[i][1], 1, 0));
        prove(&s.entries[0]);
        served += find(&s, PARAPHRASES[i][1], 1, 0) != NULL;
        assert_null(find(&s, PARAPHRASES[i][1], 0.8f, 0.6f)); /* below the threshold */
        semantic_free(&s);
    }
    assert_int_equal(served, SERVED);
}

TEST(the_bound_holds_at_every_look)
{
    assert_false(semantic_is_proven(0, 0, 0.02));
    assert_false(semantic_is_proven(223, 0, 0.02));
    assert_true(semantic_is_proven(224, 0, 0.02));
    assert_false(semantic_is_proven(338, 1, 0.02));
    assert_true(semantic_is_proven(339, 1, 0.02));
    assert_true(semantic_is_proven(437, 2, 0.02));
    assert_false(semantic_is_proven(19, 0, 0.2));
    assert_true(semantic_is_proven(20, 0, 0.2));
    assert_false(semantic_is_proven(10, 10, 0.2));
    assert_false(semantic_is_proven(1000000, 300000, 0.2));
    assert_true(semantic_is_proven(1000000, 100000, 0.2));
}

/* Of entries with an error rate at the bound, at most 5 % are ever proven. */
TEST(few_bad_entries_are_ever_proven)
{
    uint64_t random = 7;
    unsigned proven = 0;
    for (unsigned entry = 0; entry < 1000; entry++) {
        unsigned right = 0, wrong = 0;
        bool ever = false;
        for (unsigned i = 0; i < 500 && !ever; i++) {
            random = mix(random);
            bool error = random % 10 == 0;
            wrong += error;
            right += !error;
            ever = semantic_is_proven(right, wrong, 0.1);
        }
        proven += ever;
    }
    assert_in_range(proven, 1, 50);
}

TEST(an_entry_is_proven_by_its_own_observations)
{
    struct semantic_match m = {0};
    struct semantic s;
    char text[64];
    semantic_init(&s, 0.9, 0.2, 100);
    assert_false(observe(&s, SCOPE, "why is it so", 1, 0, "because", &m));
    for (unsigned i = 0; i < 20; i++) {
        assert_null(find(&s, "but why is it so", 1, 0));
        (void)snprintf(text, sizeof text, "but %.*s why is it so", (int)i, "aaaaaaaaaaaaaaaaaaaaaaa");
        assert_true(observe(&s, SCOPE, text, 1, 0, "because", &m));
        assert_true(m.agrees && m.guards && !m.proven);
    }
    assert_int_equal(s.count, 1); /* it stands for all of them */
    assert_ptr_equal(find(&s, "But why is it so?", 1, 0), &s.entries[0]);
    assert_null(find(&s, "and why is it so", 1, 0));           /* "and" was not there yet */
    assert_null(find(&s, "but why is it so 3", 1, 0));         /* a number */
    assert_null(find(&s, "but why is it so", 0.95f, 0.3122f)); /* less similar than those that prove it */
    assert_true(observe(&s, SCOPE, "but what is it", 1, 0, "a cat", &m));
    assert_true(!m.agrees && m.guards && !m.words);
    assert_null(find(&s, "but why is it so", 1, 0)); /* "but" matters now, and there is an error */
    semantic_free(&s);
}

TEST(a_proven_entry_is_observed_now_and_then)
{
    struct semantic_match m;
    struct semantic s;
    float vector[2] = {1, 0};
    unsigned used = 0;
    semantic_init(&s, 0.9, 0.2, 10);
    (void)observe(&s, SCOPE, "why", 1, 0, "because", &m);
    prove(&s.entries[0]);
    for (unsigned i = 0; i < 2 * SEMANTIC_EXPLORES; i++)
        used += semantic_find(&s, &(struct semantic_question){SCOPE, SCOPE, SLICE("Why?"), 0, vector, 2}, &m) != NULL;
    assert_int_equal(used, 2 * (SEMANTIC_EXPLORES - 1));
    semantic_free(&s);
}

TEST(the_same_question_again_proves_nothing)
{
    struct semantic_match m;
    struct semantic s;
    semantic_init(&s, 0.9, 0.2, 10);
    for (unsigned i = 0; i < 100; i++)
        assert_false(observe(&s, SCOPE, "why", 1, 0, "because", &m));
    assert_false(semantic_may_find(&s, SCOPE, SLICE("Why?")));
    prove(&s.entries[0]);
    assert_true(semantic_may_find(&s, SCOPE, SLICE("Why?")) && !semantic_may_find(&s, OTHER, SLICE("Why?")));
    assert_false(observe(&s, SCOPE, "why", 1, 0, "no idea", &m));
    assert_false(semantic_may_find(&s, SCOPE, SLICE("Why?"))); /* its answer has changed */
    assert_int_equal(s.count, 1);
    semantic_free(&s);
}

TEST(only_the_same_scope_is_compared)
{
    struct semantic_match m;
    struct semantic s;
    semantic_init(&s, 0.9, 0.02, 10);
    assert_false(observe(&s, SCOPE, "a question", 1, 0, "x", &m));
    assert_false(observe(&s, OTHER, "one question", 1, 0, "x", &m));
    assert_true(observe(&s, SCOPE, "another question", 0, 1, " x\n", &m));
    assert_true(fabs(m.similarity) < 1e-6);
    assert_int_equal(s.bands[0].pairs, 1);
    semantic_free(&s);
}

TEST(it_is_bounded_and_takes_no_nonsense)
{
    struct semantic_match m;
    struct semantic s;
    float zero[2] = {0, 0}, three[3] = {1, 2, 3};
    char text[32];
    semantic_init(&s, 0.9, 0.02, 100);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof text, "question %d", i);
        (void)observe(&s, SCOPE, text, (float)cos(i), (float)sin(i), "x", &m);
    }
    assert_int_equal(s.count, 100);
    assert_false(semantic_observe(&s, &(struct semantic_question){SCOPE, SCOPE, SLICE("q"), 1, zero, 2}, &m));
    assert_false(semantic_observe(&s, &(struct semantic_question){SCOPE, SCOPE, SLICE(""), 1, three, 3}, &m));
    assert_false(semantic_observe(&s, &(struct semantic_question){SCOPE, SCOPE, SLICE("q"), 1, three, 3}, &m));
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
        semantic_init(&s, 0.9, 0.02, 10);
        (void)observe(&s, SCOPE, "a", 1, 0, "x", &m);
        assert_true(observe(&s, SCOPE, "b", rows[i].cosine, sqrtf(1 - rows[i].cosine * rows[i].cosine), "x", &m));
        assert_int_equal(s.bands[rows[i].band].pairs, 1);
        semantic_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_differ),
        cmocka_unit_test(words_that_differ),
        cmocka_unit_test(no_opposite_gets_the_answer_cold_or_proven),
        cmocka_unit_test(a_paraphrase_gets_the_answer_once_it_is_proven),
        cmocka_unit_test(the_bound_holds_at_every_look),
        cmocka_unit_test(few_bad_entries_are_ever_proven),
        cmocka_unit_test(an_entry_is_proven_by_its_own_observations),
        cmocka_unit_test(a_proven_entry_is_observed_now_and_then),
        cmocka_unit_test(the_same_question_again_proves_nothing),
        cmocka_unit_test(only_the_same_scope_is_compared),
        cmocka_unit_test(it_is_bounded_and_takes_no_nonsense),
        cmocka_unit_test(bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
