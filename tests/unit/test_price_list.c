/* Unit tests of cli/price_list: LiteLLM's list of models as a table. */
#include "tests/unit/unit.h"

#include "cli/price_list.h"
#include "proxy/config/price_table.h"

#define HEAD(count) "# pointsman prices 1\t2026-11-30\ttest\t" count "\n"
#define MODEL(name, more) "{\"" name "\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\"" more "}}"
#define PRICED ", \"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 2e-06"

static bool read(const char *text, struct buf *out, struct buf *error)
{
    buf_init(out, PRICE_TABLE_MAX);
    buf_init(error, 4096);
    return price_list_read(slice_of(text), slice_of("2026-11-30"), slice_of("test"), out, error);
}

static void becomes(const char *text, const char *table)
{
    struct buf out, error;
    if (!read(text, &out, &error))
        fail_msg("%s", buf_text(&error));
    assert_buf(&out, table);
    struct price_table t;
    assert_true(price_table_of(&t, buf_slice(&out), &error) && price_table_check(&t, &error));
    price_table_close(&t);
    buf_free(&out);
    buf_free(&error);
}

static void refused(const char *text, const char *why)
{
    struct buf out, error;
    if (read(text, &out, &error) || !strstr(buf_text(&error), why))
        fail_msg("%.80s: \"%s\", expected \"%s\"", text, buf_text(&error), why);
    buf_free(&out);
    buf_free(&error);
}

TEST(a_model_becomes_a_row)
{
    becomes(MODEL("gpt-5", PRICED), HEAD("1") "openai/gpt-5\t1\t2\t\t\t\t\t\t\t\n");
    becomes(MODEL("openai/gpt-5", PRICED
                  ", \"cache_read_input_token_cost\": 1.25e-07, \"cache_creation_input_token_cost\": 1.25e-06,"
                  "\"output_cost_per_reasoning_token\": 3E-6, \"max_input_tokens\": 272000.0,"
                  "\"max_output_tokens\": 128e3, \"supports_vision\": false, \"supports_function_calling\": true,"
                  "\"supports_response_schema\": null, \"supports_reasoning\": true,"
                  "\"input_cost_per_token_above_272k_tokens\": 2e-06, \"input_cost_per_token_priority\": 9e-06,"
                  "\"input_cost_per_token_above_272k_tokens_flex\": 9e-06,"
                  "\"cache_creation_input_token_cost_above_1hr\": 9e-06,"
                  "\"cache_creation_input_token_cost_above_1hr_above_200k_tokens\": 9e-06,"
                  "\"cache_read_input_token_cost_above_128k_tokens\": 3e-07"),
            HEAD("1") "openai/gpt-5\t1\t2\t0.125\t1.25\t3\t272000\t128000\ttIr\t128000:,,0.3,, 272000:2,,,,\n");
}

TEST(ranges_become_tiers)
{
    becomes("{\"dashscope/qwen\": {\"litellm_provider\": \"dashscope\", \"tiered_pricing\": ["
            "{\"range\": [256000.0, 1e6], \"input_cost_per_token\": 2.5e-07, \"output_cost_per_token\": 2e-06},"
            "{\"range\": [0, 256000], \"input_cost_per_token\": 5e-08, \"output_cost_per_token\": 4e-07},"
            "{\"input_cost_per_token\": 1}, 5]}}",
            HEAD("1") "dashscope/qwen\t0.05\t0.4\t\t\t\t\t\t\t256000:0.25,2,,,\n");
}

/* LiteLLM's names without the provider, in another case, and its aliases. */
TEST(names_are_those_of_our_providers)
{
    becomes("{\"sample_spec\": {\"litellm_provider\": \"one of\", \"max_input_tokens\": \"text\"},"
            "\"b\": {\"litellm_provider\": \"deepseek\" " PRICED "},"
            "\"deepseek/b\": {\"litellm_provider\": \"deepseek\", \"input_cost_per_token\": 7e-06},"
            "\"DeepSeek/B\": {\"litellm_provider\": \"deepseek\" " PRICED "},"
            "\"command-a\": {\"litellm_provider\": \"cohere_chat\" " PRICED "},"
            "\"deepseek/latest\": {\"alias_of\": \"deepseek/b\"}, \"x\": {\"alias_of\": \"nothing\"},"
            "\"y\": {\"alias_of\": \"deepseek/latest\"},"
            "\"c\": {\"litellm_provider\": \"xai\", \"aliases\": [\"xai/d\", 5] " PRICED "},"
            "\"together-ai-4b\": {\"litellm_provider\": \"together_ai\" " PRICED "},"
            "\"azure/gpt-5\": {\"litellm_provider\": \"azure\" " PRICED "},"
            "\"ollama/l\": {\"litellm_provider\": \"ollama\" " PRICED "}, \"n\": 5, \"o\": {\"litellm_provider\": 5}}",
            HEAD("6") "cohere/command-a\t1\t2\t\t\t\t\t\t\t\n"
                      "deepseek/b\t7\t\t\t\t\t\t\t\t\n"
                      "deepseek/DeepSeek/B\t1\t2\t\t\t\t\t\t\t\n"
                      "deepseek/latest\t7\t\t\t\t\t\t\t\t\n"
                      "xai/c\t1\t2\t\t\t\t\t\t\t\n"
                      "xai/d\t1\t2\t\t\t\t\t\t\t\n");
}

