/* Unit tests of the bridge's limits: up to a limit nothing is lost; above it the request or reply fails and names it.
 */
#include "tests/unit/bridge.h"
#include "proxy/bridge/chatgpt.h"
#include "proxy/bridge/open_calls.h"

#include <sodium.h>

#define LIMIT 1024 /* the same for tools, open calls and items */

/* Appends `count` numbered pieces, separated by commas. */
static void add_each(struct buf *out, const char *format, int count)
{
    for (int i = 0; i < count; i++) {
        char piece[256];
        const char *at = strstr(format, "%d");
        (void)snprintf(piece, sizeof piece, "%s%.*s%d%s", i ? "," : "", (int)(at - format), format, i, at + 2);
        assert_true(buf_add_text(out, piece));
    }
}

/* ---- replies ---- */

#define CHAT_CALL(index, n) \
    "{\"index\":%d,\"id\":\"i%d\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"n\\\":%d}\"}}"

static void chat_call(struct buf *out, int n)
{
    buf_add_format(out, CHAT_CALL(n, n), n, n, n);
}

static void responses_call(struct buf *out, int n)
{
    buf_add_format(out,
                   "{\"type\":\"function_call\",\"id\":\"fc%d\",\"call_id\":\"c%d\",\"name\":\"f\","
                   "\"arguments\":\"{\\\"n\\\":%d}\"}",
                   n, n, n);
}

/* Appends a reply with that many calls. */
static void write_calls(struct buf *out, enum wire wire, bool stream, int count)
{
    bool chat = wire == WIRE_CHAT;
    if (!stream)
        buf_add_text(out, chat ? "{\"choices\":[{\"index\":0,\"finish_reason\":\"tool_calls\",\"message\":{"
                                 "\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
                               : "{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":[");
    for (int i = 0; i < count; i++) {
        if (stream && chat)
            BUF_ADD(out, "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[");
        else if (stream)
            buf_add_format(out, "data: {\"type\":\"response.output_item.done\",\"output_index\":%d,\"item\":", i);
        else if (i)
            BUF_ADD(out, ",");
        if (chat)
            chat_call(out, i);
        else
            responses_call(out, i);
        if (stream)
            buf_add_text(out, chat ? "]}}]}\n\n" : "}\n\n");
    }
    if (!stream)
        buf_add_text(out, chat ? "]}}]}" : "]}");
    else
        buf_add_text(out, chat ? "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
                                 "data: [DONE]\n\n"
                               : "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n");
    assert_false(out->failed);
}

static struct bridge_run relay_calls(enum wire client, enum wire upstream, bool stream, int count)
{
    struct bridge_request request;
    struct buf body;
    buf_init(&body, 8u << 20);
    write_calls(&body, upstream, stream, count);
    bridge_decode(&request,
                  client == WIRE_CHAT ? "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
                                      : "{\"input\":\"hi\"}",
                  client);
    struct relay_options options = {
        .client_wire = client,
        .upstream_wire = upstream,
        .client_stream = stream,
        .upstream_stream = stream,
        .turn = request.turn,
        .alias = "alias",
        .response_id = "1",
    };
    struct bridge_run run = bridge_relay(&options, buf_slice(&body), 0, 1000);
    bridge_release(&request);
    buf_free(&body);
    return run;
}

static int count_of(const struct bridge_run *run, const char *text)
{
    int count = 0;
    for (const char *at = run->sent.data; at && (at = strstr(at, text)); at += strlen(text))
        count++;
    return count;
}

static const struct {
    enum wire client, upstream;
    bool stream;
    const char *call; /* occurs once per call in the client's reply */
} ways[] = {
    {WIRE_RESPONSES, WIRE_CHAT, true, "response.output_item.done\",\"sequence"},
    {WIRE_RESPONSES, WIRE_CHAT, false, "\"type\":\"function_call\""},
    {WIRE_CHAT, WIRE_RESPONSES, true, "\"type\":\"function\""},
    {WIRE_CHAT, WIRE_RESPONSES, false, "\"type\":\"function\""},
};

TEST(all_calls_of_a_reply_arrive)
{
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct bridge_run run = relay_calls(ways[i].client, ways[i].upstream, ways[i].stream, LIMIT);
        assert_int_equal(run.state, RELAY_DONE);
        assert_int_equal(count_of(&run, ways[i].call), LIMIT);
        assert_true(bridge_has(&run, "{\\\"n\\\":1023}"));
        buf_free(&run.sent);
    }
}

TEST(a_reply_with_too_many_calls_fails)
{
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct bridge_run run = relay_calls(ways[i].client, ways[i].upstream, ways[i].stream, LIMIT + 1);
        assert_int_equal(run.state, RELAY_FAILED);
        assert_int_equal(run.failure.kind, FAILURE_PROTOCOL);
        assert_non_null(strstr(run.failure.message, "more than 1024 items or tool calls"));
        assert_false(bridge_has(&run, "response.completed"));
        assert_false(bridge_has(&run, "\"finish_reason\":\"tool_calls\""));
        if (ways[i].stream)
            assert_true(bridge_has(&run, "more than 1024 items or tool calls"));
        buf_free(&run.sent);
    }
}

