/* Unit tests of proxy/config/price_table: rows, searches, and damaged tables. */
#include "tests/unit/unit.h"

#include "proxy/config/price_table.h"

#include <math.h>

#define HEAD(count) "# pointsman prices 1\t2026-11-30\ttest 1\t" count "\n"
#define ROW(key) key "\t1\t2\t\t\t\t\t\t\t\n"

static const char SOME[] = HEAD("7") ROW("gemini/gemini-2.0-flash") ROW("openai/ft:gpt-4o") ROW("openai/gpt-5")
    ROW("openai/GPT-5-mini") ROW("openai/gpt-5.2") ROW(
        "perplexity/perplexity/sonar") "xai/grok\t2\t6\t0.3\t2.5\t7\t500000\t64000\ttIr\t200000:4,12,0.6,, 400000:8,,,,\n";

static bool find(const char *text, const char *key, struct price_row *row)
{
    struct price_table t;
    struct buf error;
    buf_init(&error, 256);
    assert_true(price_table_of(&t, slice_of(text), &error));
    bool found = price_table_find(&t, slice_of(key), row);
    price_table_close(&t);
    buf_free(&error);
    return found;
}

TEST(each_row_is_found)
{
    static const char *const KEYS[] = {
        "gemini/gemini-2.0-flash",     "openai/ft:gpt-4o", "openai/gpt-5", "openai/GPT-5-mini", "openai/gpt-5.2",
        "perplexity/perplexity/sonar", "xai/grok"};
    static const char *const OTHERS[] = {"", "a", "openai/gpt", "openai/gpt-5.", "openai/gpt-5.22", "xai/grok-", "zz"};
    struct price_row row;
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        assert_true(find(SOME, KEYS[i], &row));
        assert_slice(row.key, KEYS[i]);
    }
    assert_true(find(SOME, "OpenAI/gpt-5-MINI", &row));
    assert_slice(row.key, "openai/GPT-5-mini");
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++)
        assert_false(find(SOME, OTHERS[i], &row));
}

TEST(a_row_has_all_its_fields)
{
    struct price_row row;
    assert_true(find(SOME, "xai/grok", &row));
    assert_true(row.price.input == 2e-6 && row.price.output == 6e-6 && row.price.cached_input == 3e-7);
    assert_true(row.price.cache_write == 2.5e-6 && row.price.reasoning == 7e-6);
    assert_int_equal(row.max_input_tokens, 500000);
    assert_int_equal(row.max_output_tokens, 64000);
    assert_int_equal(row.has, CAPABILITY_TOOLS | ABILITY_REASONING);
    assert_int_equal(row.lacks, CAPABILITY_IMAGES);
    assert_int_equal(row.tier_count, 2);
    assert_true(row.tiers[0].above == 200000 && row.tiers[0].price.input == 4e-6);
    assert_true(isnan(row.tiers[0].price.cache_write));
    assert_true(row.tiers[1].above == 400000 && row.tiers[1].price.input == 8e-6 && isnan(row.tiers[1].price.output));
    assert_true(find(SOME, "openai/gpt-5", &row));
    assert_true(isnan(row.price.cached_input) && row.max_input_tokens == 0 && row.has == 0);
}

/* A price that is written and read again is the same number. */
TEST(prices_are_exact_after_a_round_trip)
{
    static const double PRICES[] = {0,
                                    1e-12,
                                    1.25e-6,
                                    1.75e-7,
                                    5e-5,
                                    6e-4,
                                    1,
                                    0.1,
                                    2.8e-8,
                                    3.3333333333333335e-7,
                                    1.2345678901234567e-5,
                                    9.99e-10,
                                    1.3e-10,
                                    1e-6,
                                    1e-5,
                                    2.0000000000000003e-06};
    for (size_t i = 0; i < COUNT_OF(PRICES); i++) {
        struct price_row row, back;
        struct buf out;
        buf_init(&out, 1024);
        price_row_init(&row);
        row.key = slice_of("p/m");
        row.price.input = PRICES[i];
        price_row_write(&out, &row);
        struct slice line = {out.data, out.len - 1};
        assert_true(price_row_read(line, &back));
        if (back.price.input != PRICES[i])
            fail_msg("%.17g became %.17g: %s", PRICES[i], back.price.input, buf_text(&out));
        assert_true(isnan(back.price.output));
        buf_free(&out);
    }
}

