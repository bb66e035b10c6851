/* Unit tests of proxy/config/known and discounts: a deployment's values from the table of known models, and discounts.
 */
#include "tests/unit/config_load.h"
#include "tests/unit/folder.h"

#include "proxy/config/price_table.h"

#include <math.h>

#define assert_usd(a, b) assert_true(fabs((a) - (b)) < 1e-12)
#define ENTRY(model, params, info) \
    "model_list:\n  - {model_name: a, litellm_params: {model: " model params "}, model_info: {" info "}}\n"

static const char TABLE[] = "# pointsman prices 1\t2026-11-30\ttest 1\t5\n"
                            "gemini/g\t1.25\t10\t0.125\t\t\t1000000\t65536\ttIfR\t200000:2.5,15,0.25,,\n"
                            "openai/gpt-5\t1\t8\t0.1\t1.25\t9\t272000\t128000\ttifrc\t\n"
                            "openai/plain\t1\t8\t\t\t\t\t\tTF\t\n"
                            "xai/broken\tx\t\n"
                            "xai/grok\t2\t6\t\t\t\t500000\t\t\t\n";

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static int enter(void **state)
{
    static char path[256];
    if (folder_enter(state) != 0 || !secret_init())
        return -1;
    snprintf(path, sizeof path, "%s", folder_at("prices"));
    write_file(path, TABLE);
    load_prices = path;
    return 0;
}

static const struct deployment *first(struct load *l, const char *text)
{
    load(l, text);
    return &l->config->deployments[0];
}

TEST(a_deployment_without_prices_gets_them)
{
    struct load l;
    const struct deployment *d = first(&l, ENTRY("openai/gpt-5", "", ""));
    assert_string_equal(d->known_as, "openai/gpt-5");
    assert_true(d->price.input == 1e-6 && d->price.output == 8e-6 && d->price.cached_input == 1e-7);
    assert_true(d->price.cache_write == 1.25e-6 && d->price.reasoning == 9e-6);
    assert_int_equal(d->max_input_tokens, 272000);
    assert_int_equal(d->known, KNOWN_INPUT | KNOWN_OUTPUT | KNOWN_CACHE_READ | KNOWN_CACHE_WRITE | KNOWN_REASONING |
                                   KNOWN_WINDOW);
    assert_int_equal(d->lacks, 0);
    assert_int_equal(l.warnings.len, 0);
    load_end(&l);
    assert_string_equal(first(&l, ENTRY("gpt-5-2025-08-07", "", ""))->known_as, "openai/gpt-5");
    load_end(&l);
}

TEST(tiers_and_abilities_come_from_the_table)
{
    struct load l;
    const struct deployment *d = first(&l, ENTRY("gemini/g", "", ""));
    assert_usd(deployment_cost(d, &(struct token_counts){.input = 300000, .cached = 100000, .output = 1000}),
               200000 * 2.5e-6 + 100000 * 2.5e-7 + 1000 * 1.5e-5);
    assert_int_equal(d->lacks, CAPABILITY_IMAGES);
    load_end(&l);
    d = first(&l, ENTRY("openai/plain", "", "supports_function_calling: true, max_input_tokens: 0"));
    assert_int_equal(d->lacks, CAPABILITY_FORMAT);
    assert_int_equal(d->max_input_tokens, 0);
    load_end(&l);
}

/* A price in the file also replaces the table's prices that depend on it: a model without cost has no prices of cache
 * reads or long prompts. */
TEST(the_file_wins)
{
    struct load l;
    const struct deployment *d =
        first(&l, ENTRY("gemini/g", "", "input_cost_per_token: 0, output_cost_per_token: 0, max_input_tokens: 5"));
    assert_true(deployment_cost(d, &(struct token_counts){.input = 300000, .cached = 100, .output = 1000}) == 0);
    assert_int_equal(d->max_input_tokens, 5);
    assert_int_equal(d->known, 0);
    load_end(&l);
    d = first(&l, ENTRY("gemini/g", ", input_cost_per_token: 9e-06", ""));
    assert_usd(deployment_cost(d, &(struct token_counts){.input = 300000, .cached = 100000, .output = 1000}),
               300000 * 9e-6 + 1000 * 1.5e-5);
    assert_int_equal(d->known, KNOWN_OUTPUT | KNOWN_TIERS | KNOWN_WINDOW);
    load_end(&l);
    d = first(&l, ENTRY("openai/gpt-5", "", "cache_read_input_token_cost: 5e-07, output_cost_per_token: 0"));
    assert_true(d->price.cached_input == 5e-7 && d->price.input == 1e-6 && d->price.output == 0);
    assert_true(isnan(d->price.reasoning));
    load_end(&l);
    d = first(&l, ENTRY("gemini/g", "", "input_cost_per_token_above_100k_tokens: 7e-06"));
    assert_usd(deployment_cost(d, &(struct token_counts){.input = 90000}), 90000 * 1.25e-6);
    assert_usd(deployment_cost(d, &(struct token_counts){.input = 300000}), 300000 * 7e-6);
    assert_usd(deployment_cost(d, &(struct token_counts){.input = 300000, .output = 10}), 300000 * 7e-6 + 10 * 1.5e-5);
    load_end(&l);
}

