/* Unit tests of common/json: values, strings and keys. */
#include "tests/unit/unit.h"
#include "common/json.h"

static void parse(struct json *j, const char *text)
{
    if (!json_parse(j, text, strlen(text)))
        fail_msg("%s: %s at %zu", text, j->error, j->error_at);
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
        cmocka_unit_test(values_are_found_by_key),
        cmocka_unit_test(nothing_is_found_under_none),
        cmocka_unit_test(containers_are_walked_in_order),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(unescaping_respects_the_ceiling),
        cmocka_unit_test(strings_become_c_strings),
        cmocka_unit_test(integers),
        cmocka_unit_test(reals),
        cmocka_unit_test(strings_are_written_as_json),
        cmocka_unit_test(invalid_utf8_is_replaced),
        cmocka_unit_test(mark_is_found_at_the_start_of_a_string),
    };
    return cmocka_run_group_tests_name("json_value", tests, NULL, NULL);
}
