/* Unit tests of proxy/route/spending. */
#include "tests/unit/unit.h"
#include "proxy/terms/failure.h"
#include "proxy/route/spending.h"

#include <math.h>

#define assert_usd(is, expected) assert_true(fabs((is) - (expected)) < 1e-9)

static const struct deployment PAID = {.price.input = 1e-6, .price.output = 1e-5, .price.cache_write = NAN},
                               FREE = {.price.input = 0, .price.output = 0, .price.cache_write = NAN},
                               UNKNOWN = {.price.input = NAN, .price.output = NAN, .price.cache_write = NAN};

TEST(estimate_uses_the_prices)
{
    assert_usd(spending_estimate(&PAID, 1000, 100), 0.002);
    assert_usd(spending_estimate(&PAID, -1, 100), 0.001);
    assert_usd(spending_estimate(&FREE, 1000, 100), 0);
    assert_true(isnan(spending_estimate(&UNKNOWN, 1000, 100)));
}

TEST(requests_pass_until_the_limit_is_reached)
{
    struct spending s = {.total = {.limit = 1}};
    struct spend *a = spending_of_group(&s, "a"), *b = spending_of_group(&s, "b");
    a->limit = 0.5;
    assert_ptr_equal(spending_of_group(&s, "a"), a);
    assert_true(spending_allows(&s, a, 0.5));
    assert_false(spending_allows(&s, a, 0.51));
    assert_true(spending_allows(&s, b, 1));
    spending_charge(&s, a, 0.4);
    assert_false(spending_allows(&s, a, 0.2));
    assert_true(spending_allows(&s, b, 0.6));
    assert_false(spending_allows(&s, b, 0.61));
    spending_charge(&s, b, 2); /* more than estimated: only free requests pass */
    assert_false(spending_allows(&s, a, 1e-9));
    assert_true(spending_allows(&s, a, 0)); /* zero cost or unknown price */
    assert_true(spending_allows(&s, a, NAN));
    spending_free(&s);
}

TEST(reservations_count)
{
    struct spending s = {.total = {.limit = 1}};
    struct spend *a = spending_of_group(&s, "a");
    for (unsigned i = 0; i < 4; i++) {
        assert_true(spending_allows(&s, a, 0.25));
        spending_reserve(&s, a, 0.25);
    }
    assert_false(spending_allows(&s, a, 0.01));
    spending_release(&s, a, 0.25);
    spending_charge(&s, a, 0.05);
    assert_true(spending_allows(&s, a, 0.2));
    assert_false(spending_allows(&s, a, 0.21));
    spending_reserve(&s, a, NAN);
    spending_release(&s, a, NAN);
    spending_release(&s, a, 100); /* never below 0 */
    assert_usd(a->reserved, 0);
    assert_usd(s.total.spent, 0.05);
    spending_free(&s);
}

TEST(unpriced_attempts_are_counted_separately)
{
    struct spending s = {.total = {.limit = NAN}};
    struct spend *a = spending_of_group(&s, "a");
    spending_charge(&s, a, NAN);
    spending_charge(&s, a, 0.5);
    assert_int_equal(s.total.unpriced, 1);
    assert_int_equal(a->unpriced, 1);
    assert_usd(a->spent, 0.5);
    struct buf text;
    buf_init(&text, 1000);
    struct document d;
    spending_describe(a, document_object(&d));
    assert_true(document_print(&d, &text));
    assert_buf(&text, "{\"max_cost_usd\":null,\"spent_usd\":0.5,\"held_usd\":0,\"unpriced_calls\":1}");
    buf_free(&text);
    spending_free(&s);
}

TEST(limits_change_accounts_stay)
{
    struct deployment one = {.alias = "a"};
    const struct deployment *members[] = {&one};
    struct model_group groups[] = {{.alias = "a", .deployments = members, .count = 1, .max_cost_usd = 2},
                                   {.alias = "other", .deployments = members, .count = 1, .max_cost_usd = NAN}};
    struct config config = {.groups = groups, .group_count = 2, .max_cost_usd = 3};
    struct spending s = {.total = {.limit = NAN}};
    struct spend *a = spending_of_group(&s, "a"), *gone = spending_of_group(&s, "gone");
    gone->limit = 1;
    spending_charge(&s, a, 0.5);
    spending_set_limits(&s, &config);
    assert_usd(s.total.limit, 3);
    assert_usd(a->limit, 2);
    assert_true(isnan(gone->limit));
    assert_usd(a->spent, 0.5);
    spending_free(&s);
}

TEST(refusal_names_the_limit_and_the_fix)
{
    const struct config config = {.path = (char[]){"/home/user/config.yaml"}};
    struct spending s = {.total = {.limit = 5}};
    struct spend *a = spending_of_group(&s, "codex-deep");
    struct failure f;
    a->limit = 1;
    spending_charge(&s, a, 0.99);
    spending_reserve(&s, a, 0.005);
    spending_refusal(&s, a, 0.02, &config, &f);
    assert_int_equal(f.kind, FAILURE_BUDGET);
    assert_string_equal(
        f.message,
        "The spending limit of 'codex-deep' is reached: router_settings.model_group_max_cost_usd is "
        "$1.00; $0.9900 spent, $0.0050 reserved for requests in flight; this request is estimated at $0.0200. Raise "
        "the limit in /home/user/config.yaml and reload the proxy (kill -HUP), or restart the proxy.");
    a->limit = NAN;
    s.total.limit = 0.99;
    spending_release(&s, a, 0.005);
    spending_refusal(&s, a, 0.02, &config, &f);
    assert_string_equal(
        f.message, "The spending limit is reached: general_settings.max_cost_usd is $0.99; $0.9900 spent; this request "
                   "is estimated at $0.0200. Raise the limit in /home/user/config.yaml and reload the proxy (kill "
                   "-HUP), or restart the proxy.");
    assert_int_equal(failure_rule(f.kind)->status, 400);
    assert_string_equal(failure_rule(f.kind)->code,
                        "model_not_found"); /* Codex retries all other codes, or hides the message */
    spending_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimate_uses_the_prices),    cmocka_unit_test(requests_pass_until_the_limit_is_reached),
        cmocka_unit_test(reservations_count),          cmocka_unit_test(unpriced_attempts_are_counted_separately),
        cmocka_unit_test(limits_change_accounts_stay), cmocka_unit_test(refusal_names_the_limit_and_the_fix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