TEST(pass_through_has_no_such_limit)
{
    static const enum wire wires[] = {WIRE_CHAT, WIRE_RESPONSES};
    for (size_t i = 0; i < COUNT_OF(wires); i++)
        for (int stream = 0; stream < 2; stream++) {
            struct bridge_run run = relay_calls(wires[i], wires[i], stream, 2 * LIMIT);
            assert_int_equal(run.state, RELAY_DONE);
            assert_true(bridge_has(&run, "{\\\"n\\\":2047}"));
            buf_free(&run.sent);
        }
}

/* Text and reasoning alternate: each is an item. */
TEST(a_reply_with_too_many_items_fails)
{
    for (int count = LIMIT; count <= LIMIT + 1; count++) {
        struct bridge_request request;
        struct buf body;
        buf_init(&body, 1u << 20);
        for (int i = 0; i < count; i++)
            buf_add_format(&body, "data: {\"choices\":[{\"index\":0,\"delta\":{\"%s\":\"x\"}}]}\n\n",
                           i % 2 ? "content" : "reasoning_content");
        BUF_ADD(&body,
                "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
        bridge_decode(&request, "{\"input\":\"hi\"}", WIRE_RESPONSES);
        struct relay_options options = {
            .client_wire = WIRE_RESPONSES,
            .upstream_wire = WIRE_CHAT,
            .client_stream = true,
            .upstream_stream = true,
            .turn = request.turn,
        };
        struct bridge_run run = bridge_relay(&options, buf_slice(&body), body.len, 0);
        assert_int_equal(run.state, count == LIMIT ? RELAY_DONE : RELAY_FAILED);
        assert_int_equal(run.failure.kind, count == LIMIT ? FAILURE_NONE : FAILURE_PROTOCOL);
        bridge_release(&request);
        buf_free(&run.sent);
        buf_free(&body);
    }
}

/* Item 300 has a delta, so its end adds no text. Item 0 has none, so its end does. */
TEST(large_indexes_identify_items)
{
    static const char text[] =
        "data: {\"type\":\"response.output_text.delta\",\"output_index\":300,\"delta\":\"late\"}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":\"message\","
        "\"content\":[{\"type\":\"output_text\",\"text\":\"first\"}]}}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":300,\"item\":{\"type\":\"message\","
        "\"content\":[{\"type\":\"output_text\",\"text\":\"late\"}]}}\n\n"
        "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n";
    struct bridge_request request;
    bridge_decode(&request, "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", WIRE_CHAT);
    struct relay_options options = {
        .client_wire = WIRE_CHAT, .upstream_wire = WIRE_RESPONSES, .upstream_stream = true, .turn = request.turn};
    struct bridge_run run = bridge_relay(&options, slice_of(text), strlen(text), 0);
    assert_int_equal(run.state, RELAY_DONE);
    assert_int_equal(count_of(&run, "first"), 1);
    assert_int_equal(count_of(&run, "late"), 1);
    bridge_release(&request);
    buf_free(&run.sent);
}

/* ---- requests ---- */

/* Appends a request with that many calls, followed by their outputs. */
static void write_conversation(struct buf *out, enum wire wire, int count)
{
    if (wire == WIRE_CHAT) {
        BUF_ADD(out, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[");
        add_each(out, "{\"id\":\"c%d\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}",
                 count);
        BUF_ADD(out, "]},");
        add_each(out, "{\"role\":\"tool\",\"content\":\"done\",\"tool_call_id\":\"c%d\"}", count);
    } else {
        BUF_ADD(out, "{\"model\":\"m\",\"input\":[");
        add_each(out, "{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\",\"call_id\":\"c%d\"}", count);
        BUF_ADD(out, ",");
        add_each(out, "{\"type\":\"function_call_output\",\"output\":\"done\",\"call_id\":\"c%d\"}", count);
    }
    assert_true(BUF_ADD(out, "]}"));
}

/* Translates the request to the other API, into `out`. Returns the refusal; its message is "" if there is none. */
static struct turn_error translate(struct buf *text, enum wire wire, struct buf *out)
{
    struct json doc = {0};
    struct turn_error error;
    assert_true(json_parse(&doc, text->data, text->len));
    struct turn *turn = turn_decode(&doc, wire, &error);
    if (turn)
        assert_true(turn_encode(turn, wire == WIRE_CHAT ? WIRE_RESPONSES : WIRE_CHAT,
                                &(struct turn_options){.upstream_model = "m"}, out));
    turn_free(turn);
    json_free(&doc);
    return error;
}

TEST(every_output_follows_its_call)
{
    static const enum wire wires[] = {WIRE_CHAT, WIRE_RESPONSES};
    for (size_t i = 0; i < COUNT_OF(wires); i++)
        for (int count = LIMIT; count <= LIMIT + 1; count++) {
            struct buf text, out;
            buf_init(&text, 1u << 20);
            buf_init(&out, 1u << 20);
            write_conversation(&text, wires[i], count);
            struct turn_error error = translate(&text, wires[i], &out);
            assert_string_equal(error.message, count == LIMIT ? "" : OPEN_CALLS_REFUSAL);
            assert_false(error.no_memory);
            if (count == LIMIT) {
                assert_null(strstr(buf_text(&out), "aborted"));
                assert_null(strstr(buf_text(&out), "Output of an earlier tool call"));
            }
            buf_free(&text);
            buf_free(&out);
        }
}

TEST(the_chatgpt_backend_gets_every_output)
{
    for (int count = LIMIT; count <= LIMIT + 1; count++) {
        const char *refusal;
        struct buf text, out;
        buf_init(&text, 1u << 20);
        buf_init(&out, 1u << 20);
        write_conversation(&text, WIRE_RESPONSES, count);
        assert_int_equal(chatgpt_request(buf_slice(&text), NULL, &out, &refusal), count == LIMIT);
        if (count == LIMIT)
            assert_null(strstr(buf_text(&out), "Output of an earlier tool call"));
        else
            assert_string_equal(refusal, OPEN_CALLS_REFUSAL);
        buf_free(&text);
        buf_free(&out);
    }
}

/* The last tool is there twice, which counts as one. */
TEST(too_many_tools_are_refused)
{
    for (int count = LIMIT; count <= LIMIT + 1; count++) {
        struct buf text, out;
        buf_init(&text, 1u << 20);
        buf_init(&out, 1u << 20);
        BUF_ADD(&text, "{\"input\":\"hi\",\"tools\":[");
        add_each(&text, "{\"type\":\"function\",\"name\":\"f%d\"}", count);
        buf_add_format(&text, ",{\"type\":\"function\",\"name\":\"f%d\"}]}", count - 1);
        struct turn_error error = translate(&text, WIRE_RESPONSES, &out);
        assert_string_equal(error.message,
                            count == LIMIT ? "" : "more than 1024 tools: the proxy can't translate more");
        assert_string_equal(error.param, count == LIMIT ? "" : "tools");
        if (count == LIMIT)
            assert_non_null(strstr(buf_text(&out), "\"f1023\""));
        buf_free(&text);
        buf_free(&out);
    }
}

TEST(the_call_added_last_is_found)
{
    struct open_calls open = {.more = NULL};
    for (uint32_t i = 0; i < OPEN_CALLS_MAX; i++)
        assert_true(open_calls_add(&open, i % 2 ? SLICE("odd") : SLICE("even"), i));
    assert_false(open_calls_add(&open, SLICE("odd"), OPEN_CALLS_MAX));
    assert_int_equal(open_calls_take(&open, SLICE("none")), NO_ITEM);
    for (uint32_t i = OPEN_CALLS_MAX; i-- > 0;)
        assert_int_equal(open_calls_take(&open, i % 2 ? SLICE("odd") : SLICE("even")), i);
    assert_int_equal(open_calls_take(&open, SLICE("odd")), NO_ITEM);
    open_calls_free(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_calls_of_a_reply_arrive),           cmocka_unit_test(a_reply_with_too_many_calls_fails),
        cmocka_unit_test(pass_through_has_no_such_limit),        cmocka_unit_test(a_reply_with_too_many_items_fails),
        cmocka_unit_test(large_indexes_identify_items),          cmocka_unit_test(every_output_follows_its_call),
        cmocka_unit_test(the_chatgpt_backend_gets_every_output), cmocka_unit_test(too_many_tools_are_refused),
        cmocka_unit_test(the_call_added_last_is_found),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