TEST(context_length_limits_the_window)
{
    static const struct {
        const char *info;
        int64_t window;
        bool known;
    } cases[] = {
        {"context_length: 5", 5, false},
        {"context_length: 5, max_input_tokens: 9", 5, false},
        {"context_length: 9, max_input_tokens: 5", 5, false},
        {"context_length: 5, max_input_tokens: 0", 5, false},
        {"context_length: 900000000", 0, true}, /* that of the table */
        {"context_length: 0", 0, true},
    };
    struct load l;
    const struct deployment *d = first(&l, ENTRY("gemini/g", "", ""));
    int64_t known = d->max_input_tokens;
    load_end(&l);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512];
        snprintf(text, sizeof text, ENTRY("gemini/g", "", "%s"), cases[i].info);
        d = first(&l, text);
        assert_int_equal(d->max_input_tokens, cases[i].known ? known : cases[i].window);
        assert_int_equal((d->known & KNOWN_WINDOW) != 0, cases[i].known);
        load_end(&l);
    }
}

TEST(other_servers_have_no_prices)
{
    static const char *const NONE[] = {
        ENTRY("openai/gpt-5", ", api_base: 'https://llm.example/v1'", ""),
        ENTRY("openai/gpt-5", ", api_base: 'http://127.0.0.1:9/v1'", ""),
        ENTRY("openai/gpt-5", ", api_base: 'http://api.openai.com/v1'", ""),
        ENTRY("openai/gpt-5", ", api_base: 'https://api.openai.com/v2'", ""),
        ENTRY("hosted_vllm/gpt-5", ", api_base: 'https://llm.example/v1'", ""),
        ENTRY("ollama/gpt-5", "", ""),
        ENTRY("codex-oauth/gpt-5", "", ""),
        ENTRY("openai/unheard-of", "", ""),
        ENTRY("azure/gpt-5", "", ""),
    };
    for (size_t i = 0; i < COUNT_OF(NONE); i++) {
        struct load l;
        const struct deployment *d = first(&l, NONE[i]);
        if (d->known_as || !isnan(d->price.input) || d->max_input_tokens)
            fail_msg("%s has a price", NONE[i]);
        load_end(&l);
    }
    struct load l;
    assert_non_null(first(&l, ENTRY("openai/gpt-5", ", api_base: 'https://api.openai.com/v1/'", ""))->known_as);
    load_end(&l);
}

TEST(a_wildcard_has_no_price)
{
    struct load l;
    const struct deployment *d =
        first(&l, "model_list: [{model_name: 'openai/*', litellm_params: {model: 'openai/*'}}]");
    assert_null(d->known_as);
    load_end(&l);
}

