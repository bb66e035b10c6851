/* Unit tests of common/json. The two tables follow the grammar of RFC 8259, a rule per row, with the violations that
 * public collections contain. */
#include "tests/unit/unit.h"
#include "common/json.h"

static const struct slice VALID[] = {
    SLICE("null"),
    SLICE("true"),
    SLICE("false"),
    SLICE("0"),
    SLICE("-0"),
    SLICE("-1"),
    SLICE("1.5"),
    SLICE("1e3"),
    SLICE("1E+3"),
    SLICE("1.25e-3"),
    SLICE("123456789012345678901234567890"),
    SLICE("\"\""),
    SLICE("\"a\""),
    SLICE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    SLICE("\"\\u0041\\uD834\\uDD1E\""),
    SLICE("\"\\ud800\""),
    SLICE("\"\\u0000\""),
    SLICE("\"\x7f\""),
    SLICE("\"\xc2\xa2\xe2\x82\xac\xf0\x9d\x84\x9e\""),
    SLICE("\"\xf4\x8f\xbf\xbf\""),
    SLICE("[]"),
    SLICE("[ ]"),
    SLICE("[1,2]"),
    SLICE("[[],[[]]]"),
    SLICE("{}"),
    SLICE("123e65"),
    SLICE("0e+1"),
    SLICE("0e1"),
    SLICE("-0.000000000000000000000001"),
    SLICE("1E22"),
    SLICE("1E-2"),
    SLICE("1e0001"),
    SLICE("-1e9999"),
    SLICE("[\"\"]"),
    SLICE("[1\n]"),
    SLICE("[null, 1, \"1\", {}]"),
    SLICE(" [1] "),
    SLICE("[1,null,null,2]"),
    SLICE("\"/*a//b*/#\""),
    SLICE("\"\\\\a\""),
    SLICE("\"\\u0012\""),
    SLICE("\"\\uFFFF\\uFDD0\""),
    SLICE("\"\\uDBFF\\uDFFE\""),
    SLICE("\"\xef\xbf\xbf\xef\xb7\x90\""),
    SLICE("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    SLICE("\"\\u0022\\u005C\""),
    SLICE("\"\\udc00\\ud800\""),
    SLICE("\"\\ud800\\ud800\\n\""),
    SLICE("{\"a\":\"b\",\"a\":\"b\"}"),
    SLICE("{\"a\\u0000b\":0}"),
    SLICE("{\"\\ud800\":0}"),
    SLICE("{\n\"a\":\"b\"\n}"),
    SLICE("{\"\":0}"),
    SLICE("{\"a\":1,\"a\":2}"),
    SLICE(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"),
};

static const struct slice INVALID[] = {
    SLICE(""),
    SLICE(" "),
    SLICE("nul"),
    SLICE("nulll"),
    SLICE("True"),
    SLICE("NaN"),
    SLICE("Infinity"),
    SLICE("-"),
    SLICE("+1"),
    SLICE("01"),
    SLICE("-01"),
    SLICE("1."),
    SLICE(".5"),
    SLICE("1.e3"),
    SLICE("1e"),
    SLICE("1e+"),
    SLICE("0x10"),
    SLICE("1 2"),
    SLICE("1a"),
    SLICE("\""),
    SLICE("\"a"),
    SLICE("'a'"),
    SLICE("\"\\"),
    SLICE("\"\\\""),
    SLICE("\"\\x\""),
    SLICE("\"\\u12\""),
    SLICE("\"\\u12G4\""),
    SLICE("\"\\U0041\""),
    SLICE("\"a\nb\""),
    SLICE("\"a\tb\""),
    SLICE("\"a\0b\""),
    SLICE("\"\x1f\""),
    SLICE("\"\x80\""),
    SLICE("\"\xc0\xaf\""),
    SLICE("\"\xc2\""),
    SLICE("\"\xe2\x82\""),
    SLICE("\"\xe0\x80\xaf\""),
    SLICE("\"\xed\xa0\x80\""),
    SLICE("\"\xf0\x80\x80\x80\""),
    SLICE("\"\xf4\x90\x80\x80\""),
    SLICE("\"\xff\""),
    SLICE("["),
    SLICE("]"),
    SLICE("[1"),
    SLICE("[1,"),
    SLICE("[1,]"),
    SLICE("[,1]"),
    SLICE("[1 2]"),
    SLICE("[1,,2]"),
    SLICE("[}"),
    SLICE("{"),
    SLICE("}"),
    SLICE("{\"a\"}"),
    SLICE("{\"a\":}"),
    SLICE("{\"a\":1,}"),
    SLICE("{,}"),
    SLICE("{a:1}"),
    SLICE("{1:1}"),
    SLICE("{\"a\" 1}"),
    SLICE("{\"a\":1 \"b\":2}"),
    SLICE("{\"a\":1}}"),
    SLICE("{\"a\":1]"),
    SLICE("[1]x"),
    SLICE("[1]\0"),
    SLICE("\xef\xbb\xbf{}"),
    SLICE("/**/{}"),
    SLICE("{}//"),
    SLICE("[\x0c]"),
    SLICE("[\xa0]"),
    SLICE("[1 true]"),
    SLICE("[a\xe5]"),
    SLICE("[\"\": 1]"),
    SLICE("[\"\"],"),
    SLICE("[\"x\"]]"),
    SLICE("[\"\",]"),
    SLICE("[x"),
    SLICE("[3[4]]"),
    SLICE("[\xff]"),
    SLICE("[1:2]"),
    SLICE("[1;2]"),
    SLICE("[,]"),
    SLICE("[-]"),
    SLICE("[   , \"\"]"),
    SLICE("[\"a\",\n4\n,1,"),
    SLICE("[1,,]"),
    SLICE("[\x0b\"a\"\\f]"),
    SLICE("[*]"),
    SLICE("[\"\""),
    SLICE("[1,\n1\n,1"),
    SLICE("[{}"),
    SLICE("[fals]"),
    SLICE("[tru]"),
    SLICE("123\0"),
    SLICE("[++1]"),
    SLICE("[+Inf]"),
    SLICE("[-1.0.]"),
    SLICE("[-2.]"),
    SLICE("[-NaN]"),
    SLICE("[.-1]"),
    SLICE("[.2e-3]"),
    SLICE("[0.1.2]"),
    SLICE("[0.3e+]"),
    SLICE("[0E]"),
    SLICE("[0E+]"),
    SLICE("[1.0e-]"),
    SLICE("[1 000.0]"),
    SLICE("[1_000]"),
    SLICE("[1eE2]"),
    SLICE("[2.e+3]"),
    SLICE("[9.e+]"),
    SLICE("[-Infinity]"),
    SLICE("[\xef\xbc\x91]"),
    SLICE("[1+2]"),
    SLICE("[0xG]"),
    SLICE("[0x42]"),
    SLICE("[0e+-1]"),
    SLICE("[-123.123foo]"),
    SLICE("[123\xe5]"),
    SLICE("[1e1\xe5]"),
    SLICE("[0\xe5]"),
    SLICE("[-foo]"),
    SLICE("[- 1]"),
    SLICE("[-012]"),
    SLICE("[-.123]"),
    SLICE("[-1x]"),
    SLICE("[1ea]"),
    SLICE("[1.]"),
    SLICE("[.123]"),
    SLICE("[1.2a-3]"),
    SLICE("[1.8011670033376514H-308]"),
    SLICE("[012]"),
    SLICE("[\"x\", truth]"),
    SLICE("{[: \"x\"}\n"),
    SLICE("{\"x\", null}"),
    SLICE("{\"x\"::\"b\"}"),
    SLICE("{\xf0\x9f\x87\xa8}"),
    SLICE("{\"a\":\"a\" 123}"),
    SLICE("{key: 'value'}"),
    SLICE("{\"\xb9\":\"0\",}"),
    SLICE("{\"a\" b}"),
    SLICE("{:\"b\"}"),
    SLICE("{\"a\" \"b\"}"),
    SLICE("{\"a\":"),
    SLICE("{\"a\""),
    SLICE("{9999E9999:1}"),
    SLICE("{null:null,null:null}"),
    SLICE("{\"id\":0,,,,,}"),
    SLICE("{'a':0}"),
    SLICE("{\"id\":0,}"),
    SLICE("{\"a\":\"b\"}/**/"),
    SLICE("{\"a\":\"b\"}/**//"),
    SLICE("{\"a\":\"b\"}//"),
    SLICE("{\"a\":\"b\"}/"),
    SLICE("{\"a\":\"b\",,\"c\":\"d\"}"),
    SLICE("{\"a\":\"a"),
    SLICE("{ \"foo\" : \"bar\", \"a\" }"),
    SLICE("{\"a\":\"b\"}#"),
    SLICE("{\"a\":/*c*/\"b\"}"),
    SLICE("{\"a\": true} \"x\""),
    SLICE("[\"\\uD800\\\"]"),
    SLICE("[\"\\uD800\\u\"]"),
    SLICE("[\"\\uD800\\u1\"]"),
    SLICE("[\"\\uD800\\u1x\"]"),
    SLICE("[\xc3\xa9]"),
    SLICE("[\"\\\0\"]"),
    SLICE("[\"\\\\\\\"]"),
    SLICE("[\"\\\t\"]"),
    SLICE("[\"\\\xf0\x9f\x8c\x80\"]"),
    SLICE("[\"\\u00A\"]"),
    SLICE("[\"\\uD834\\uDd\"]"),
    SLICE("[\"\\u\xe5\"]"),
    SLICE("[\"\\a\"]"),
    SLICE("[\"\\uqqqq\"]"),
    SLICE("[\"\\\xe5\"]"),
    SLICE("[\\u0020\"asd\"]"),
    SLICE("[\\n]"),
    SLICE("['single quote']"),
    SLICE("abc"),
    SLICE("\"\"x"),
    SLICE("[\xe2\x81\xa0]"),
    SLICE("\xef\xbb\xbf"),
    SLICE("\xef\xbb{}"),
    SLICE("\xe5"),
    SLICE("<.>"),
    SLICE("[<null>]"),
    SLICE("[1]]"),
    SLICE("[\"asd]"),
    SLICE("a\xc3\xa5"),
    SLICE("[True]"),
    SLICE("{\"x\": true,"),
    SLICE("[][]"),
    SLICE("2@"),
    SLICE("{}}"),
    SLICE("['"),
    SLICE("[,"),
    SLICE("[{"),
    SLICE("[\"a"),
    SLICE("[\"a\""),
    SLICE("{]"),
    SLICE("{,"),
    SLICE("{["),
    SLICE("{\"a"),
    SLICE("{'a'"),
    SLICE("[\"\\{[\"\\{["),
    SLICE("\xc3\xa9"),
    SLICE("*"),
    SLICE("{\"a\":\"b\"}#{}"),
    SLICE("[\\u000A\"\"]"),
    SLICE("[ false, nul"),
    SLICE("[ true, fals"),
    SLICE("[ false, tru"),
    SLICE("{\"asd\":\"asd\""),
    SLICE("\xe2\x81\xa0"),
    SLICE("\xff\xfe[\0\"\0"),
    SLICE("\0[\0]"),
    SLICE("{\"a\":[1,{\"b\":tru}]}"),
    SLICE("{\"a\":\"\xff\"}"),
    SLICE("[[\"\\q\"]]"),
};

typedef bool parse_function(struct json *, const char *, size_t);

static void check_tables(parse_function *parse)
{
    struct json j = {0};
    for (size_t i = 0; i < COUNT_OF(VALID); i++)
        if (!parse(&j, VALID[i].ptr, VALID[i].len))
            fail_msg("refused: %s (%s at %zu)", VALID[i].ptr, j.error, j.error_at);
    for (size_t i = 0; i < COUNT_OF(INVALID); i++) {
        if (parse(&j, INVALID[i].ptr, INVALID[i].len))
            fail_msg("accepted: %s", INVALID[i].ptr);
        assert_non_null(j.error);
        assert_true(j.error_at <= INVALID[i].len);
    }
    json_free(&j);
}

TEST(grammar_is_strict)
{
    check_tables(json_parse);
}

TEST(top_level_parser_is_as_strict)
{
    check_tables(json_parse_top);
}

static const char DOCUMENT[] =
    "{\"model\":\"a\",\"input\":[{\"t\":\"\\u00e9\\n\",\"n\":-1.5e2},[null,true]],\"s\":false}";

TEST(no_prefix_of_a_document_is_a_document)
{
    struct json j = {0};
    for (size_t len = 0; len < sizeof DOCUMENT - 1; len++) {
        /* a copy of this length, so that the sanitizer sees a read beyond it */
        char *part = malloc(len ? len : 1);
        assert_non_null(part);
        memcpy(part, DOCUMENT, len);
        assert_false(json_parse(&j, part, len));
        assert_false(json_parse_top(&j, part, len));
        free(part);
    }
    assert_true(json_parse(&j, DOCUMENT, sizeof DOCUMENT - 1));
    assert_null(j.error);
    json_free(&j);
}

TEST(both_parsers_agree_on_every_changed_byte)
{
    struct json full = {0}, top = {0};
    char text[sizeof DOCUMENT];
    for (size_t at = 0; at < sizeof DOCUMENT - 1; at++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(text, DOCUMENT, sizeof text);
            text[at] = (char)value;
            bool accepted = json_parse(&full, text, sizeof text - 1);
            if (json_parse_top(&top, text, sizeof text - 1) != accepted)
                fail_msg("byte %zu as 0x%02x: the parsers differ", at, value);
        }
    }
    json_free(&full);
    json_free(&top);
}

