/* Unit tests of proxy/terms/rate_limits: the header fields of the ChatGPT backend, of OpenAI and of Groq. */
#include "tests/unit/unit.h"

#include "proxy/terms/rate_limits.h"

#include <math.h>

static void take(struct rate_limits *r, const char *name, const char *value)
{
    rate_limits_read(r, slice_of(name), slice_of(value));
}

TEST(field_names_ignore_case)
{
    struct rate_limits r = {0};
    take(&r, "x-codex-primary-window-minutes", "300");
    assert_false(rate_limits_known(&r)); /* nothing is known without the usage */
    take(&r, "X-Codex-Primary-Used-Percent", "42.5");
    take(&r, "x-codex-secondary-used-percent", "7");
    take(&r, "x-codex-secondary-reset-after-seconds", "59.2");
    assert_true(rate_limits_known(&r));
    struct buf out;
    buf_init(&out, 1024);
    struct document d;
    rate_limits_describe(&r, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_buf(&out, "{\"primary\":{\"used_percent\":42.5,\"window_minutes\":300,\"reset_after_seconds\":0},"
                     "\"secondary\":{\"used_percent\":7,\"window_minutes\":0,\"reset_after_seconds\":60}}");
    buf_free(&out);
}

TEST(quota_windows_age_and_go_on_to_codex)
{
    struct rate_limits r = {0};
    struct buf out;
    buf_init(&out, 1024);
    take(&r, "x-codex-primary-used-percent", "82.5");
    take(&r, "x-codex-primary-window-minutes", "300");
    take(&r, "x-codex-primary-reset-at", "1800000600");
    take(&r, "x-codex-secondary-used-percent", "7");
    take(&r, "x-codex-secondary-reset-after-seconds", "60");
    rate_limits_date(&r, 1800000000);
    assert_int_equal(r.primary.reset_after_s, 600);
    struct rate_limits aged = rate_limits_aged(&r, 59999);
    rate_limits_fields(&aged, 1800000059, &out);
    assert_buf(&out, "x-codex-primary-used-percent: 82.5\r\nx-codex-primary-window-minutes: 300\r\n"
                     "x-codex-primary-reset-at: 1800000600\r\n"
                     "x-codex-secondary-used-percent: 7\r\nx-codex-secondary-reset-at: 1800000060\r\n");
    aged = rate_limits_aged(&r, 60000); /* the second window begins again */
    assert_true(aged.primary.known);
    assert_false(aged.secondary.known);
    rate_limits_date(&r, 1800001000); /* in the past: nothing to learn */
    assert_int_equal(r.primary.reset_after_s, 600);
    buf_free(&out);
}

TEST(other_fields_and_values_are_ignored)
{
    static const char *const names[] = {"x-codex-primary-used-percents", "x-codex-primary",
                                        "x-codex-tertiary-used-percent", ""};
    static const char *const values[] = {"",    "-1",   "nan", "inf",
                                         "1e9", "12 %", "0x",  "99999999999999999999999999999999999"};
    struct rate_limits r = {0};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        take(&r, names[i], "50");
    for (size_t i = 0; i < COUNT_OF(values); i++)
        take(&r, "x-codex-primary-used-percent", values[i]);
    assert_false(rate_limits_known(&r));
}

TEST(used_up_window_gives_its_wait)
{
    struct rate_limits r = {.primary = {true, 99.9, 300, 60}, .secondary = {true, 12, 10080, 9000}};
    assert_int_equal(rate_limits_wait(&r), -1);
    r.primary.used_percent = 100;
    assert_int_equal(rate_limits_wait(&r), 60);
    r.secondary.used_percent = 101;
    assert_int_equal(rate_limits_wait(&r), 9000);
}

/* As OpenAI and Groq send them. */
TEST(request_and_token_limits_are_read)
{
    static const struct {
        const char *text;
        double seconds;
    } resets[] = {
        {"1s", 1},        {"6m0s", 360}, {"2m59.56s", 179.56}, {"120ms", 0.12},
        {"1h2m3s", 3723}, {"17", 17},    {"7.66s", 7.66},      {"1d", 86400},
    };
    static const char *const wrong[] = {"",    "s",    "1x", "1s1",
                                        "-1s", "1e9s", "m5", "99999999999999999999999999999999999999s"};
    struct rate_limits r = {0};
    take(&r, "x-ratelimit-limit-requests", "60");
    assert_false(rate_limits_known(&r));
    take(&r, "X-RateLimit-Remaining-Requests", "0");
    take(&r, "x-ratelimit-limit-tokens", "150000");
    take(&r, "x-ratelimit-remaining-tokens", "149984");
    assert_true(rate_limits_known(&r));
    assert_true(rate_limits_used_up_s(&r, 0) == 0); /* without a reset time */
    for (size_t i = 0; i < COUNT_OF(resets); i++) {
        take(&r, "x-ratelimit-reset-requests", resets[i].text);
        assert_true(fabs(r.requests.reset_s - resets[i].seconds) < 1e-9);
        for (size_t k = 0; k < COUNT_OF(wrong); k++)
            take(&r, "x-ratelimit-reset-requests", wrong[k]);
        assert_true(fabs(r.requests.reset_s - resets[i].seconds) < 1e-9);
    }
    take(&r, "x-ratelimit-reset-requests", "10s");
    take(&r, "x-ratelimit-reset-tokens", "6ms");
    assert_true(rate_limits_used_up_s(&r, 4000) == 6);
    assert_true(rate_limits_used_up_s(&r, 11000) == 0);
    struct buf out;
    buf_init(&out, 1024);
    struct document d;
    rate_limits_describe(&r, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_buf(&out, "{\"requests\":{\"limit\":60,\"remaining\":0,\"reset_after_seconds\":10},"
                     "\"tokens\":{\"limit\":150000,\"remaining\":149984,\"reset_after_seconds\":0.006}}");
    buf_free(&out);
}

TEST(usage_counts_until_the_window_resets)
{
    struct rate_limits r = {.primary = {true, 85, 300, 60}, .tokens = {true, 1000, 50, 5}};
    assert_true(fabs(rate_limits_used(&r, 0) - 0.95) < 1e-9);
    assert_true(fabs(rate_limits_used(&r, 5000) - 0.85) < 1e-9);
    assert_true(rate_limits_used(&r, 60000) == 0);
    r.primary.used_percent = 130;
    assert_true(rate_limits_used(&r, 5000) == 1);
    assert_true(rate_limits_used_up_s(&r, 5000) == 55);
    r.primary.reset_after_s = 500000;
    assert_true(rate_limits_used_up_s(&r, 0) == 3600);
    assert_true(rate_limits_used_up_s(&r, 3600000) == 0);
    r = (struct rate_limits){.requests = {true, 0, 0, 60}};
    assert_true(rate_limits_used_up_s(&r, 0) == 0 && rate_limits_used(&r, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_names_ignore_case),
        cmocka_unit_test(quota_windows_age_and_go_on_to_codex),
        cmocka_unit_test(other_fields_and_values_are_ignored),
        cmocka_unit_test(used_up_window_gives_its_wait),
        cmocka_unit_test(request_and_token_limits_are_read),
        cmocka_unit_test(usage_counts_until_the_window_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
