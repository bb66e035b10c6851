/* Unit tests of common/schema: defaults, values, errors and reference of a table of keys. */
#include "tests/unit/unit.h"
#include "common/schema.h"

#include <math.h>

static const char *const WORDS[] = {"red", "green", NULL};

struct values {
    struct schema_text name, other;
    bool on;
    unsigned word;
    int times, wait_ms;
    int64_t tokens;
    double price;
    const struct yaml_node *list;
};

#define ROW(TYPE, FIELD, ...) \
    {.type = SCHEMA_##TYPE, .name = #FIELD, .offset = offsetof(struct values, FIELD), .doc = "Doc.", __VA_ARGS__}
static const struct schema_row ROWS[] = {
    ROW(TEXT, name, .initial = {"nobody"}),
    ROW(SECRET, other, .initial = {"(the first one)"}),
    ROW(BOOL, on, .initial = {"true", "false"}),
    ROW(WORD, word, .initial = {"green"}, .words = WORDS),
    ROW(INT, times, .initial = {""}, .min = -5, .max = 9),
    ROW(SECONDS, wait_ms, .initial = {"1.5"}, .max = 60),
    ROW(COUNT, tokens, .initial = {"10", "20"}, .max = SCHEMA_ENDLESS),
    ROW(NUMBER, price, .initial = {"(unknown)"}, .max = .5),
    ROW(LIST, list, .initial = {""}),
    {.use = SCHEMA_WARNS, .name = "old older_*", .doc = "it is gone"},
    {.use = SCHEMA_HARMLESS, .name = "quiet"},
    {0},
};
static const struct schema_section SECTIONS[] = {{"part", ROWS}};
static const struct schema FIRST = {SECTIONS, 0}, SECOND = {SECTIONS, 1};

static struct buf errors, warnings;

static void collect(const char *message, void *ctx)
{
    (void)ctx;
    buf_add_format(&warnings, "%s%s", warnings.len ? "\n" : "", message);
}

static const char *variable(const char *name, void *ctx)
{
    (void)ctx;
    return strcmp(name, "NAME") == 0 ? "somebody" : strcmp(name, "SEVEN") == 0 ? "7" : NULL;
}

/* Reads the text over the defaults, as LiteLLM's file or as a strict one. The tree is valid until the next call. */
static struct values read_text(bool litellm, const char *text, const char *wrong, const char *warned)
{
    static struct yaml_node *root;
    struct values v;
    struct schema_reader r = {.file = "f", .errors = &errors, .warn = collect, .env = litellm ? variable : NULL};
    buf_clear(&errors);
    buf_clear(&warnings);
    yaml_tree_free(root);
    root = yaml_parse("f", slice_of(text), &errors);
    assert_non_null(root);
    schema_init(&FIRST, 0, &v);
    schema_read(&r, &FIRST, 0, root, &v);
    schema_report(&r);
    assert_buf(&errors, wrong);
    assert_buf(&warnings, warned);
    assert_int_equal(r.error_count > 0, *wrong != '\0');
    assert_int_equal(r.warning_count > 0, *warned != '\0');
    return v;
}

TEST(defaults_are_those_of_the_rows)
{
    struct values v;
    schema_init(&FIRST, 0, &v);
    assert_string_equal(v.name.text, "nobody");
    assert_true(v.name.line == 0 && !v.name.variable && !v.other.text);
    assert_true(v.on && v.word == 1 && v.times == SCHEMA_UNSET && v.wait_ms == 1500 && v.tokens == 10);
    assert_true(isnan(v.price) && !v.list);
    schema_init(&SECOND, 0, &v);
    assert_true(!v.on && v.tokens == 20 && v.wait_ms == 1500);
}

TEST(values_are_read)
{
    struct values v =
        read_text(false, "{name: x, on: no, word: red, times: -5, wait_ms: .0001, tokens: 1e12, list: [1]}", "", "");
    assert_string_equal(v.name.text, "x");
    assert_true(v.name.line == 1 && !v.on && v.word == 0 && v.times == -5 && v.wait_ms == 1);
    assert_true(v.tokens == 1000000000000 && v.list->children);
    v = read_text(false, "name:\ntokens: ~\nold: ~\n", "", "");
    assert_string_equal(v.name.text, "nobody");
    assert_int_equal(v.tokens, 10);
    (void)read_text(false, "~", "", "");
}

TEST(strict_files_have_errors)
{
    struct values v = read_text(false, "{name: os.environ/NAME, price: 1, times: \"7\", word: blue, other: 5}",
                                "f:1: part.price: expected a number from 0 to 0.5, found the number 1\n"
                                "f:1: part.times: expected a whole number from -5 to 9, found the text \"7\"\n"
                                "f:1: part.word: expected one of red, green, found the text \"blue\"\n"
                                "f:1: part.other: expected text, found a number; put it in quotes",
                                "");
    assert_string_equal(v.name.text, "os.environ/NAME");
    assert_true(isnan(v.price) && v.times == SCHEMA_UNSET && v.word == 1);
    (void)read_text(false, "nome: x\n",
                    "f:1: part.nome: unknown key; valid keys: name, other, on, word, times, wait_ms, tokens, "
                    "price, list, old older_*, quiet",
                    "");
    (void)read_text(false, "[a]", "f:1: part: expected a mapping, found a list", "");
}

TEST(litellm_files_have_warnings)
{
    struct values v =
        read_text(true,
                  "name: os.environ/NONE\nother: os.environ/NAME\ntimes: \"7\"\ntokens: os.environ/SEVEN\nold: 1\n"
                  "older_one: false\nquiet: 1\nnome: x\nwait_ms: os.environ/NONE\n",
                  "",
                  "f:3: part.times: a number in quotes is text; remove the quotes\n"
                  "f:5: part.old: has no effect here: it is gone\n"
                  "f:8: part.nome: unknown key, ignored\n"
                  "f:9: part.wait_ms: NONE is not set; using the default");
    assert_string_equal(v.name.text, "nobody");
    assert_string_equal(v.name.variable, "NONE");
    assert_string_equal(v.other.text, "somebody");
    assert_true(v.times == 7 && v.tokens == 7 && v.wait_ms == 1500);
}

TEST(reference_has_the_used_rows)
{
    struct buf out;
    buf_init(&out, 4096);
    schema_reference(&SECOND, 0, &out);
    assert_buf(&out, "| key | value | default | meaning |\n|---|---|---|---|\n"
                     "| `name` | text | nobody | Doc. |\n"
                     "| `other` | text | (the first one) | Doc. |\n"
                     "| `on` | true or false | false | Doc. |\n"
                     "| `word` | one of red, green | green | Doc. |\n"
                     "| `times` | a whole number from -5 to 9 |  | Doc. |\n"
                     "| `wait_ms` | seconds from 0 to 60 | 1.5 | Doc. |\n"
                     "| `tokens` | a whole number from 0 | 20 | Doc. |\n"
                     "| `price` | a number from 0 to 0.5 | (unknown) | Doc. |\n"
                     "| `list` | a list |  | Doc. |\n");
    buf_free(&out);
}

int main(void)
{
    buf_init(&errors, 1u << 16);
    buf_init(&warnings, 1u << 16);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_rows), cmocka_unit_test(values_are_read),
        cmocka_unit_test(strict_files_have_errors),       cmocka_unit_test(litellm_files_have_warnings),
        cmocka_unit_test(reference_has_the_used_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
