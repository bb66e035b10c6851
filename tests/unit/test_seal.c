/* Unit tests of proxy/cache/seal. */
#include "tests/unit/unit.h"
#include "proxy/cache/seal.h"

#include <math.h>
#include <sodium.h>

static const unsigned char SECRET[CACHE_KEY_SIZE] = "a secret", OTHER[CACHE_KEY_SIZE] = "another secret",
                           NAME[CACHE_KEY_SIZE] = "name", OTHER_NAME[CACHE_KEY_SIZE] = "other name";

static bool opens(const struct buf *value, const unsigned char *secret, const unsigned char *name, struct sealed *s,
                  struct buf *out)
{
    unsigned char key[CACHE_KEY_SIZE];
    seal_key(secret, key);
    return seal_open(buf_slice(value), key, name, out, s);
}

TEST(what_was_sealed_is_opened)
{
    static const char *const texts[] = {"", "a", "{\"choices\":[]}"};
    unsigned char key[CACHE_KEY_SIZE];
    struct buf value, again, out;
    struct sealed s;
    seal_key(SECRET, key);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_init(&value, 4096);
        buf_init(&again, 4096);
        buf_init(&out, 4096);
        const struct sealed given = {1000, 2000, i ? 0.5 : NAN, slice_of(texts[i])};
        assert_true(seal_make(&given, key, NAME, &value) && seal_make(&given, key, NAME, &again));
        assert_int_equal(value.len, strlen(texts[i]) + SEAL_OVERHEAD);
        assert_false(slice_equal(buf_slice(&value), buf_slice(&again))); /* a nonce each */
        assert_true(opens(&value, SECRET, NAME, &s, &out));
        assert_true(s.stored_ms == 1000 && s.expires_ms == 2000 && (i ? s.saved_usd == 0.5 : isnan(s.saved_usd)));
        assert_slice(s.text, texts[i]);
        buf_free(&value);
        buf_free(&again);
        buf_free(&out);
    }
}

TEST(every_change_is_refused)
{
    unsigned char key[CACHE_KEY_SIZE];
    struct buf value, out;
    struct sealed s;
    buf_init(&value, 4096);
    buf_init(&out, 4096);
    seal_key(SECRET, key);
    assert_true(seal_make(&(struct sealed){1, 2, 0, SLICE("the answer")}, key, NAME, &value));
    assert_null(memmem(value.data, value.len, "answer", 6));
    assert_false(opens(&value, OTHER, NAME, &s, &out));
    assert_false(opens(&value, SECRET, OTHER_NAME, &s, &out));
    for (size_t i = 0; i < value.len; i++) {
        value.data[i] ^= 1;
        assert_false(opens(&value, SECRET, NAME, &s, &out));
        value.data[i] ^= 1;
    }
    for (; value.len; value.len--) {
        if (opens(&value, SECRET, NAME, &s, &out))
            assert_slice(s.text, "the answer"); /* the whole */
        else
            assert_true(value.len < strlen("the answer") + SEAL_OVERHEAD);
    }
    assert_false(opens(&value, SECRET, NAME, &s, &out));
    buf_free(&value);
    buf_free(&out);
}

TEST(a_buffer_without_room_fails)
{
    unsigned char key[CACHE_KEY_SIZE];
    struct buf value;
    seal_key(SECRET, key);
    buf_init(&value, SEAL_OVERHEAD);
    assert_false(seal_make(&(struct sealed){1, 2, 0, SLICE("x")}, key, NAME, &value));
    buf_free(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_opened),
        cmocka_unit_test(every_change_is_refused),
        cmocka_unit_test(a_buffer_without_room_fails),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