TEST(base_model_names_the_row)
{
    static const struct {
        const char *text, *row;
    } CASES[] = {
        {ENTRY("openai/mine", ", api_base: 'https://llm.example/v1'", "base_model: gpt-5"), "openai/gpt-5"},
        {ENTRY("openai/mine", ", api_base: 'https://llm.example/v1', base_model: gemini/g", ""), "gemini/g"},
        {ENTRY("hosted_vllm/m", ", api_base: 'http://127.0.0.1:9'", "base_model: openai/gpt-5"), "openai/gpt-5"},
        {ENTRY("xai/mine", "", "base_model: grok"), "xai/grok"},
        {ENTRY("xai/grok", "", "base_model: gpt-5-2025-08-07"), "openai/gpt-5"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct load l;
        const struct deployment *d = first(&l, CASES[i].text);
        if (!d->known_as || strcmp(d->known_as, CASES[i].row) != 0)
            fail_msg("%s: %s", CASES[i].text, d->known_as ? d->known_as : "none");
        load_end(&l);
    }
    struct load l;
    first(&l, ENTRY("openai/gpt-5", "", "base_model: unheard-of"));
    assert_non_null(strstr(buf_text(&l.warnings), "F:2: base_model: \"unheard-of\" is not in the table of prices\n"));
    load_end(&l);
}

TEST(a_damaged_table_is_reported)
{
    struct load l;
    const char *table = load_prices;
    assert_null(first(&l, ENTRY("xai/broken", ", api_key: os.environ/OPENAI_API_KEY", ""))->known_as);
    assert_non_null(strstr(buf_text(&l.warnings), ": damaged: some models have no price: run `pointsman prices"));
    load_end(&l);
    load_prices = folder_at("missing");
    assert_null(first(&l, ENTRY("openai/gpt-5", "", ""))->known_as);
    assert_non_null(strstr(buf_text(&l.warnings), "no prices of known models: "));
    assert_non_null(strstr(buf_text(&l.warnings), "No such file"));
    load_end(&l);
    first(&l, ENTRY("ollama/gpt-5", "", "")); /* needs no table, so none is opened */
    assert_null(strstr(buf_text(&l.warnings), "known models"));
    load_end(&l);
    load_prices = table;
}

#define DISCOUNTS(text) "litellm_settings: {" text "}\n"

static double input_price(const char *text)
{
    struct load l;
    double price = first(&l, text)->price.input;
    load_end(&l);
    return price;
}

TEST(discounts_are_subtracted)
{
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "cost_discount: 0.2")), 0.8e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", ", cost_discount: 0.2", "input_cost_per_token: 5e-06")), 4e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "") DISCOUNTS("cost_discount_config: {openai: 0.1, xai: 0.9}")),
               0.9e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "cost_discount: 0")
                               DISCOUNTS("cost_discount_config: {openai: 1}")),
               1e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "")
                               DISCOUNTS("cost_discount_config: {openai: 0.1, 'openai/gpt-*': 0.3, 'openai/*': 0.2}")),
               0.7e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "") DISCOUNTS(
                   "cost_discount_config: {openai/gpt-5: 0.5, 'openai/gpt-?*': 0.3, openai/gpt-4: 0.9, open: 0.9}")),
               0.5e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "") DISCOUNTS("cost_discount_config: {xai: 0.1}")), 1e-6);
    struct load l;
    const struct deployment *d = first(&l, ENTRY("gemini/g", "", "") DISCOUNTS("cost_discount_config: {gemini: 0.5}"));
    assert_usd(deployment_cost(d, &(struct token_counts){.input = 300000, .cached = 100000, .output = 1000}),
               (200000 * 2.5e-6 + 100000 * 2.5e-7 + 1000 * 1.5e-5) / 2);
    assert_true(d->cost_discount == 0.5);
    load_end(&l);
}

TEST(margins_are_added)
{
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "") DISCOUNTS("cost_margin_config: {global: 0.1}")), 1.1e-6);
    assert_usd(input_price(ENTRY("openai/gpt-5", "", "") DISCOUNTS(
                   "cost_discount_config: {openai: 0.5}, cost_margin_config: {global: 9, openai: {percentage: 0.2}}")),
               0.6e-6);
    warns(ENTRY("openai/gpt-5", "", "") DISCOUNTS("cost_margin_config: {openai: {fixed_amount: 0.1}}"),
          "F:3: litellm_settings.cost_margin_config: fixed_amount has no effect here: only tokens are priced\n");
}

TEST(invalid_discounts_are_errors)
{
    refused(ENTRY("openai/gpt-5", "", "cost_discount: 1.5") MASTER,
            "F:2: model_info.cost_discount: expected a number from 0 to 1, found the number 1.5");
    refused(ENTRY("openai/gpt-5", "", "") DISCOUNTS("cost_discount_config: {openai: -0.1}") MASTER,
            "F:3: litellm_settings.cost_discount_config: expected a number from 0 to 1, found the number -0.1");
    warns(ENTRY("openai/gpt-5", "", "") DISCOUNTS("cost_discount_config: {opneai: 0.1}"),
          "F:3: litellm_settings.cost_discount_config: \"opneai\": unknown provider\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deployment_without_prices_gets_them),
        cmocka_unit_test(tiers_and_abilities_come_from_the_table),
        cmocka_unit_test(the_file_wins),
        cmocka_unit_test(context_length_limits_the_window),
        cmocka_unit_test(other_servers_have_no_prices),
        cmocka_unit_test(a_wildcard_has_no_price),
        cmocka_unit_test(base_model_names_the_row),
        cmocka_unit_test(a_damaged_table_is_reported),
        cmocka_unit_test(discounts_are_subtracted),
        cmocka_unit_test(margins_are_added),
        cmocka_unit_test(invalid_discounts_are_errors),
    };
    return cmocka_run_group_tests(tests, enter, folder_leave);
}
