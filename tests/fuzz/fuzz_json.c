/* Fuzz target: the JSON reader and writer. If a text is accepted, its nodes are within the text, and its strings are
 * the same after being written again. */
#include "tests/fuzz/fuzz.h"
#include "common/json.h"

#include <stdlib.h>

const char *const fuzz_seeds[] = {
    "{\"a\":[1,-0.5e+3,true,false,null,\"x\\u00e9\\ud83d\\ude00\\ud83d\\n\\\"\\\\\"],"
    "\"\\u0061\":{\"\":{}},\"b\":[[],[{}]]}",
    "{\"a\":[{\"type\":\"x\",\"role\" : \"y\\\"\",\"b\":[\"data:01234567890123456789012345678"
    "90123456789012345678901234567890123\"]},{\"role\":1}],\"b\":\"data:\"}",
    "[9223372036854775807,-9223372036854775808,1000.0,1e3,1e999,0.1]",
    " \"\xc3\xa9\xf0\x9f\x98\x80\" ",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void check_string(const struct json *j, uint32_t node, struct buf *text, struct buf *written)
{
    struct json again = {0};
    buf_clear(text);
    buf_clear(written);
    must(json_unescape(j, node, text) && text->len <= json_inner(j, node).len);
    must(json_add_string(written, buf_slice(text)) && json_parse(&again, written->data, written->len));
    must(json_type(&again, 0) == JSON_STRING);
    size_t before = text->len;
    must(json_unescape(&again, 0, text) && text->len == 2 * before);
    for (size_t i = 0; i < before; i++)
        must(text->data[i] == text->data[before + i]);
    json_free(&again);
}

/* Checks the nodes from `node` on and their children. Returns their number. */
static uint32_t check_node(const struct json *j, uint32_t node, struct buf *text, struct buf *written)
{
    struct slice raw = json_raw(j, node);
    enum json_type type = json_type(j, node);
    uint32_t count = 1;
    int64_t integer;
    double real;
    must(raw.len && raw.ptr >= j->text);
    if (type == JSON_STRING)
        check_string(j, node, text, written);
    (void)(json_int64(j, node, &integer) && json_double(j, node, &real));
    if (type != JSON_ARRAY && type != JSON_OBJECT)
        return count;
    for (uint32_t child = json_first(j, node); child != JSON_NONE; child = json_next(j, child)) {
        struct slice inner = json_raw(j, child);
        must(inner.ptr > raw.ptr && inner.ptr + inner.len < raw.ptr + raw.len);
        count += check_node(j, child, text, written);
        if (type == JSON_OBJECT) {
            must(json_type(j, child) == JSON_STRING);
            count += check_node(j, json_value(child), text, written);
        }
    }
    return count;
}

static uint8_t classify(struct slice element, struct slice type, struct slice role)
{
    const struct slice words[] = {type, role};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        must(!words[i].len || (words[i].ptr > element.ptr && words[i].len >= 2 && words[i].ptr[0] == '"' &&
                               words[i].ptr + words[i].len < element.ptr + element.len));
    return element.ptr[0] == '{' && element.ptr[element.len - 1] == '}';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json all = {0}, rest = {0}, top = {.elements = size % 2, .classify = size % 4 == 1 ? classify : NULL};
    struct buf text, written;
    buf_init(&text, 1u << 24);
    buf_init(&written, 1u << 24);
    bool taken = json_parse(&all, (const char *)data, size);
    must(taken == json_parse_top(&top, (const char *)data, size));
    if (taken) {
        must(check_node(&all, 0, &text, &written) == all.count && top.count <= all.count);
        must(slice_equal(json_raw(&all, 0), json_raw(&top, 0)));
        must(top.data_bytes <= size);
        must(json_parse_rest(&rest, (const char *)data, size, &top) && rest.count == all.count);
        for (uint32_t i = 0; i < all.count; i++)
            must(memcmp(&all.nodes[i], &rest.nodes[i], sizeof all.nodes[i]) == 0);
    } else {
        must(all.error && all.error_at <= size);
    }
    json_free(&all);
    json_free(&top);
    json_free(&rest);
    buf_free(&text);
    buf_free(&written);
    return 0;
}
