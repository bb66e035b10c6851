/* Unit tests of common/buf. */
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <math.h>

static bool no_memory;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
    return no_memory ? NULL : __real_realloc(old, size);
}

TEST(slices_compare)
{
    assert_true(slice_equal(SLICE("abc"), slice_of("abc")));
    assert_false(slice_equal(SLICE("abc"), SLICE("abcd")));
    assert_false(slice_equal(SLICE("abc"), SLICE("abC")));
    assert_true(slice_equal(slice_of(NULL), SLICE("")));
    assert_int_equal(slice_of(NULL).len, 0);
    assert_true(slice_is(SLICE("a\0b"), "a") == false);
    assert_true(slice_is_nocase(SLICE("Content-LENGTH"), "content-length"));
    assert_false(slice_is_nocase(SLICE("content-length "), "content-length"));
    assert_false(slice_is_nocase(SLICE("@"), "`"));
    assert_true(slice_starts(SLICE("Bearer x"), "Bearer "));
    assert_false(slice_starts(SLICE("Bear"), "Bearer "));
    assert_true(slice_starts(SLICE("x"), ""));
}

TEST(trim_removes_spaces_and_tabs_only)
{
    assert_slice(slice_trim(SLICE(" \t a b\t ")), "a b");
    assert_slice(slice_trim(SLICE("\r\na\r\n")), "\r\na\r\n");
    assert_slice(slice_trim(SLICE(" \t ")), "");
    assert_slice(slice_trim(SLICE("")), "");
}

TEST(new_buffer_is_empty)
{
    struct buf b;
    buf_init(&b, 16);
    assert_null(b.data);
    assert_int_equal(b.max, 16);
    assert_int_equal(buf_slice(&b).len, 0);
    assert_string_equal(buf_text(&b), "");
    buf_free(&b);
}

TEST(writes_append)
{
    struct buf b;
    buf_init(&b, 1000);
    assert_true(buf_add(&b, "one", 3));
    assert_true(buf_add_text(&b, " two"));
    assert_true(buf_add_slice(&b, SLICE(" three")));
    assert_true(buf_add_char(&b, '!'));
    assert_true(buf_add_format(&b, " %d %s", 42, "x"));
    assert_true(BUF_ADD(&b, "\n"));
    assert_buf(&b, "one two three! 42 x\n");
    assert_string_equal(buf_text(&b), "one two three! 42 x\n");
    buf_drop(&b, 4);
    assert_buf(&b, "two three! 42 x\n");
    buf_drop(&b, 1000);
    assert_int_equal(b.len, 0);
    assert_true(buf_add_text(&b, "again"));
    assert_buf(&b, "again");
    buf_free(&b);
    assert_int_equal(b.len, 0);
    assert_true(buf_add_text(&b, "usable"));
    buf_wipe(&b);
    assert_null(b.data);
}

TEST(numbers_equal_those_of_printf)
{
    static const int64_t numbers[] = {0, 1, -1, 9, 10, -10, 4095, 4096, INT64_MAX, INT64_MIN};
    char expected[64], digits[DIGITS_MAX];
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct buf b;
        buf_init(&b, 100);
        assert_true(buf_add_number(&b, numbers[i]));
        assert_true(BUF_ADD(&b, " "));
        assert_true(buf_add_hex(&b, (uint64_t)numbers[i]));
        snprintf(expected, sizeof expected, "%" PRId64 " %" PRIx64, numbers[i], (uint64_t)numbers[i]);
        assert_buf(&b, expected);
        buf_free(&b);
    }
    assert_true(slice_is(slice_of_number(UINT64_MAX, digits), "18446744073709551615"));
}

TEST(fractions_equal_those_of_printf)
{
    static const double numbers[] = {0,      -0.0,     1,   -1,     9999,  9999.5,   10000,
                                     -10000, 12345678, 0.1, 1.5e-7, 1e300, INFINITY, NAN};
    char expected[64];
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        for (int digits = 4; digits <= 9; digits += 5) {
            struct buf b;
            buf_init(&b, 100);
            assert_true(buf_add_double(&b, numbers[i], digits));
            snprintf(expected, sizeof expected, "%.*g", digits, numbers[i]);
            assert_buf(&b, expected);
            buf_free(&b);
        }
}

TEST(number_that_does_not_fit_changes_nothing)
{
    struct buf b;
    buf_init(&b, 3);
    assert_false(buf_add_number(&b, -123));
    assert_int_equal(b.len, 0);
    assert_true(b.failed);
    buf_free(&b);
}

TEST(ceiling_is_enforced)
{
    struct buf b;
    buf_init(&b, 8);
    assert_true(buf_add_text(&b, "12345678"));
    assert_false(b.failed);
    assert_true(b.len <= b.max);
    assert_false(buf_add_char(&b, '9'));
    assert_true(b.failed);
    assert_buf(&b, "12345678");
    buf_clear(&b);
    assert_false(b.failed);
    assert_true(buf_add_text(&b, "1234"));
    assert_false(buf_add_format(&b, "%s", "56789"));
    assert_buf(&b, "1234");
    buf_free(&b);
}

TEST(full_buffer_is_a_valid_string)
{
    struct buf b;
    buf_init(&b, 4);
    assert_true(buf_add_text(&b, "1234"));
    assert_string_equal(buf_text(&b), "1234");
    assert_int_equal(b.len, 4);
    buf_free(&b);
}

TEST(failure_stays_until_cleared)
{
    struct buf b;
    buf_init(&b, 4);
    assert_false(buf_add_text(&b, "12345"));
    buf_add_text(&b, "1");
    assert_true(b.failed && b.full);
    struct buf whole;
    buf_init(&whole, 4);
    buf_fail_with(&whole, &b);
    assert_true(whole.failed && whole.full);
    buf_clear(&b);
    assert_false(b.failed || b.full);
    assert_true(buf_add_text(&b, "1"));
    buf_free(&b);
}

TEST(sizes_do_not_overflow)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    assert_true(buf_add_char(&b, 'x'));
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    assert_buf(&b, "x");
    buf_free(&b);
}

TEST(long_formats_fit)
{
    struct buf b;
    buf_init(&b, 100000);
    assert_true(buf_add_format(&b, "%*d", 50000, 7));
    assert_int_equal(b.len, 50000);
    assert_int_equal(b.data[49999], '7');
    buf_free(&b);
}

TEST(text_is_valid_when_out_of_memory)
{
    struct buf b;
    buf_init(&b, 1000);
    no_memory = true;
    assert_false(buf_add_text(&b, "never written"));
    assert_string_equal(buf_text(&b), "");
    assert_string_equal(buf_message(&b), "out of memory");
    no_memory = false;
    buf_clear(&b);
    assert_true(buf_add_text(&b, "a message"));
    no_memory = true;
    assert_false(buf_add_format(&b, "%*d", 500, 7));
    assert_string_equal(buf_text(&b), "a message");
    assert_string_equal(buf_message(&b), "a message");
    no_memory = false;
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare),
        cmocka_unit_test(trim_removes_spaces_and_tabs_only),
        cmocka_unit_test(new_buffer_is_empty),
        cmocka_unit_test(writes_append),
        cmocka_unit_test(numbers_equal_those_of_printf),
        cmocka_unit_test(fractions_equal_those_of_printf),
        cmocka_unit_test(number_that_does_not_fit_changes_nothing),
        cmocka_unit_test(ceiling_is_enforced),
        cmocka_unit_test(full_buffer_is_a_valid_string),
        cmocka_unit_test(failure_stays_until_cleared),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(long_formats_fit),
        cmocka_unit_test(text_is_valid_when_out_of_memory),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
