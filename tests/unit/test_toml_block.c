/* Unit tests of cli/toml_block: our settings in the user's TOML file are inserted and removed, also after others
 * changed the file. */
#include "tests/unit/unit.h"

#include "cli/toml_block.h"
#include "cli/toml_scan.h"

#define BEGIN "# pointsman: its own settings from here on; \"pointsman disable\" takes them out"
#define JOINED BEGIN ", and the newline before them"
#define TABLES "[model_providers.ours]\nname = \"x\"\n[model_providers.ours.auth]\ncommand = \"c\"\n"

static const struct toml_setting SETTINGS[] = {
    {"model_provider", "\"ours\"", false},
    {"model", "\"codex-default\"", false},
    {NULL, NULL, false},
};
static const char *const ASIDE[] = {"model_catalog_json", NULL};
static const char *const OWNED[][2] = {{"model_providers", "ours"}, {"profiles", "ours"}, {NULL, NULL}};
static const struct toml_block BLOCK = {SETTINGS, ASIDE, TABLES, OWNED};
static const char *const NOTHING[] = {NULL};
static const struct toml_setting NO_SETTINGS[] = {{NULL, NULL, false}};
static const struct toml_block TABLES_ONLY = {NO_SETTINGS, NOTHING, TABLES, OWNED};

static struct buf made, why;

static int set_up(void **state)
{
    (void)state;
    buf_init(&made, 1u << 20);
    buf_init(&why, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&made);
    buf_free(&why);
    return 0;
}

static void removed_is(const struct toml_block *block, const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 1u << 20);
    assert_true(toml_block_remove(slice_of(text), block, "f", &out, &why));
    assert_buf(&out, expected);
    buf_free(&out);
}

static void inserted_is(const struct toml_block *block, const char *text, const char *expected)
{
    buf_clear(&made);
    assert_true(toml_block_insert(slice_of(text), block, "f", &made, &why));
    assert_buf(&made, expected);
    removed_is(block, expected, text);
}

TEST(empty_file_becomes_the_block)
{
    inserted_is(&BLOCK, "",
                BEGIN "\nmodel_provider = \"ours\"\nmodel = \"codex-default\"\n# pointsman: end\n" BEGIN "\n" TABLES
                      "# pointsman: end\n");
    inserted_is(&TABLES_ONLY, "", BEGIN "\n" TABLES "# pointsman: end\n");
}

TEST(settings_come_first_and_tables_last)
{
    inserted_is(
        &BLOCK, "a = 1\n\n[t]\nmodel = 2\n",
        BEGIN
        "\nmodel_provider = \"ours\"\nmodel = \"codex-default\"\n# pointsman: end\na = 1\n\n[t]\nmodel = 2\n" BEGIN
        "\n" TABLES "# pointsman: end\n");
}

TEST(users_settings_are_disabled_in_place)
{
    inserted_is(&BLOCK, "# mine\n\"model\" = '''a\nb'''  # c\nx.model = 1\nmodel_catalog_json=\"m\"\n[t]\nmodel = 2",
                BEGIN "\nmodel_provider = \"ours\"\nmodel = \"codex-default\"\n# pointsman: end\n# mine\n"
                      "# pointsman kept: \"model\" = '''a\n# pointsman kept: b'''  # c\nx.model = 1\n"
                      "# pointsman kept: model_catalog_json=\"m\"\n[t]\nmodel = 2\n" JOINED "\n" TABLES
                      "# pointsman: end\n");
    inserted_is(&BLOCK, "model='x'",
                BEGIN "\nmodel_provider = \"ours\"\nmodel = \"codex-default\"\n# pointsman: end\n"
                      "# pointsman kept: model='x'\n" JOINED "\n" TABLES "# pointsman: end\n");
}

TEST(line_ends_follow_the_file)
{
    buf_clear(&made);
    assert_true(toml_block_insert(SLICE("a = 1\r\nmodel = 'x'\r\nb = 2"), &BLOCK, "f", &made, &why));
    for (size_t i = 0; i < made.len; i++)
        assert_true(made.data[i] != '\n' || made.data[i - 1] == '\r');
    removed_is(&BLOCK, buf_text(&made), "a = 1\r\nmodel = 'x'\r\nb = 2");
}