static bool parses_at_depth(parse_function *parse, size_t depth)
{
    char text[4 * JSON_MAX_DEPTH];
    struct json j = {0};
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    bool ok = parse(&j, text, 2 * depth);
    json_free(&j);
    return ok;
}

TEST(depth_is_bounded)
{
    assert_true(parses_at_depth(json_parse, JSON_MAX_DEPTH));
    assert_true(parses_at_depth(json_parse_top, JSON_MAX_DEPTH));
    assert_false(parses_at_depth(json_parse, JSON_MAX_DEPTH + 1));
    assert_false(parses_at_depth(json_parse_top, JSON_MAX_DEPTH + 1));
}

static void parse(struct json *j, const char *text)
{
    if (!json_parse(j, text, strlen(text)))
        fail_msg("%s: %s at %zu", text, j->error, j->error_at);
}

/* Unclosed arrays: refused at the limit, quickly and without recursion. */
TEST(endless_nesting_is_refused)
{
    static const char *const openings[] = {"[", "{\"a\":", "[{\"\":"};
    struct json j = {0};
    struct buf text;
    buf_init(&text, 1u << 20);
    for (size_t i = 0; i < COUNT_OF(openings); i++) {
        buf_clear(&text);
        for (int n = 0; n < 100000; n++)
            assert_true(buf_add_text(&text, openings[i]));
        assert_false(json_parse(&j, text.data, text.len));
        assert_string_equal(j.error, "nested too deeply");
        assert_false(json_parse_top(&j, text.data, text.len));
    }
    buf_free(&text);
    json_free(&j);
}

