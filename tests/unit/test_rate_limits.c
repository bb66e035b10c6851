/* What the ChatGPT backend's header fields say of a plan's limits. */
#include "tests/unit/unit.h"

#include "proxy/upstream/rate_limits.h"

static void take(struct rate_limits *r, const char *name, const char *value)
{
    rate_limits_read(r, slice_of(name), slice_of(value));
}

static void fields_are_read_whatever_their_case(void **state)
{
    (void)state;
    struct rate_limits r = {0};
    take(&r, "x-codex-primary-window-minutes", "300");
    assert_false(rate_limits_known(&r));   /* what is used is what counts */
    take(&r, "X-Codex-Primary-Used-Percent", "42.5");
    take(&r, "x-codex-secondary-used-percent", "7");
    take(&r, "x-codex-secondary-reset-after-seconds", "59.2");
    assert_true(rate_limits_known(&r));
    struct buf out;
    buf_init(&out, 1024);
    assert_true(rate_limits_json(&r, &out));
    assert_buf(&out, "{\"primary\":{\"used_percent\":42.5,\"window_minutes\":300,\"reset_after_seconds\":0},"
                     "\"secondary\":{\"used_percent\":7,\"window_minutes\":0,\"reset_after_seconds\":60}}");
    buf_free(&out);
}

static void other_fields_and_values_are_ignored(void **state)
{
    (void)state;
    static const char *const names[] = {"x-codex-primary-used-percents", "x-codex-primary", "x-codex-tertiary-used-percent", ""};
    static const char *const values[] = {"", "-1", "nan", "inf", "1e9", "12 %", "0x", "99999999999999999999999999999999999"};
    struct rate_limits r = {0};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        take(&r, names[i], "50");
    for (size_t i = 0; i < COUNT_OF(values); i++)
        take(&r, "x-codex-primary-used-percent", values[i]);
    assert_false(rate_limits_known(&r));
}

static void a_used_up_window_says_how_long(void **state)
{
    (void)state;
    struct rate_limits r = {.primary = {true, 99.9, 300, 60}, .secondary = {true, 12, 10080, 9000}};
    assert_int_equal(rate_limits_wait(&r), -1);
    r.primary.used_percent = 100;
    assert_int_equal(rate_limits_wait(&r), 60);
    r.secondary.used_percent = 101;
    assert_int_equal(rate_limits_wait(&r), 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_whatever_their_case),
        cmocka_unit_test(other_fields_and_values_are_ignored),
        cmocka_unit_test(a_used_up_window_says_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