TEST(a_byte_order_mark_stays_first)
{
    inserted_is(&TABLES_ONLY,
                "\xEF\xBB\xBF"
                "a = 1\n",
                "\xEF\xBB\xBF"
                "a = 1\n" BEGIN "\n" TABLES "# pointsman: end\n");
    buf_clear(&made);
    assert_true(toml_block_insert(SLICE("\xEF\xBB\xBF"), &BLOCK, "f", &made, &why));
    removed_is(&BLOCK, buf_text(&made), "\xEF\xBB\xBF");
}

TEST(every_kind_of_value_is_skipped)
{
    static const char *const texts[] = {
        "a = [\n1, # ]\n\"]\",\n]\nmodel = 1\n",
        "a = {b = \"}\", c = '}'}\nmodel = 1\n",
        "a = \"\"\"\n[model_providers.ours]\nmodel = 1\n\\\"\"\"\"\"\nmodel = 1\n",
        "a = '''\n[model_providers.ours]\n\\'''\nmodel = 1\n",
        "a = \"# \\\" \\\\\" # \"\nmodel = 1\n",
        "  a . \"b c\" . 'd' = 1979-05-27T07:32:00Z\n\tmodel = 1\n",
        "a = \"\"\nb = ''\nc = \"\"\"\"\"\"\nd = \"\"\"\"x\"\"\"\"\"\nmodel = 1\n",
        "# pointsman is nice\n\n \t\n[[a]]\n[ 'a' . \"b\" ] # pointsman: end\n[a . c]\n",
        "a = 1 # \xc3\xa9 model = 1\n\n\n",
        "a = 1\r\n\r\n[b]\r\n# c\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_clear(&made);
        assert_true(toml_block_insert(slice_of(texts[i]), &BLOCK, "f", &made, &why));
        assert_null(strstr(texts[i], "kept"));
        assert_true(strstr(buf_text(&made), "kept: ") || !strstr(texts[i], "\nmodel = 1\n"));
        removed_is(&BLOCK, buf_text(&made), texts[i]);
    }
}

static void refused(const char *text, const char *said)
{
    buf_clear(&made);
    buf_clear(&why);
    assert_false(toml_block_insert(slice_of(text), &BLOCK, "config.toml", &made, &why));
    if (!strstr(buf_text(&why), said))
        fail_msg("\"%s\" does not contain \"%s\"", buf_text(&why), said);
}

TEST(conflicting_file_is_refused)
{
    refused("a = 1\n[model_providers.ours]\n",
            "config.toml:2: \"[model_providers.ours]\" conflicts with pointsman's settings");
    refused("[model_providers]\n\"ours\" = {}\n", "config.toml:2");
    refused("model_providers.'ours'.name = 1\n", "config.toml:1");
    refused("[model_providers.\"o\\u0075rs\".x]\n", "config.toml:1");
    refused("profiles = {}\n", "is an inline value");
    refused("\n# pointsman: end\n", "config.toml:2: \"# pointsman: end\" already has a mark");
    refused("# pointsman kept: x\n", "already has a mark");
}

TEST(invalid_toml_is_refused)
{
    refused("a = 1\nb = \"x\nc = 2\n", "config.toml:2: unterminated string");
    refused("a = \"\"\"x\n", "unterminated string");
    refused("a = [1,\n2\n", "unclosed bracket");
    refused("a\n", "key without a value");
    refused("= 1\n", "expected a key");
    refused("[a\n", "unclosed table header");
    refused("\"a\\x62\" = 1\n", "unsupported escape");
    refused("\"a\\u00\" = 1\n", "unsupported escape");
}