static bool find_model(const char *provider, const char *name)
{
    struct price_table t;
    struct price_row row;
    struct buf error;
    buf_init(&error, 256);
    assert_true(price_table_of(&t, slice_of(SOME), &error));
    bool found = price_table_model(&t, provider_find(slice_of(provider)), slice_of(name), &row);
    price_table_close(&t);
    buf_free(&error);
    return found;
}

TEST(dates_and_versions_of_names_are_ignored)
{
    assert_true(find_model("openai", "gpt-5"));
    assert_true(find_model("openai", "gpt-5-2025-08-07"));
    assert_false(find_model("openai", "gpt-5-2025-08-0x"));
    assert_false(find_model("openai", "gpt-5-20250807"));
    assert_false(find_model("openai", "-2025-08-07"));
    assert_true(find_model("openai", "ft:gpt-4o:org::id"));
    assert_true(find_model("openai", "ft:gpt-4o:org:name:id"));
    assert_false(find_model("openai", "ft:gpt-4o:id"));
    assert_false(find_model("openai", "ft::::"));
    assert_true(find_model("gemini", "gemini-2.0-flash-001"));
    assert_false(find_model("gemini", "gemini-2.0-flash-2025-08-07"));
    assert_false(find_model("gemini", "-001"));
    assert_true(find_model("perplexity", "sonar"));
    assert_true(find_model("perplexity", "perplexity/sonar"));
    assert_false(find_model("openai", ""));
    assert_false(find_model("xai", "gpt-5"));
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(find_model("openai", longest));
}

static void has_row(const char *model, const char *expected)
{
    static const char TEXT[] = HEAD("7") ROW("anthropic/claude-sonnet-4-5") ROW("gemini/g") ROW("groq/openai/gpt-oss")
        ROW("openai/gpt-5") ROW("openrouter/openai/own") ROW("together_ai/openai/gpt-oss") ROW("xai/grok-4.5");
    const struct provider *provider;
    struct price_table t;
    struct price_row row;
    struct buf error, name;
    buf_init(&error, 256);
    buf_init(&name, 256);
    assert_true(price_table_of(&t, slice_of(TEXT), &error) && price_table_check(&t, &error));
    assert_true(provider_resolve(model, &provider, &name));
    bool found = price_table_model(&t, provider, buf_slice(&name), &row);
    if (found != (expected != NULL) || (found && !slice_is(row.key, expected)))
        fail_msg("%s: %.*s", model, found ? (int)row.key.len : 4, found ? row.key.ptr : "none");
    price_table_close(&t);
    buf_free(&error);
    buf_free(&name);
}

TEST(resellers_pass_prices_on)
{
    has_row("openrouter/openai/gpt-5", "openai/gpt-5");
    has_row("openrouter/openai/own", "openrouter/openai/own");
    has_row("openrouter/anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5");
    has_row("openrouter/google/g", "gemini/g");
    has_row("openrouter/x-ai/grok-4.5", "xai/grok-4.5");
    has_row("openrouter/openai/gpt-5:free", NULL);
    has_row("openrouter/openai/", NULL);
    has_row("openrouter/deepseek/gpt-5", NULL);
    has_row("openrouter/gpt-5", NULL);
    has_row("huggingface/groq/openai/gpt-oss", "groq/openai/gpt-oss");
    has_row("huggingface/together/openai/gpt-oss", "together_ai/openai/gpt-oss");
    has_row("huggingface/openai/gpt-oss", NULL);
    has_row("huggingface/nobody/openai/gpt-oss", NULL);
    has_row("vercel_ai_gateway/openai/gpt-5", NULL);
}

TEST(servers_of_the_user_have_no_rows)
{
    static const char *const NONE[] = {"ollama", "lm_studio", "hosted_vllm", "azure", "bedrock", "codex-oauth",
                                       "echo",   "",          "nonsense"};
    for (size_t i = 0; i < COUNT_OF(NONE); i++)
        assert_null(price_table_provider(slice_of(NONE[i])));
    assert_string_equal(price_table_provider(slice_of("openai")), "openai");
    assert_string_equal(price_table_provider(slice_of("cohere_chat")), "cohere");
    assert_string_equal(price_table_provider(slice_of("text-completion-openai")), "openai");
}

