/* Unit tests of proxy/bridge/carrier, and of pass-through requests, which lose their carriers. */
#include "tests/unit/bridge.h"
#include "proxy/bridge/pass.h"

#include <sodium.h>

TEST(sealed_state_can_be_opened)
{
    struct buf text;
    struct slice opened;
    struct carrier_keys other = {.own = "another installation's key"};
    buf_init(&text, 1000);
    carrier_earlier_key(&other, SLICE("another master key"));
    assert_true(carrier_seal(&BRIDGE_KEYS, SLICE("d"), SLICE("call_1"), SLICE("a.b\\\"c/+="), &text));
    struct slice sealed = buf_slice(&text);
    assert_true(carrier_is(sealed));
    assert_true(carrier_open(&BRIDGE_KEYS, SLICE("d"), SLICE("call_1"), sealed, &opened));
    assert_slice(opened, "a.b\\\"c/+=");
    assert_false(carrier_open(&BRIDGE_KEYS, SLICE("e"), SLICE("call_1"), sealed, &opened));
    assert_false(carrier_open(&BRIDGE_KEYS, SLICE("d"), SLICE("call_2"), sealed, &opened));
    assert_false(carrier_open(&other, SLICE("d"), SLICE("call_1"), sealed, &opened));
    for (size_t i = 0; i < sealed.len; i++) {
        text.data[i] ^= 1;
        assert_false(carrier_open(&BRIDGE_KEYS, SLICE("d"), SLICE("call_1"), sealed, &opened));
        text.data[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_false(carrier_open(&BRIDGE_KEYS, SLICE("d"), SLICE("call_1"), (struct slice){sealed.ptr, len}, &opened));
    assert_false(carrier_is(SLICE("gAAAAA")));
    buf_free(&text);
}

#define EARLIER CARRIER_MARK "bQImoacPcuQONVsRS1WX7SaD.call_1.state"

/* A carrier of version 0.1, made with the master key "a" before the keys of the installation were used. */
TEST(carriers_of_earlier_versions_are_opened)
{
    struct carrier_keys keys = {.own = "x"};
    struct slice opened;
    struct buf text;
    buf_init(&text, 1000);
    carrier_earlier_key(&keys, SLICE("a"));
    assert_true(carrier_open(&keys, SLICE("d"), SLICE("call_1"), SLICE(EARLIER), &opened));
    assert_slice(opened, "state");
    assert_true(carrier_seal(&keys, SLICE("d"), SLICE("call_1"), SLICE("state"), &text)); /* not with that key */
    assert_false(slice_equal(buf_slice(&text), SLICE(EARLIER)));
    carrier_earlier_key(&keys, SLICE("b"));
    assert_false(carrier_open(&keys, SLICE("d"), SLICE("call_1"), SLICE(EARLIER), &opened));
    buf_free(&text);
}

#define OURS "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"" CARRIER_MARK "\"}"
#define THEIRS "{ \"type\":\"reasoning\",\"encrypted_content\":\"gAAA\" }"

TEST(pass_through_removes_carriers)
{
    static const struct {
        const char *body, *passed;
    } cases[] = {
        {"{\"model\":\"a\",\"input\":\"x\"}", "{\"model\":\"m\",\"input\":\"x\"}"},
        {" { \"stream\" : true , \"model\" : \"a\\u0062\" , \"x\" : [ 1.0, \"model\" ] } ",
         "{ \"stream\" : true , \"model\" : \"m\" , \"x\" : [ 1.0, \"model\" ] }"},
        {"{\"model\":\"a\",\"model\":\"b\"}", "{\"model\":\"m\",\"model\":\"m\"}"},
        {"{\"mod\\u0065l\":\"a\"}", "{\"mod\\u0065l\":\"m\"}"},
        {"{}", "{\"model\":\"m\"}"},
        {"{\"x\":1}", "{\"model\":\"m\",\"x\":1}"},
        {"{\"model\":\"a\",\"input\":[" OURS "," THEIRS "," OURS ",{\"role\":\"user\"}," OURS "],\"b\":2}",
         "{\"model\":\"m\",\"input\":[" THEIRS ",{\"role\":\"user\"}],\"b\":2}"},
        {"{\"model\":\"a\",\"input\":[" OURS "]}", "{\"model\":\"m\",\"input\":[]}"},
        /* Only our item is removed, not text that mentions one. */
        {"{\"model\":\"a\",\"input\":[{\"role\":\"user\",\"content\":\"" CARRIER_MARK "\"}]}",
         "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"" CARRIER_MARK "\"}]}"},
        {"{\"model\":\"a\",\"input\":\"" CARRIER_MARK "\"}", "{\"model\":\"m\",\"input\":\"" CARRIER_MARK "\"}"},
    };
    struct json doc = {0};
    struct buf own, out;
    struct pieces pieces;
    buf_init(&own, 4096);
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int top = 0; top < 4; top++) {
            doc.mark = top & 2 ? CARRIER_MARK : NULL;
            size_t len = strlen(cases[i].body);
            assert_true(top & 1 ? json_parse_top(&doc, cases[i].body, len) : json_parse(&doc, cases[i].body, len));
            buf_clear(&own);
            buf_clear(&out);
            assert_true(pass_request(&doc, &(struct pass_options){.upstream_model = "m"}, &own, &pieces));
            assert_true(buf_add_pieces(&out, &pieces));
            assert_buf(&out, cases[i].passed);
        }
    buf_free(&own);
    buf_free(&out);
    json_free(&doc);
}

/* For a server that ignores fields of a request. */
TEST(pass_through_removes_ignored_fields)
{
    enum { LIMIT = IGNORES_MAX_COMPLETION_TOKENS, CHOICE = IGNORES_TOOL_CHOICE, BOTH = LIMIT | CHOICE };
    static const struct {
        unsigned ignores;
        const char *body, *passed;
    } cases[] = {
        {BOTH, "{\"model\":\"a\", \"max_tokens\":5}", "{\"model\":\"m\", \"max_tokens\":5}"},
        {BOTH, "{\"max_completion_tokens\" : 7,\"model\":\"a\"}", "{\"model\":\"m\",\"max_tokens\":7}"},
        {BOTH, "{\"model\":\"a\",\"max_tokens\":5,\"x\": [1, 2],\"max_completion_tokens\":7}",
         "{\"model\":\"m\",\"x\":[1, 2],\"max_tokens\":7}"},
        {BOTH, "{\"model\":\"a\",\"max_tokens\":5,\"max_completion_tokens\":null}",
         "{\"model\":\"m\",\"max_tokens\":5,\"max_completion_tokens\":null}"},
        {BOTH, "{\"model\":\"a\",\"tools\":[{}],\"tool_choice\":\"none\",\"messages\":[]}",
         "{\"model\":\"m\",\"messages\":[]}"},
        {BOTH, "{\"model\":\"a\",\"tools\":[{}],\"tool_choice\":\"auto\"}",
         "{\"model\":\"m\",\"tools\":[{}],\"tool_choice\":\"auto\"}"},
        {BOTH, "{\"model\":\"a\",\"max_completion_tokens\":7,\"tools\":[{}],\"tool_choice\":\"none\"}",
         "{\"model\":\"m\",\"max_tokens\":7}"},
        {LIMIT, "{\"model\":\"a\",\"max_completion_tokens\":7,\"tools\":[{}],\"tool_choice\":\"none\"}",
         "{\"model\":\"m\",\"max_tokens\":7,\"tools\":[{}],\"tool_choice\":\"none\"}"},
        {CHOICE, "{\"model\":\"a\",\"max_completion_tokens\":7,\"tools\":[{}],\"tool_choice\":\"none\"}",
         "{\"model\":\"m\",\"max_completion_tokens\":7}"},
        {CHOICE, "{\"model\":\"a\",\"tool_choice\":\"none\",\"input\":[" OURS "," THEIRS "]}",
         "{\"model\":\"m\",\"input\":[" THEIRS "]}"},
    };
    struct buf own, out;
    struct pieces pieces;
    struct json doc = {.mark = CARRIER_MARK};
    buf_init(&own, 4096);
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(json_parse_top(&doc, cases[i].body, strlen(cases[i].body)));
        buf_clear(&own);
        buf_clear(&out);
        assert_true(pass_request(&doc, &(struct pass_options){.upstream_model = "m", .ignores = cases[i].ignores}, &own,
                                 &pieces));
        assert_true(buf_add_pieces(&out, &pieces));
        assert_buf(&out, cases[i].passed);
    }
    buf_free(&own);
    buf_free(&out);
    json_free(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_state_can_be_opened),
        cmocka_unit_test(carriers_of_earlier_versions_are_opened),
        cmocka_unit_test(pass_through_removes_carriers),
        cmocka_unit_test(pass_through_removes_ignored_fields),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