/* Codex's toml_edit inserts before the mark that ends our part, and keeps comments. */
TEST(additions_within_the_block_stay)
{
    removed_is(
        &BLOCK,
        BEGIN
        "\nmodel_provider = \"ours\"\nmodel = \"codex-deep\"\neffort = \"high\"\n# pointsman: end\n"
        "# pointsman kept: model = 'x'\n[tui]\na = 1\n" BEGIN "\n[model_providers.ours]\nname = \"changed\"\n"
        "added = 1\n[model_providers.ours.auth]\ncommand = \"c\"\n\n[projects.\"/x\"]\ntrust = 1\n# pointsman: end\n",
        "effort = \"high\"\nmodel = 'x'\n[tui]\na = 1\n\n[projects.\"/x\"]\ntrust = 1\n");
    /* The newline that was added before our tables now separates the user's lines. */
    removed_is(&TABLES_ONLY, "a = 1\n" JOINED "\n" TABLES "# pointsman: end\n[x]\n", "a = 1\n[x]\n");
    /* The same without the marks. */
    removed_is(&BLOCK, "model_provider = \"ours\"\nmodel = 1\na = 1\n" TABLES "[b]\n", "a = 1\n[b]\n");
}

TEST(settings_that_the_user_changed_stay)
{
    removed_is(
        &BLOCK,
        BEGIN "\nmodel_provider = \"other\"\nmodel = \"codex-default\"\n# pointsman: end\n"
              "# pointsman kept: model_provider = 'old'\n# pointsman kept: model = 'x'\n# pointsman kept: # c\nb = 2\n",
        "model_provider = \"other\"\nmodel = 'x'\n# c\nb = 2\n");
    removed_is(&BLOCK, "model_provider = \"other\"\nmodel = \"gpt\"\n# pointsman kept: model = 'x'\n",
               "model_provider = \"other\"\nmodel = \"gpt\"\n");
}

/* The same for a key that is only disabled: with two of them, the file would not be valid TOML. */
TEST(key_that_the_user_wrote_again_is_not_duplicated)
{
    removed_is(&BLOCK,
               BEGIN
               "\nmodel_provider = \"ours\"\nmodel = \"codex-default\"\nmodel_catalog_json = 'new'\n# pointsman: end\n"
               "# pointsman kept: model_catalog_json = 'old'\na = 1\n",
               "model_catalog_json = 'new'\na = 1\n");
    removed_is(&BLOCK,
               BEGIN "\nmodel_provider = \"ours\"\nmodel = \"codex-default\"\n# pointsman: end\n"
                     "# pointsman kept: model_catalog_json = 'old'\n[t]\nmodel_catalog_json = 1\n",
               "model_catalog_json = 'old'\n[t]\nmodel_catalog_json = 1\n");
}

/* An earlier release did not write the setting, so the user's stayed in place. */
TEST(blocks_of_earlier_releases_are_removed)
{
    static const struct toml_setting settings[] = {
        {"model_provider", "\"ours\"", false}, {"review_model", "\"codex-default\"", true}, {NULL, NULL, false}};
    static const struct toml_block block = {settings, ASIDE, "", OWNED};
    removed_is(&block, BEGIN "\nmodel_provider = \"ours\"\n# pointsman: end\nreview_model = \"mine\"\n",
               "review_model = \"mine\"\n");
    removed_is(&block, BEGIN "\nmodel_provider = \"ours\"\nreview_model = \"codex-deep\"\n# pointsman: end\na = 1\n",
               "a = 1\n");
    removed_is(&block, "model_provider = \"ours\"\nreview_model = \"codex-default\"\na = 1\n", "a = 1\n");
}

TEST(other_content_is_unchanged)
{
    removed_is(&BLOCK, "a = 1\n[model_providers.oursish]\nmodel = 1", "a = 1\n[model_providers.oursish]\nmodel = 1");
    assert_false(toml_block_marked(SLICE("a = '''\n# pointsman: end\n'''\n# pointsman: ends\n")));
    assert_true(toml_block_marked(SLICE("a = 1\n# pointsman: end\r\n")));
    assert_true(toml_block_marked(SLICE("# pointsman kept: a")));
    buf_clear(&made);
    assert_false(toml_block_remove(SLICE("[model_providers.ours]\na = \"\n"), &BLOCK, "f", &made, &why));
    assert_non_null(strstr(buf_text(&why), "f:2: unterminated string"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty_file_becomes_the_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settings_come_first_and_tables_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(users_settings_are_disabled_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_ends_follow_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_byte_order_mark_stays_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_kind_of_value_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conflicting_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invalid_toml_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(additions_within_the_block_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settings_that_the_user_changed_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(key_that_the_user_wrote_again_is_not_duplicated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocks_of_earlier_releases_are_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_content_is_unchanged, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