TEST(values_are_found_by_key)
{
    struct json j = {0};
    parse(&j, "{\"a\":[1,\"x\"],\"b\":null,\"\\u0063\":{\"d\":true},\"a\":2}");
    uint32_t a = json_get(&j, 0, "a");
    assert_int_equal(json_type(&j, a), JSON_ARRAY);
    assert_slice(json_raw(&j, a), "[1,\"x\"]");
    assert_int_equal(json_count(&j, 0, "a"), 2);
    assert_int_equal(json_count(&j, 0, "b"), 1);
    assert_int_equal(json_count(&j, 0, "z"), 0);
    assert_true(json_is(&j, json_get(&j, 0, "b"), JSON_NULL));
    assert_true(json_is(&j, json_get(&j, json_get(&j, 0, "c"), "d"), JSON_TRUE));
    assert_int_equal(json_get(&j, 0, "z"), JSON_NONE);
    assert_int_equal(json_get(&j, 0, ""), JSON_NONE);
    assert_int_equal(json_get(&j, a, "a"), JSON_NONE);
    assert_int_equal(json_get(&j, json_get(&j, 0, "b"), "a"), JSON_NONE);
    json_free(&j);
}

TEST(nothing_is_found_under_none)
{
    struct json j = {0};
    int64_t number;
    double real;
    parse(&j, "{\"a\":{\"a\":1}}");
    assert_false(json_is(&j, JSON_NONE, JSON_OBJECT));
    assert_null(json_inner(&j, JSON_NONE).ptr);
    assert_false(json_int64(&j, JSON_NONE, &number));
    assert_false(json_double(&j, JSON_NONE, &real));
    assert_false(json_string_is(&j, JSON_NONE, ""));
    assert_null(json_strdup(&j, JSON_NONE));
    json_free(&j);
}

