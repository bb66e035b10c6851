/* Unit tests of common/buf. */
#include "tests/unit/unit.h"

static void slices_compare(void **state)
{
    (void)state;
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

static void trim_takes_spaces_and_tabs_only(void **state)
{
    (void)state;
    assert_slice(slice_trim(SLICE(" \t a b\t ")), "a b");
    assert_slice(slice_trim(SLICE("\r\na\r\n")), "\r\na\r\n");
    assert_slice(slice_trim(SLICE(" \t ")), "");
    assert_slice(slice_trim(SLICE("")), "");
}

static void a_new_buffer_holds_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 16);
    assert_null(b.data);
    assert_int_equal(b.max, 16);
    assert_int_equal(buf_slice(&b).len, 0);
    assert_string_equal(buf_text(&b), "");
    buf_free(&b);
}

static void writes_append(void **state)
{
    (void)state;
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

static void the_ceiling_holds(void **state)
{
    (void)state;
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

static void a_full_buffer_is_still_a_text(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    assert_true(buf_add_text(&b, "1234"));
    assert_string_equal(buf_text(&b), "1234");
    assert_int_equal(b.len, 4);
    buf_free(&b);
}

static void failure_stays_until_cleared(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    assert_false(buf_add_text(&b, "12345"));
    buf_add_text(&b, "1");
    assert_true(b.failed);
    buf_clear(&b);
    assert_true(buf_add_text(&b, "1"));
    buf_free(&b);
}

static void sizes_do_not_overflow(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX);
    assert_true(buf_add_char(&b, 'x'));
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    assert_buf(&b, "x");
    buf_free(&b);
}

static void long_formats_fit(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100000);
    assert_true(buf_add_format(&b, "%*d", 50000, 7));
    assert_int_equal(b.len, 50000);
    assert_int_equal(b.data[49999], '7');
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare),
        cmocka_unit_test(trim_takes_spaces_and_tabs_only),
        cmocka_unit_test(a_new_buffer_holds_nothing),
        cmocka_unit_test(writes_append),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(a_full_buffer_is_still_a_text),
        cmocka_unit_test(failure_stays_until_cleared),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(long_formats_fit),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
