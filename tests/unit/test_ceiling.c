/* Unit tests of common/ceiling. */
#include "tests/unit/unit.h"
#include "common/ceiling.h"

#define MAX (1u << 20)

TEST(all_holds_together_stay_below_the_limit)
{
    struct ceiling_row row = {0};
    struct ceiling c = {&row, 1, 0, MAX};
    struct ceiling_hold a = {.of = &c}, b = {.of = &c};
    assert_true(ceiling_hold(&a, MAX - 100000));
    assert_false(ceiling_hold(&b, 100001));
    assert_int_equal(b.bytes, 0);
    assert_true(ceiling_hold(&b, 100000));
    assert_int_equal(row.used, MAX);
    assert_false(ceiling_hold(&a, MAX - 99999)); /* it must not grow either */
    assert_int_equal(a.bytes, MAX - 100000);
    assert_true(ceiling_hold(&a, 200000)); /* but it may shrink */
    assert_true(ceiling_fits(&c, MAX - 300000));
    assert_false(ceiling_fits(&c, MAX - 299999));
    ceiling_release(&a);
    ceiling_release(&b);
    ceiling_release(&b);
    assert_int_equal(row.used, 0);
}

TEST(small_holds_are_neither_counted_nor_refused)
{
    struct ceiling_row row = {0};
    struct ceiling c = {&row, 1, 0, MAX};
    struct ceiling_hold all = {.of = &c}, small = {.of = &c}, none = {.of = NULL};
    assert_true(ceiling_hold(&all, MAX));
    assert_true(ceiling_hold(&small, CEILING_FREE));
    assert_true(ceiling_fits(&c, CEILING_FREE));
    assert_false(ceiling_hold(&small, CEILING_FREE + 1));
    assert_int_equal(row.used, MAX);
    assert_true(ceiling_hold(&all, CEILING_FREE)); /* a small hold is no longer counted */
    assert_int_equal(row.used, 0);
    assert_true(ceiling_hold(&none, SIZE_MAX));
    assert_true(ceiling_fits(NULL, SIZE_MAX));
}

TEST(counted_growth_makes_other_holds_fail)
{
    struct ceiling_row row = {0};
    struct ceiling c = {&row, 1, 0, MAX};
    struct ceiling_hold reply = {.of = &c}, body = {.of = &c};
    ceiling_count(&reply, 3 * MAX);
    assert_int_equal(row.used, 3 * MAX);
    assert_false(ceiling_hold(&body, CEILING_FREE + 1));
    assert_false(ceiling_fits(&c, CEILING_FREE + 1));
    ceiling_count(&reply, 1);
    assert_true(ceiling_hold(&body, MAX));
    ceiling_release(&body);
    assert_int_equal(row.used, 0);
}

TEST(other_processes_count)
{
    struct ceiling_row rows[3] = {{0}};
    struct ceiling first = {rows, 3, 0, MAX}, last = {rows, 3, 2, MAX};
    struct ceiling_hold a = {.of = &first}, b = {.of = &last};
    assert_true(ceiling_hold(&a, MAX / 2));
    assert_false(ceiling_hold(&b, MAX / 2 + 1));
    assert_true(ceiling_hold(&b, MAX / 2));
    assert_int_equal(rows[0].used, MAX / 2);
    assert_int_equal(rows[2].used, MAX / 2);
    last.max = MAX / 4; /* a reload: existing holds above the new limit stay */
    assert_false(ceiling_hold(&b, MAX / 2 + 1));
    assert_true(ceiling_hold(&b, MAX / 2));
    ceiling_release(&a);
    ceiling_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_holds_together_stay_below_the_limit),
        cmocka_unit_test(small_holds_are_neither_counted_nor_refused),
        cmocka_unit_test(counted_growth_makes_other_holds_fail),
        cmocka_unit_test(other_processes_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