TEST(containers_are_walked_in_order)
{
    struct json j = {0};
    struct buf seen;
    buf_init(&seen, 1000);
    parse(&j, "[1,[2,3],{\"x\":[4]},5]");
    for (uint32_t node = json_first(&j, 0); node != JSON_NONE; node = json_next(&j, node)) {
        buf_add_slice(&seen, json_raw(&j, node));
        buf_add_char(&seen, ';');
    }
    assert_buf(&seen, "1;[2,3];{\"x\":[4]};5;");
    buf_clear(&seen);

    parse(&j, "{\"a\":{\"b\":1},\"c\":[],\"d\":\"e\"}");
    for (uint32_t key = json_first(&j, 0); key != JSON_NONE; key = json_next(&j, key)) {
        buf_add_slice(&seen, json_inner(&j, key));
        buf_add_char(&seen, '=');
        buf_add_slice(&seen, json_raw(&j, json_value(key)));
        buf_add_char(&seen, ';');
    }
    assert_buf(&seen, "a={\"b\":1};c=[];d=\"e\";");
    parse(&j, "{\"a\":[]}");
    assert_int_equal(json_first(&j, json_get(&j, 0, "a")), JSON_NONE);
    parse(&j, "{}");
    assert_int_equal(json_first(&j, 0), JSON_NONE);
    buf_free(&seen);
    json_free(&j);
}

