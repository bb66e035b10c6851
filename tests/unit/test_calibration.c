/* Unit tests of proxy/route/calibration. */
#include "tests/unit/unit.h"
#include "proxy/route/calibration.h"

TEST(first_count_is_taken_as_it_is)
{
    struct calibration c = {0};
    calibration_observe(&c, 3000, 1000);
    assert_true(c.bytes_per_token > 2.999 && c.bytes_per_token < 3.001);
    /* The default of 4 bytes per token would have estimated 750. */
    assert_true(c.error > 0.249 && c.error < 0.251);
    assert_int_equal(c.samples, 1);
}

TEST(error_falls_as_counts_agree)
{
    struct calibration c = {0};
    for (int i = 0; i < 60; i++)
        calibration_observe(&c, 3000, 1000);
    assert_true(c.error < 0.001);
    double before = c.bytes_per_token;
    calibration_observe(&c, 6000, 1000);
    assert_true(c.bytes_per_token > before && c.bytes_per_token < 4);
    assert_true(c.error > 0.09);
}

TEST(counts_without_information_are_ignored)
{
    struct calibration c = {0};
    calibration_observe(&c, 0, 1000);
    calibration_observe(&c, 1000, 0);
    calibration_observe(&c, 1000, -1);
    assert_int_equal(c.samples, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_count_is_taken_as_it_is),
        cmocka_unit_test(error_falls_as_counts_agree),
        cmocka_unit_test(counts_without_information_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
