/* Unit tests of proxy/cache/store, recent and controls. */
#include "tests/unit/unit.h"
#include "proxy/cache/controls.h"
#include "proxy/cache/recent.h"
#include "proxy/cache/store.h"

#include <malloc.h>
#include <math.h>

#define MB (1u << 20)

static void make_key(unsigned char *key, uint64_t number)
{
    memset(key, 0, CACHE_KEY_SIZE);
    number *= 0x9e3779b97f4a7c15u;
    memcpy(key, &number, sizeof number);
}

static bool put(struct store *s, uint64_t number, struct slice text, uint64_t now)
{
    unsigned char key[CACHE_KEY_SIZE];
    make_key(key, number);
    return store_put(s, key, text, 0.5, now, 1000);
}

static const struct cache_entry *get(struct store *s, uint64_t number, uint64_t now)
{
    unsigned char key[CACHE_KEY_SIZE];
    make_key(key, number);
    return store_get(s, key, now, NULL);
}

TEST(reply_is_stored_until_it_expires)
{
    struct store s;
    unsigned char key[CACHE_KEY_SIZE];
    bool expired;
    assert_true(store_init(&s, MB));
    size_t empty = s.bytes;
    assert_true(put(&s, 1, SLICE("one"), 0));
    assert_true(put(&s, 1, SLICE("other"), 500));
    assert_int_equal(s.entries, 1);
    const struct cache_entry *e = get(&s, 1, 1499);
    assert_non_null(e);
    assert_memory_equal(e->text, "other", e->len);
    assert_true(e->saved_usd == 0.5 && e->stored_ms == 500);
    make_key(key, 1);
    assert_null(store_get(&s, key, 1500, &expired));
    assert_true(expired);
    assert_null(store_get(&s, key, 1500, &expired));
    assert_false(expired);
    assert_false(store_delete(&s, key));
    assert_int_equal(s.bytes, empty);
    store_free(&s);
}

TEST(least_recently_used_reply_is_evicted)
{
    static char text[MB / 4];
    struct store s;
    assert_true(store_init(&s, MB));
    memset(text, 'x', sizeof text);
    struct slice quarter = {text, sizeof text - 4096};
    for (uint64_t i = 1; i <= 4; i++)
        assert_true(put(&s, i, quarter, 0));
    assert_non_null(get(&s, 1, 0));
    assert_true(put(&s, 5, quarter, 0));
    assert_null(get(&s, 2, 0));
    assert_non_null(get(&s, 1, 0));
    assert_non_null(get(&s, 5, 0));
    assert_int_equal(s.evicted, 1);
    store_flush(&s);
    assert_int_equal(s.entries, 0);
    assert_null(get(&s, 1, 0));
    store_free(&s);
}

TEST(too_large_reply_is_not_stored)
{
    struct store s;
    char *text = calloc(1, STORE_ENTRY_MAX + 1);
    assert_true(store_init(&s, 4 * MB));
    assert_true(put(&s, 1, (struct slice){text, STORE_ENTRY_MAX}, 0));
    assert_false(put(&s, 1, (struct slice){text, STORE_ENTRY_MAX + 1}, 0));
    assert_null(get(&s, 1, 0));
    store_free(&s);
    assert_true(store_init(&s, MB));
    assert_false(put(&s, 1, (struct slice){text, STORE_ENTRY_MAX}, 0));
    store_free(&s);
    free(text);
}

/* Returns the bytes that malloc() has allocated, by its own count. */
static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(a_million_replies_stay_below_the_ceiling)
{
    static char text[3000];
    struct store s;
    size_t before = allocated(), most = 0;
    memset(text, 'x', sizeof text);
    assert_true(store_init(&s, 64 * MB));
    for (uint64_t i = 0; i < 1000000; i++) {
        assert_true(put(&s, i, (struct slice){text, 100 + i * 7 % 2900}, i));
        if (i % 3 == 0)
            (void)get(&s, i / 2, i);
        if (s.bytes > most)
            most = s.bytes;
        if (i % 50000 == 0)
            assert_true(allocated() - before <= 64 * MB);
    }
    assert_true(most <= 64 * MB && most > 63 * MB);
    assert_true(s.entries > 20000 && s.evicted > 900000);
    size_t bytes = s.bucket_count * sizeof *s.buckets;
    for (const struct cache_entry *e = s.newest; e; e = e->older)
        bytes += sizeof *e + e->len + 24;
    assert_int_equal(bytes, s.bytes);
    store_free(&s);
}

TEST(repeated_request_is_noticed_if_its_reply_arrived)
{
    static struct recent r;
    unsigned char key[CACHE_KEY_SIZE], other[CACHE_KEY_SIZE];
    make_key(key, 1);
    make_key(other, 2);
    uint64_t ticket = recent_add(&r, key, 7, 1000);
    assert_false(recent_is_again(&r, key, 7, 1001, 30000));
    recent_arrived(&r, ticket, true);
    assert_true(recent_is_again(&r, key, 7, 31000, 30000));
    assert_false(recent_is_again(&r, key, 7, 31001, 30000));
    assert_false(recent_is_again(&r, key, 8, 1001, 30000));
    assert_false(recent_is_again(&r, other, 7, 1001, 30000));
    recent_arrived(&r, ticket, false);
    assert_false(recent_is_again(&r, key, 7, 1001, 30000));
    for (size_t i = 0; i < RECENT_MAX; i++)
        (void)recent_add(&r, other, 9, 1000);
    recent_arrived(&r, ticket, true); /* another request has its slot */
    assert_false(recent_is_again(&r, other, 9, 1001, 30000));
    recent_arrived(&r, 0, true);
    recent_arrived(&r, ticket + 10 * RECENT_MAX, true);
}

TEST(controls_are_read_from_the_request)
{
    struct cache_controls c;
    controls_read(SLICE("{\"ttl\":60,\"s-maxage\":1.5,\"no-cache\":true,\"namespace\":\"n\",\"use-cache\":true}"),
                  SLICE(""), &c);
    assert_true(c.ttl_s == 60 && c.max_age_s == 1 && c.no_cache && !c.no_store && c.use == CACHE_USE_YES &&
                !c.malformed);
    assert_slice(c.namespace, "n");
    controls_read(SLICE(""), SLICE("no-store, S-MaxAge = 5 ,max-age=7,x"), &c);
    assert_true(c.no_store && c.max_age_s == 5 && c.ttl_s == -1 && c.use == CACHE_USE_UNSAID);
    controls_read(SLICE("null"), SLICE(",,=,"), &c);
    assert_false(c.malformed);
    static const char *const wrong[] = {"1",
                                        "[]",
                                        "{\"ttl\":\"1\"}",
                                        "{\"ttl\":-1}",
                                        "{\"no-cache\":1}",
                                        "{\"namespace\":{}}",
                                        "{\"use-cache\":\"yes\"}"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        controls_read(slice_of(wrong[i]), SLICE(""), &c);
        assert_true(c.malformed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_is_stored_until_it_expires),
        cmocka_unit_test(least_recently_used_reply_is_evicted),
        cmocka_unit_test(too_large_reply_is_not_stored),
        cmocka_unit_test(a_million_replies_stay_below_the_ceiling),
        cmocka_unit_test(repeated_request_is_noticed_if_its_reply_arrived),
        cmocka_unit_test(controls_are_read_from_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