TEST(top_level_parser_makes_nodes_of_one_level)
{
    struct json j = {0};
    assert_true(json_parse_top(&j, DOCUMENT, sizeof DOCUMENT - 1));
    assert_true(json_string_is(&j, json_get(&j, 0, "model"), "a"));
    assert_true(json_is(&j, json_get(&j, 0, "s"), JSON_FALSE));
    uint32_t input = json_get(&j, 0, "input");
    assert_true(json_is(&j, input, JSON_ARRAY));
    assert_slice(json_raw(&j, input), "[{\"t\":\"\\u00e9\\n\",\"n\":-1.5e2},[null,true]]");
    assert_int_equal(json_first(&j, input), JSON_NONE);
    json_free(&j);
}

static void assert_unescaped(const char *text, const char *expected)
{
    struct json j = {0};
    struct buf out;
    buf_init(&out, 1000);
    parse(&j, text);
    assert_true(json_unescape(&j, 0, &out));
    assert_buf(&out, expected);
    buf_free(&out);
    json_free(&j);
}

TEST(strings_are_unescaped)
{
    assert_unescaped("\"plain\"", "plain");
    assert_unescaped("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    assert_unescaped("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac");
    assert_unescaped("\"\\uD834\\uDD1E\"", "\xf0\x9d\x84\x9e");
    assert_unescaped("\"\\ud800x\"", "\xef\xbf\xbdx");
    assert_unescaped("\"\\udc00\"", "\xef\xbf\xbd");
    assert_unescaped("\"\\ud800\\u0041\"", "\xef\xbf\xbd"
                                           "A");
    assert_unescaped("\"\\ud800\\ud834\\udd1e\"", "\xef\xbf\xbd\xf0\x9d\x84\x9e");
}

TEST(unescaping_respects_the_ceiling)
{
    struct json j = {0};
    struct buf out;
    buf_init(&out, 3);
    parse(&j, "\"four\"");
    assert_false(json_unescape(&j, 0, &out));
    assert_true(out.len <= 3);
    buf_free(&out);
    json_free(&j);
}

TEST(strings_become_c_strings)
{
    struct json j = {0};
    parse(&j, "[\"a\\tb\",\"a\\u0000b\",5,\"\\u0061\"]");
    uint32_t node = json_first(&j, 0);
    char *copy = json_strdup(&j, node);
    assert_string_equal(copy, "a\tb");
    free(copy);
    node = json_next(&j, node);
    assert_null(json_strdup(&j, node));
    node = json_next(&j, node);
    assert_null(json_strdup(&j, node));
    assert_null(json_inner(&j, node).ptr);
    node = json_next(&j, node);
    assert_true(json_string_is(&j, node, "a"));
    assert_false(json_string_is(&j, node, "b"));
    assert_slice(json_inner(&j, node), "\\u0061");
    json_free(&j);
}

TEST(integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"1000", true, 1000},
        {"1000.0", true, 1000},
        {"1e3", true, 1000},
        {"1.5e1", true, 15},
        {"-7", true, -7},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"1e19", false, 0},
        {"1e400", false, 0},
        {"1.5", false, 0},
        {"\"5\"", false, 0},
        {"true", false, 0},
        {"null", false, 0},
    };
    struct json j = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t value = 0;
        parse(&j, rows[i].text);
        if (json_int64(&j, 0, &value) != rows[i].ok || (rows[i].ok && value != rows[i].value))
            fail_msg("%s gives %lld", rows[i].text, (long long)value);
    }
    json_free(&j);
}

