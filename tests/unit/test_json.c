/* Unit tests of common/json: the parser. The two tables follow the grammar of RFC 8259, a rule per row, with the
 * violations that public collections contain. */
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
        /* a copy of this length, so that the sanitizer detects reads beyond it */
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

TEST(elements_of_the_top_level_get_nodes_if_they_are_objects)
{
    static const char text[] = "{\"a\":[{\"x\":[{}]} , 1,[{}],\"s\",{}],\"o\":{\"p\":{}},\"b\":[],\"c\":[{\"y\":1}]}";
    struct json j = {.elements = true};
    assert_true(json_parse_top(&j, text, sizeof text - 1));
    uint32_t first = json_first(&j, json_get(&j, 0, "a")), second = json_next(&j, first);
    assert_slice(json_raw(&j, first), "{\"x\":[{}]}");
    assert_slice(json_raw(&j, second), "{}");
    assert_int_equal(json_next(&j, second), JSON_NONE);
    assert_int_equal(json_first(&j, first), JSON_NONE);
    assert_int_equal(json_first(&j, json_get(&j, 0, "o")), JSON_NONE);
    assert_int_equal(json_first(&j, json_get(&j, 0, "b")), JSON_NONE);
    assert_slice(json_raw(&j, json_first(&j, json_get(&j, 0, "c"))), "{\"y\":1}");
    assert_false(j.elements_cut);
    json_free(&j);
}

static uint8_t classify(struct slice element, struct slice type, struct slice role)
{
    return (uint8_t)(element.len + 10 * type.len + 50 * role.len);
}

TEST(elements_are_classified)
{
    static const char text[] =
        "{\"o\":{\"role\":\"r\"},\"a\":[{\"role\" : \"r\",\"type\": \"t\\\"\"},{\"type\":[\"t\"],"
        "\"x\":{\"role\":\"r\"}},{\"role\":1,\"type\":\"\"},{},[{\"role\":\"r\"}]]}";
    struct json j = {.elements = true, .classify = classify};
    assert_true(json_parse_top(&j, text, sizeof text - 1));
    static const unsigned sum[] = {28 + 10 * 4 + 50 * 3, 31, 20 + 10 * 2, 2};
    uint32_t element = json_first(&j, json_get(&j, 0, "a"));
    for (size_t i = 0; i < COUNT_OF(sum); i++, element = json_next(&j, element))
        assert_int_equal(j.nodes[element].class, sum[i]);
    assert_int_equal(element, JSON_NONE);
    json_free(&j);
}

#define TEN "0123456789"
#define DATA "data:" TEN TEN TEN TEN TEN TEN

TEST(data_is_counted)
{
    static const char text[] = "{\"a\":[{\"" DATA "\":\"" DATA "12\",\"b\":[{\"c\":\"" DATA "\\n\"}],\"d\":\"data:1\"},"
                               "{\"e\":\"" TEN DATA "\"},\"" DATA "\"],\"f\":\"" DATA "4567\",\"g\":\"\\\"" DATA "\"}";
    struct json top = {.elements = true}, all = {0}, rest = {0};
    assert_true(json_parse_top(&top, text, sizeof text - 1));
    assert_int_equal(top.data_bytes, 4 * strlen(DATA) + strlen("12\\n4567"));
    uint32_t array = json_get(&top, 0, "a"), first = json_first(&top, array), second = json_next(&top, first);
    assert_int_equal(json_data_bytes(&top, array), 2 * strlen(DATA) + strlen("12\\n"));
    assert_int_equal(json_data_bytes(&top, first), 2 * strlen(DATA) + strlen("12\\n"));
    assert_int_equal(json_data_bytes(&top, second), 0);
    assert_slice(json_raw(&top, second), "{\"e\":\"" TEN DATA "\"}");
    assert_int_equal(json_next(&top, second), JSON_NONE);
    /* a second parse uses their nodes, and has the same result */
    assert_true(json_parse(&all, text, sizeof text - 1) && json_parse_rest(&rest, text, sizeof text - 1, &top));
    assert_int_equal(all.count, rest.count);
    for (uint32_t i = 0; i < all.count; i++)
        assert_memory_equal(&all.nodes[i], &rest.nodes[i], sizeof all.nodes[i]);
    assert_true(json_parse_top(&top, "{}", 2));
    assert_int_equal(top.data_bytes, 0);
    json_free(&top);
    json_free(&all);
    json_free(&rest);
}

TEST(number_of_elements_is_bounded)
{
    struct json j = {.elements = true};
    struct buf text;
    buf_init(&text, 1u << 24);
    BUF_ADD(&text, "{\"a\":[{}");
    for (unsigned i = 0; i < 2 * JSON_ELEMENTS_MAX; i++)
        BUF_ADD(&text, ",{}");
    BUF_ADD(&text, "],\"b\":1}");
    assert_true(json_parse_top(&j, text.data, text.len));
    assert_true(j.elements_cut && j.count < JSON_ELEMENTS_MAX + 8);
    assert_slice(json_raw(&j, json_get(&j, 0, "b")), "1");
    buf_clear(&text);
    BUF_ADD(&text, "{\"a\":[{\"x\":[0");
    for (unsigned i = 0; i < JSON_ELEMENTS_MAX; i++)
        BUF_ADD(&text, ",\"" DATA "\"");
    BUF_ADD(&text, "]}],\"b\":1}");
    assert_true(json_parse_top(&j, text.data, text.len));
    assert_true(j.elements_cut && j.count < JSON_ELEMENTS_MAX + 8);
    assert_int_equal(j.data_bytes, strlen(DATA) * JSON_ELEMENTS_MAX);
    assert_slice(json_raw(&j, json_get(&j, 0, "b")), "1");
    assert_true(json_parse_top(&j, "{}", 2));
    assert_false(j.elements_cut);
    buf_free(&text);
    json_free(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar_is_strict),
        cmocka_unit_test(top_level_parser_is_as_strict),
        cmocka_unit_test(no_prefix_of_a_document_is_a_document),
        cmocka_unit_test(both_parsers_agree_on_every_changed_byte),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(endless_nesting_is_refused),
        cmocka_unit_test(top_level_parser_makes_nodes_of_one_level),
        cmocka_unit_test(elements_of_the_top_level_get_nodes_if_they_are_objects),
        cmocka_unit_test(elements_are_classified),
        cmocka_unit_test(data_is_counted),
        cmocka_unit_test(number_of_elements_is_bounded),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
