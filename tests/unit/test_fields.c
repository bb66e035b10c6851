/* Unit tests of cgi/fields: forms and JSON objects as fields. */
#include "tests/unit/unit.h"
#include "cgi/fields.h"

struct row {
    const char *body;
    const char *fields; /* "name=value;…", true and false as !1 and !0; NULL: refused */
};

typedef bool reader(char *body, size_t len, struct fields *out, struct refusal *why);

static void describe(const struct fields *fields, struct buf *out)
{
    static const char *const kinds[] = {[FIELD_TEXT] = "", [FIELD_TRUE] = "!1", [FIELD_FALSE] = "!0"};
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        buf_add_format(out, "%.*s=%.*s%s;", SLICE_ARGS(field->name), SLICE_ARGS(field->value), kinds[field->kind]);
    }
}

/* Reads a body that ends where its memory ends, so that a sanitizer detects reads beyond it. */
static void check(reader *read, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(rows[i].body);
        char *body = malloc(len ? len : 1);
        assert_non_null(body);
        memcpy(body, rows[i].body, len);
        struct fields fields;
        struct refusal why = {0};
        bool ok = read(body, len, &fields, &why);
        if (ok != (rows[i].fields != NULL))
            fail_msg("%s: %s", rows[i].body, ok ? "should be refused" : why.message);
        if (ok) {
            struct buf text;
            buf_init(&text, 1024);
            describe(&fields, &text);
            assert_buf(&text, rows[i].fields);
            buf_free(&text);
        } else {
            assert_int_equal(why.status, 400);
        }
        free(body);
    }
}

TEST(forms_are_decoded)
{
    static const struct row rows[] = {
        {"", ""},
        {"a=1", "a=1;"},
        {"a=1&b=2", "a=1;b=2;"},
        {"&&a=1&&", "a=1;"},
        {"a", "a=;"},
        {"=x", "=x;"},
        {"a=b=c", "a=b=c;"},
        {"a=%41+%2B%26", "a=A +&;"},
        {"%61=%c3%a9", "a=\xc3\xa9;"},
        {"a=%", NULL},
        {"a=%4", NULL},
        {"a=%4&b=1", NULL},
        {"a=%zz", NULL},
        {"a=%00", NULL},
        {"%00=a", NULL},
    };
    check(fields_from_form, rows, COUNT_OF(rows));
}

TEST(too_many_fields_are_refused)
{
    char body[1024];
    for (unsigned count = FIELDS_MAX; count <= FIELDS_MAX + 1; count++) {
        struct fields fields;
        struct refusal why;
        size_t len = 0;
        for (unsigned i = 0; i < count; i++)
            len += (size_t)snprintf(body + len, sizeof body - len, "&%u", i);
        assert_int_equal(fields_from_form(body, len, &fields, &why), count == FIELDS_MAX);
        len = 1;
        body[0] = '{';
        for (unsigned i = 0; i < count; i++)
            len += (size_t)snprintf(body + len, sizeof body - len, "%s\"%u\":null", i ? "," : "", i);
        body[len++] = '}';
        assert_int_equal(fields_from_json(body, len, &fields, &why), count == FIELDS_MAX);
    }
}

TEST(objects_are_decoded)
{
    static const struct row rows[] = {
        {"", ""},
        {" \t", ""},
        {"{}", ""},
        {"{\"a\":\"1\"}", "a=1;"},
        {" {\"a\":null}", "a=;"},
        {"{\"a\":true,\"b\":false}", "a=!1;b=!0;"},
        {"{\"\\u0061\":\"\\u0041\\n\\u00e9\"}", "a=A\n\xc3\xa9;"},
        {"{\"a\":\"\\\"\\\\\",\"b\":\"x\"}", "a=\"\\;b=x;"},
        {"{", NULL},
        {"[]", NULL},
        {"\"a\"", NULL},
        {"{\"a\":1}", NULL},
        {"{\"a\":[]}", NULL},
        {"{\"a\":{}}", NULL},
        {"{\"a\":\"1\",\"a\":\"2\"}", NULL},
        {"{\"a\":\"1\",\"\\u0061\":\"2\"}", NULL},
        {"{\"a\":\"\\u0000\"}", NULL},
        {"{\"a\":\"1\"}x", NULL},
        {"{'a':1}", NULL},
        {"{\"a\":\"\xff\"}", NULL},
    };
    check(fields_from_json, rows, COUNT_OF(rows));
}

TEST(fields_are_found_by_name)
{
    char body[] = "token=x&token=y&a=";
    struct fields fields;
    struct refusal why;
    assert_true(fields_from_form(body, sizeof body - 1, &fields, &why));
    assert_slice(fields_get(&fields, "token")->value, "x");
    assert_null(fields_get(&fields, "toke"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_decoded),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(objects_are_decoded),
        cmocka_unit_test(fields_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
