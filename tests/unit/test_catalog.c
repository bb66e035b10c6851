/* Unit tests of proxy/answers/catalog. */
#include "tests/unit/unit.h"
#include "common/json.h"
#include "proxy/answers/catalog.h"

#define OWN                                                                                      \
    "\"display_name\":\"x\",\"upgrade\":{\"model\":\"y\"},\"default_reasoning_level\":\"high\"," \
    "\"context_window\":272000,\"truncation_policy\":{\"mode\":\"tokens\",\"limit\":10000}"
#define CATALOG                                                                                                 \
    "{\"models\":[{\"slug\":\"code\",\"tool_mode\":\"code_mode_only\",\"base_instructions\":\"C\"},"            \
    "{\"slug\":\"lite\",\"use_responses_lite\":true},"                                                          \
    "{\"slug\":\"base\",\"tool_mode\":null,\"base_instructions\":\"B \\u00e9\\n\"," OWN ",\"novelty\":[1, 2]}," \
    "{\"slug\":\"later\",\"base_instructions\":\"L\"}]}"

static struct model_group groups[] = {{.alias = (char[]){"light"}}, {.alias = (char[]){"code"}}};
static const struct config config = {.groups = groups, .group_count = 2};

static struct catalog *read(const char *text)
{
    struct buf error;
    buf_init(&error, 512);
    struct catalog *c = catalog_read(slice_of(text), &config, &error);
    assert_true((c == NULL) == (error.len > 0));
    buf_free(&error);
    return c;
}

static void assert_entry(const struct catalog *c, const char *alias, int64_t window, const char *expected)
{
    struct buf out;
    struct json j = {0};
    buf_init(&out, 4096);
    struct document d;
    (void)catalog_describe(c, slice_of(alias), window, 7, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_true(json_parse(&j, out.data, out.len));
    assert_buf(&out, expected);
    for (uint32_t key = json_first(&j, 0); key; key = json_next(&j, key)) {
        char *name = json_strdup(&j, key);
        assert_int_equal(json_count(&j, 0, name), 1);
        free(name);
    }
    json_free(&j);
    buf_free(&out);
}

#define HEAD(alias)                                                                                   \
    "{\"slug\":\"" alias "\",\"display_name\":\"" alias "\",\"description\":\"Routed by pointsman\"," \
    "\"visibility\":\"list\",\"supported_in_api\":true,\"priority\":7"
#define CONTEXT(tokens) ",\"context_window\":" tokens ",\"max_context_window\":" tokens
#define CUT ",\"truncation_policy\":{\"mode\":\"tokens\",\"limit\":10000}"
#define REST ",\"novelty\":[1, 2]}"

TEST(an_alias_is_a_copy_of_the_base)
{
    struct catalog *c = read(CATALOG);
    assert_non_null(c);
    assert_entry(c, "light", 0,
                 HEAD("light") ",\"tool_mode\":null,\"base_instructions\":\"B \\u00e9\\n\","
                               "\"context_window\":272000" CUT REST);
    assert_entry(c, "a\"b", 1000000,
                 HEAD("a\\\"b") CONTEXT("1000000") ",\"tool_mode\":null,"
                                                   "\"base_instructions\":\"B \\u00e9\\n\"" CUT REST);
    catalog_free(c);
}

TEST(a_small_window_is_compacted_early)
{
    struct catalog *c = read(CATALOG);
    assert_entry(c, "light", 32768,
                 HEAD("light")
                     CONTEXT("32768") ",\"auto_compact_token_limit\":24576,"
                                      "\"truncation_policy\":{\"mode\":\"tokens\",\"limit\":4096},\"tool_mode\":null,"
                                      "\"base_instructions\":\"B \\u00e9\\n\"" REST);
    catalog_free(c);
}

TEST(an_alias_that_codex_knows_keeps_its_entry)
{
    struct catalog *c = read(CATALOG);
    assert_entry(c, "code", 0, HEAD("code") ",\"tool_mode\":\"code_mode_only\",\"base_instructions\":\"C\"}");
    assert_entry(c, "later", 0,
                 HEAD("later") ",\"tool_mode\":null,\"base_instructions\":\"B \\u00e9\\n\","
                               "\"context_window\":272000" CUT REST); /* "later" is not an alias */
    catalog_free(c);
}

TEST(malformed_catalogs_are_refused)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"models\":{}}",
                                        "{\"models\":[]}",
                                        "{\"models\":[1,\"x\"]}",
                                        "{\"models\":[{\"slug\":\"a\",\"tool_mode\":\"code_mode_only\"}]}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_null(read(texts[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alias_is_a_copy_of_the_base),
        cmocka_unit_test(a_small_window_is_compacted_early),
        cmocka_unit_test(an_alias_that_codex_knows_keeps_its_entry),
        cmocka_unit_test(malformed_catalogs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
