/* Unit tests of common/secret. */
#include "tests/unit/unit.h"
#include "common/secret.h"

static int start(void **state)
{
    (void)state;
    return secret_init() ? 0 : -1;
}

TEST(tokens_are_hexadecimal_and_differ)
{
    char a[SECRET_TOKEN_SIZE], b[SECRET_TOKEN_SIZE];
    secret_random_token(a);
    secret_random_token(b);
    assert_int_equal(strlen(a), SECRET_TOKEN_LEN);
    assert_int_equal(strspn(a, "0123456789abcdef"), SECRET_TOKEN_LEN);
    assert_string_not_equal(a, b);
}

TEST(equality)
{
    assert_true(secret_equal(SLICE("sk-local-1"), SLICE("sk-local-1")));
    assert_false(secret_equal(SLICE("sk-local-1"), SLICE("sk-local-2")));
    assert_false(secret_equal(SLICE("sk-local-1"), SLICE("sk-local-")));
    assert_false(secret_equal(SLICE("sk-local-1"), slice_of(NULL)));
    /* An unset key must not match an empty one. */
    assert_false(secret_equal(slice_of(NULL), SLICE("")));
    assert_false(secret_equal(SLICE("a\0b"), SLICE("a\0c")));
}

static void assert_redacted(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_true(secret_redact(&out, slice_of(text)));
    assert_buf(&out, expected);
    buf_free(&out);
}

TEST(secrets_are_redacted_while_kept)
{
    char *kept = secret_keep(SLICE("sk-canary-0123456789"));
    assert_non_null(kept);
    assert_string_equal(kept, "sk-canary-0123456789");
    assert_redacted("key sk-canary-0123456789 is wrong, sk-canary-0123456789!", "key [redacted] is wrong, [redacted]!");
    assert_redacted("sk-canary-0123456789", "[redacted]");
    assert_redacted("sk-canary-012345678", "sk-canary-012345678");
    secret_free(kept);
    assert_redacted("sk-canary-0123456789", "sk-canary-0123456789");
    secret_free(NULL);
}

TEST(short_secrets_are_not_redacted)
{
    char *kept = secret_keep(SLICE("none"));
    assert_non_null(kept);
    assert_redacted("none of it", "none of it");
    secret_free(kept);
}

TEST(secret_that_starts_another_is_redacted)
{
    char *brief = secret_keep(SLICE("sk-canary"));
    char *whole = secret_keep(SLICE("sk-canary-and-more"));
    struct buf out;
    buf_init(&out, 4096);
    assert_true(secret_redact(&out, SLICE("<sk-canary-and-more>")));
    assert_null(strstr(buf_text(&out), "and-more"));
    buf_free(&out);
    secret_free(brief);
    secret_free(whole);
}

TEST(bearer_tokens_are_redacted)
{
    assert_redacted("Authorization: Bearer abc.def-123, next", "Authorization: Bearer [redacted], next");
    assert_redacted("no token here", "no token here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_hexadecimal_and_differ),      cmocka_unit_test(equality),
        cmocka_unit_test(secrets_are_redacted_while_kept),        cmocka_unit_test(short_secrets_are_not_redacted),
        cmocka_unit_test(secret_that_starts_another_is_redacted), cmocka_unit_test(bearer_tokens_are_redacted),
    };
    return cmocka_run_group_tests_name("secret", tests, start, NULL);
}