static void refused(const char *text, const char *why)
{
    struct price_table t;
    struct buf error;
    buf_init(&error, 512);
    bool ok = price_table_of(&t, slice_of(text), &error) && price_table_check(&t, &error);
    if (ok || !strstr(buf_text(&error), why))
        fail_msg("%.60s: \"%s\", expected \"%s\"", text, buf_text(&error), why);
    price_table_close(&t);
    buf_free(&error);
}

TEST(damaged_tables_are_refused)
{
    refused("", "not a table of prices");
    refused("{}", "not a table of prices");
    refused("# pointsman prices 2\t2026-11-30\tx\t1\n" ROW("a/b"), "of this version");
    refused("# pointsman prices 1\t2026-11-30\tx\t0\n", "of this version");
    refused("# pointsman prices 1\t2026-11-30\tx\t99999999\n", "of this version");
    refused("# pointsman prices 1\t2026-11-30\t\t1\n" ROW("a/b"), "of this version");
    refused("# pointsman prices 1", "of this version");
    refused(HEAD("1"), "truncated");
    refused(HEAD("2") ROW("a/b"), "1 rows, the first line says 2");
    refused(HEAD("1") "a/b\t1\t2\t\t\t\t\t\t\t", "truncated");
    refused(HEAD("1") "a/b\t1\t2\n", "line 2: not a row");
    refused(HEAD("1") "\t1\t2\t\t\t\t\t\t\t\n", "line 2: not a row");
    refused(HEAD("1") "a b\t1\t2\t\t\t\t\t\t\t\n", "line 2: not a row");
    refused(HEAD("2") ROW("b/b") ROW("a/b"), "line 3: out of order");
    refused(HEAD("2") ROW("a/b") ROW("A/B"), "line 3: out of order, or twice: A/B");
    static const char *const FIELDS[] = {"-1", "nan", "inf", "1e3", "0x1", ".5", "1000001", "0.0000001", "1.2.3", " 1"};
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        char text[256];
        snprintf(text, sizeof text, HEAD("1") "a/b\t%s\t2\t\t\t\t\t\t\t\n", FIELDS[i]);
        refused(text, "line 2: not a row");
    }
    static const char *const ENDS[] = {"-1\t\t\t",
                                       "1e6\t\t\t",
                                       "9999999999\t\t\t",
                                       "\t\t\t1:1,1,1",
                                       "\t\t\t0:1,1,1,1,1",
                                       "\t\t\t5:1,1,1,1,1 4:1,1,1,1,1",
                                       "\t\t\t5:1,1,1,1,1,1",
                                       "\t\t\t5:1,1,1,1,1 5:1,1,1,1,1",
                                       "\t\t\tx"};
    for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
        char text[256];
        snprintf(text, sizeof text, HEAD("1") "a/b\t1\t2\t\t\t\t%s\n", ENDS[i]);
        refused(text, "line 2: not a row");
    }
}

TEST(damaged_row_is_noticed)
{
    struct price_table t;
    struct price_row row;
    struct buf error;
    buf_init(&error, 256);
    assert_true(price_table_of(&t, slice_of(HEAD("2") ROW("a/a") "a/b\tx\t\n"), &error));
    assert_true(price_table_find(&t, slice_of("a/a"), &row));
    assert_false(t.damaged);
    assert_false(price_table_find(&t, slice_of("a/b"), &row));
    assert_true(t.damaged);
    price_table_close(&t);
    buf_free(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_found),
        cmocka_unit_test(a_row_has_all_its_fields),
        cmocka_unit_test(prices_are_exact_after_a_round_trip),
        cmocka_unit_test(dates_and_versions_of_names_are_ignored),
        cmocka_unit_test(resellers_pass_prices_on),
        cmocka_unit_test(servers_of_the_user_have_no_rows),
        cmocka_unit_test(damaged_tables_are_refused),
        cmocka_unit_test(damaged_row_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