TEST(reals)
{
    struct json j = {0};
    double value = 0;
    parse(&j, "-1.25e-2");
    assert_true(json_double(&j, 0, &value));
    assert_true(value > -0.01251 && value < -0.01249);
    parse(&j, "\"1\"");
    assert_false(json_double(&j, 0, &value));
    json_free(&j);
}

TEST(strings_are_written_as_json)
{
    struct buf out;
    buf_init(&out, 1000);
    assert_true(json_add_string(&out, SLICE("a\"\\/\b\f\n\r\t\x01\x1f\x7f\xe2\x82\xac")));
    struct json j = {0};
    assert_true(json_parse(&j, out.data, out.len));
    struct buf back;
    buf_init(&back, 1000);
    assert_true(json_unescape(&j, 0, &back));
    assert_buf(&back, "a\"\\/\b\f\n\r\t\x01\x1f\x7f\xe2\x82\xac");
    buf_clear(&out);
    assert_true(json_add_escaped(&out, SLICE("x\ny")));
    assert_buf(&out, "x\\ny");
    buf_clear(&out);
    assert_true(json_add_string(&out, SLICE("a\0b")));
    assert_buf(&out, "\"a\\u0000b\"");
    buf_free(&out);
    buf_free(&back);
    json_free(&j);
}

TEST(invalid_utf8_is_replaced)
{
    static const struct slice texts[] = {
        SLICE("\xff"),         SLICE("a\xc2"),    SLICE("\xe2\x82z"),
        SLICE("\xed\xa0\x80"), SLICE("\xc0\xaf"), SLICE("\xf5\x80\x80\x80"),
    };
    struct json j = {0};
    struct buf out;
    buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        buf_clear(&out);
        assert_true(json_add_string(&out, texts[i]));
        assert_true(json_parse(&j, out.data, out.len));
        /* either form of U+FFFD */
        assert_true(strstr(buf_text(&out), "\xef\xbf\xbd") || strstr(buf_text(&out), "\\ufffd"));
    }
    buf_free(&out);
    json_free(&j);
}

TEST(mark_is_found_at_the_start_of_a_string)
{
    static const struct {
        const char *text;
        bool marked;
    } rows[] = {
        {"\"mark\"", true},         {"{\"a\":[{\"b\":\"marked\"}]}", true},
        {"[1,\"mark", false},       {"{\"mark\":1}", false},
        {"[\" mark\"]", false},     {"[\"mar\"]", false},
        {"[\"mar\",\"k\"]", false}, {"[\"m\\u0061rk\"]", false},
        {"[\"x\"]", false},
    };
    struct json j = {.mark = "mark"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool parsed = json_parse_top(&j, rows[i].text, strlen(rows[i].text));
        if (parsed && j.marked != rows[i].marked)
            fail_msg("%s", rows[i].text);
    }
    json_free(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mark_is_found_at_the_start_of_a_string),
        cmocka_unit_test(grammar_is_strict),
        cmocka_unit_test(top_level_parser_is_as_strict),
        cmocka_unit_test(no_prefix_of_a_document_is_a_document),
        cmocka_unit_test(both_parsers_agree_on_every_changed_byte),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(endless_nesting_is_refused),
        cmocka_unit_test(values_are_found_by_key),
        cmocka_unit_test(nothing_is_found_under_none),
        cmocka_unit_test(containers_are_walked_in_order),
        cmocka_unit_test(top_level_parser_makes_nodes_of_one_level),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(unescaping_respects_the_ceiling),
        cmocka_unit_test(strings_become_c_strings),
        cmocka_unit_test(integers),
        cmocka_unit_test(reals),
        cmocka_unit_test(strings_are_written_as_json),
        cmocka_unit_test(invalid_utf8_is_replaced),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
