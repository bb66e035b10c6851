/* Unit tests of common/document: the output, and that every failed allocation is reported. */
#include "tests/unit/unit.h"
#include "common/document.h"
#include "common/json.h"

#include <cjson/cJSON.h>
#include <math.h>

/* allocations of cJSON and the buffers until one fails; negative: none fails */
static long allocations_left = -1;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static void *allocate(size_t size)
{
    return fails() ? NULL : malloc(size);
}

TEST(members_keep_their_order)
{
    struct document d;
    struct buf out;
    buf_init(&out, 1000);
    struct container root = document_object(&d), list = document_add_array(root, "list");
    document_add_text(root, "z", "text");
    document_add_bool(root, "a", true);
    document_add_text(document_add_object(list, NULL), "in", "first");
    document_add_count(list, NULL, 2);
    document_add_array(list, NULL);
    document_add_object(list, NULL);
    document_add_null(root, "z");
    document_add_raw(root, "raw", SLICE("{ \"x\": [1e2] }"));
    document_add_raw(root, "no raw", (struct slice){NULL, 0});
    BUF_ADD(&out, "before ");
    assert_true(document_print(&d, &out));
    assert_buf(&out, "before {\"list\":[{\"in\":\"first\"},2,[],{}],\"z\":\"text\",\"a\":true,\"z\":null,"
                     "\"raw\":{ \"x\": [1e2] },\"no raw\":null}");
    buf_clear(&out);
    document_add_null(document_array(&d), NULL);
    assert_true(document_print(&d, &out));
    assert_buf(&out, "[null]");
    buf_free(&out);
    document_object(&d);
    document_free(&d);
}

TEST(numbers_equal_those_of_printf)
{
    struct document d;
    struct buf out;
    buf_init(&out, 10000);
    struct container list = document_array(&d);
    document_add_count(list, NULL, INT64_MAX);
    document_add_count(list, NULL, INT64_MIN);
    document_add_count(list, NULL, 9007199254740993);
    document_add_number(list, NULL, 0.00001234, 9);
    document_add_number(list, NULL, 12, 6);
    document_add_number(list, NULL, 1234567, 6);
    document_add_number(list, NULL, 0.1, 6);
    document_add_fixed(list, NULL, 0.00001234, 8);
    document_add_fixed(list, NULL, 0.5, 4);
    document_add_fixed(list, NULL, 1790000000.1234, 3);
    document_add_number(list, NULL, (double)NAN, 6);
    document_add_fixed(list, NULL, (double)-INFINITY, 2);
    assert_true(document_print(&d, &out));
    assert_buf(&out,
               "[9223372036854775807,-9223372036854775808,9007199254740993,1.234e-05,12,1.23457e+06,0.1,0.00001234,"
               "0.5000,1790000000.123,null,null]");
    buf_clear(&out);
    document_add_fixed(document_array(&d), NULL, -1.7e308, 20);
    assert_true(document_print(&d, &out));
    assert_int_equal(out.len, 2 + 1 + 309 + 1 + 20);
    buf_free(&out);
}

TEST(texts_are_escaped_and_become_utf8)
{
    struct document d;
    struct buf out, text;
    struct json j = {0};
    buf_init(&out, 1000);
    buf_init(&text, 1000);
    struct container root = document_object(&d);
    document_add_text(root, "quote\"", "\"\\/\n\x01 é €");
    document_add_slice(root, "cut", SLICE("a\0b\xff\xe2\x82|"));
    document_add_text(root, "k\xc3|", NULL);
    document_add_name(root, "", "");
    document_add_name(root, "name", "n");
    document_add_text(root, "empty", "");
    document_add_buf(root, "buf", &text);
    assert_true(document_print(&d, &out));
    assert_buf(
        &out,
        "{\"quote\\\"\":\"\\\"\\\\/\\n\\u0001 é €\",\"cut\":\"a\xef\xbf\xbd"
        "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\",\"k\xef\xbf\xbd|\":null,\"\":null,\"name\":\"n\",\"empty\":\"\","
        "\"buf\":\"\"}");
    assert_true(json_parse(&j, out.data, out.len));
    json_free(&j);
    buf_free(&out);
    buf_free(&text);
}

TEST(ceiling_is_enforced)
{
    struct document d;
    struct buf out;
    buf_init(&out, 20);
    BUF_ADD(&out, "0123456789");
    document_add_text(document_object(&d), "key", "value");
    assert_false(document_print(&d, &out));
    assert_true(out.failed && out.full);
    assert_buf(&out, "0123456789");
    buf_free(&out);
}

static bool make(struct buf *out)
{
    struct document d;
    struct container root = document_object(&d), list = document_add_array(root, "list");
    struct container one = document_add_object(list, NULL);
    document_add_text(one, "text", "text");
    document_add_number(one, "number", 0.25, 6);
    document_add_fixed(one, "fixed", 0.25, 2);
    document_add_count(one, "count", 7);
    document_add_bool(one, "bool", false);
    document_add_null(root, "null");
    document_add_raw(root, "raw", SLICE("[]"));
    return document_print(&d, out);
}

TEST(every_failed_allocation_is_reported)
{
    cJSON_Hooks failing = {allocate, free};
    struct buf out;
    buf_init(&out, 1000);
    assert_true(buf_reserve(&out, 500)); /* the buffer itself allocates nothing later */
    cJSON_InitHooks(&failing);
    long at = 0;
    for (bool made = false; !made; at++) {
        buf_clear(&out);
        allocations_left = at;
        made = make(&out);
        bool whole = allocations_left >= 0;
        allocations_left = -1;
        assert_int_equal(made, whole);
        assert_int_equal(out.failed, !made);
        assert_false(out.full);
        assert_true(made == (out.len > 0));
    }
    cJSON_InitHooks(NULL);
    assert_true(at > 25); /* each member allocates an item, its key and its text */
    assert_buf(
        &out, "{\"list\":[{\"text\":\"text\",\"number\":0.25,\"fixed\":0.25,\"count\":7,\"bool\":false}],\"null\":null,"
              "\"raw\":[]}");
    buf_free(&out);
}

TEST(failed_buffer_fails_the_document)
{
    struct document d;
    struct buf out, text;
    buf_init(&out, 100);
    buf_init(&text, 100);
    allocations_left = 0;
    assert_false(buf_add_text(&text, "never written"));
    allocations_left = -1;
    document_add_buf(document_object(&d), "text", &text);
    assert_false(document_print(&d, &out));
    assert_true(out.failed && !out.full);
    buf_free(&text);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_keep_their_order),
        cmocka_unit_test(numbers_equal_those_of_printf),
        cmocka_unit_test(texts_are_escaped_and_become_utf8),
        cmocka_unit_test(ceiling_is_enforced),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(failed_buffer_fails_the_document),
    };
    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