/* If both prices are 0, LiteLLM often does not know them. Cache writes are part of the input, so 0 is not their price.
 */
TEST(zeros_are_read_with_care)
{
    becomes(
        "{\"free\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 0.0, \"output_cost_per_token\": 0},"
        "\"e\": {\"litellm_provider\": \"openai\", \"mode\": \"embedding\", \"input_cost_per_token\": 2e-8,"
        "\"output_cost_per_token\": 0.0, \"cache_creation_input_token_cost\": 0e-400},"
        "\"picture\": {\"litellm_provider\": \"openai\", \"mode\": \"image_generation\" " PRICED "},"
        "\"unpriced\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": null, \"max_input_tokens\": 5}}",
        HEAD("1") "openai/e\t0.02\t0\t\t\t\t\t\t\t\n");
}

TEST(invalid_lists_are_refused)
{
    refused("", "not JSON");
    refused("{", "not JSON");
    refused("[]", "expected one JSON object");
    refused("\"x\"", "expected one JSON object");
    refused("{}", "no model with a price");
    refused("{\"a\": {\"b\": 1}}", "no model with a price");
    refused("{\"a\": NaN}", "not JSON");
    refused(MODEL("a", PRICED) "x", "not JSON");
    char deep[101] = "";
    memset(deep, '[', sizeof deep - 1);
    refused(deep, "not JSON");
}

TEST(impossible_values_are_refused)
{
    static const char *const PRICES[] = {"-1e-6", "1.5",    "1e-400", "1e-13", "1e400",  "\"1e-6\"",
                                         "true",  "[1e-6]", "{}",     "1e999", "-1e-400"};
    static const char *const TOKENS[] = {"-1", "1.5", "1e12", "\"1\"", "true", "[]"};
    char text[512];
    for (size_t i = 0; i < COUNT_OF(PRICES); i++) {
        snprintf(text, sizeof text, MODEL("gpt-5", ", \"input_cost_per_token\": %s"), PRICES[i]);
        refused(text, "gpt-5: input_cost_per_token: not a ");
        snprintf(text, sizeof text, MODEL("gpt-5", PRICED ", \"output_cost_per_token_above_200k_tokens\": %s"),
                 PRICES[i]);
        refused(text, "gpt-5: output_cost_per_token: not a ");
    }
    for (size_t i = 0; i < COUNT_OF(TOKENS); i++) {
        snprintf(text, sizeof text, MODEL("gpt-5", PRICED ", \"max_input_tokens\": %s"), TOKENS[i]);
        refused(text, "gpt-5: max_input_tokens: not a number of tokens");
        snprintf(text, sizeof text, MODEL("gpt-5", PRICED ", \"tiered_pricing\": [{\"range\": [%s]}]"), TOKENS[i]);
        refused(text, "gpt-5: tiered_pricing: not a range");
    }
}

TEST(hostile_names_are_refused)
{
    refused(MODEL("a\\tb\\t1", PRICED), "control characters or escapes");
    refused(MODEL("a\\nb", PRICED), "control characters or escapes");
    refused(MODEL("\\u0061", PRICED), "control characters or escapes");
    refused(MODEL("a b", PRICED), "no model with a price");
    refused(MODEL("\xc3\xa9", PRICED), "no model with a price");
    refused(MODEL("", PRICED), "no model with a price");
    struct buf text;
    buf_init(&text, 1u << 20);
    BUF_ADD(&text, "{\"");
    for (int i = 0; i < 500; i++)
        BUF_ADD(&text, "x");
    BUF_ADD(&text, "\": {\"litellm_provider\": \"openai\" " PRICED "}}");
    refused(buf_text(&text), "no model with a price");
    buf_clear(&text);
    BUF_ADD(&text, "{\"openai/t\": {\"litellm_provider\": \"openai\" " PRICED);
    for (int i = 1; i < 20; i++)
        buf_add_format(&text, ", \"input_cost_per_token_above_%dk_tokens\": 1e-6", i);
    BUF_ADD(&text, "}}");
    refused(buf_text(&text), "openai/t: input_cost_per_token: too many price tiers");
    buf_free(&text);
}

TEST(too_long_lists_are_refused)
{
    struct buf text;
    buf_init(&text, 32u << 20);
    BUF_ADD(&text, "{\"x\": 0");
    for (int i = 0; i < 3000; i++)
        buf_add_format(&text, ", \"a%d\": {\"alias_of\": \"x\"}", i);
    BUF_ADD(&text, "}");
    refused(buf_text(&text), "too many aliases");
    buf_clear(&text);
    BUF_ADD(&text, "{\"x\": 0");
    for (int i = 0; i < 60000; i++)
        buf_add_format(&text, ", \"a%d\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 1e-6}", i);
    BUF_ADD(&text, "}");
    refused(buf_text(&text), "too many models");
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_becomes_a_row),
        cmocka_unit_test(ranges_become_tiers),
        cmocka_unit_test(names_are_those_of_our_providers),
        cmocka_unit_test(zeros_are_read_with_care),
        cmocka_unit_test(invalid_lists_are_refused),
        cmocka_unit_test(impossible_values_are_refused),
        cmocka_unit_test(hostile_names_are_refused),
        cmocka_unit_test(too_long_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
