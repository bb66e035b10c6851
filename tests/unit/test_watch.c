/* Unit tests of proxy/bridge/watch, the pass-through: the bytes do not change, and the relay reads what it needs. */
#include "tests/unit/bridge.h"

#define CHUNK(delta, finish)                                                                        \
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":" finish \
    "}],\"usage\":null}\n\n"
#define ROLE CHUNK("\"role\":\"assistant\",\"content\":\"\"", "null")
#define TEXT(text) CHUNK("\"content\":\"" text "\"", "null")
#define STOP CHUNK("", "\"stop\"")
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n"
#define DONE "data: [DONE]\n\n"

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define CREATED EVENT("response.created", ",\"response\":{\"id\":\"resp_abc\",\"status\":\"in_progress\"}")
#define DELTA(text) EVENT("response.output_text.delta", ",\"delta\":\"" text "\"")
#define COMPLETED                                                                                                 \
    EVENT("response.completed", ",\"response\":{\"id\":\"resp_abc\",\"output\":[],\"usage\":{\"input_tokens\":3," \
                                "\"output_tokens\":4,\"total_tokens\":7}}")

#define LONG TEN(TEN("station of the line ")) TEN(TEN("and on "))
#define TEN(text) text text text text text text text text text text

static struct relay_options options_for(enum wire wire, bool stream)
{
    return (struct relay_options){.client_wire = wire,
                                  .upstream_wire = wire,
                                  .client_stream = stream,
                                  .upstream_stream = stream,
                                  .response_id = "1"};
}

/* Each body is sent unchanged, however it is split. */
static const struct {
    enum wire wire;
    const char *body;
    int64_t input, output;
} PASSED[] = {
    {WIRE_CHAT, ": ping\n\n" ROLE TEXT("a") TEXT("b") STOP USAGE DONE, 11, 7},
    {WIRE_CHAT,
     "data:{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\r\n\r\n"
     "data: {\"choices\": [{\"delta\": {}, "
     "\"finish_reason\": \"length\"}]}\r\n\r\n" DONE,
     -1, 3},
    {WIRE_CHAT, TEXT("\\\"finish_reason\\\":\\\"stop\\\",\\\"error\\\":{}") TEXT("[DONE]") STOP USAGE DONE, 11, 7},
    {WIRE_CHAT,
     CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]", "null") STOP USAGE DONE,
     11, 7},
    {WIRE_CHAT, CHUNK("", "\"length\"") USAGE DONE, 11, 7},
    {WIRE_COMPLETIONS, "data: {\"choices\":[{\"text\":\"x\",\"finish_reason\":null}]}\n\n" STOP USAGE DONE, 11, 7},
    {WIRE_RESPONSES,
     CREATED DELTA("a") DELTA("response.completed \\\"type\\\":\\\"error\\\"") EVENT("response.novelty", ",\"x\":1")
         COMPLETED,
     3, 4},
    {WIRE_CHAT, ROLE TEXT("Grüße, 世界") TEXT(LONG) STOP USAGE DONE, 11, 7},
    {WIRE_RESPONSES, CREATED DELTA("Grüße, 世界") DELTA(LONG) COMPLETED, 3, 4},
    {WIRE_RESPONSES,
     "data: {\"sequence_number\":0,\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n" COMPLETED, 3, 4},
};

TEST(bytes_are_unchanged)
{
    for (size_t i = 0; i < COUNT_OF(PASSED); i++) {
        struct relay_options options = options_for(PASSED[i].wire, true);
        struct slice body = slice_of(PASSED[i].body);
        for (size_t cut = 1; cut <= body.len; cut++)
            for (size_t piece = 0; piece < 8; piece += 7) {
                struct bridge_run run = bridge_relay(&options, body, cut, piece);
                assert_int_equal(run.state, RELAY_DONE);
                assert_string_equal(run.sent.data, PASSED[i].body);
                assert_int_equal(run.usage.input, PASSED[i].input);
                assert_int_equal(run.usage.output, PASSED[i].output);
                buf_free(&run.sent);
            }
    }
}

static const struct {
    enum wire wire;
    const char *body;
    enum failure_kind kind;
} HELD[] = {
    {WIRE_CHAT, ROLE "data: {\"error\":{\"message\":\"busy\",\"code\":\"rate_limit_exceeded\"}}\n\n",
     FAILURE_RATE_LIMIT},
    {WIRE_CHAT, "event: error\ndata: {\"message\":\"busy\"}\n\n", FAILURE_SERVER},
    {WIRE_CHAT, ROLE, FAILURE_CUT},
    {WIRE_CHAT, ROLE STOP USAGE DONE, FAILURE_EMPTY},
    {WIRE_CHAT, DONE, FAILURE_EMPTY},
    {WIRE_CHAT, "<html>", FAILURE_PROTOCOL},
    {WIRE_CHAT, "x", FAILURE_CUT},
    {WIRE_RESPONSES, CREATED, FAILURE_CUT},
    {WIRE_RESPONSES,
     CREATED EVENT("response.failed", ",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":"
                                      "\"m\"}}"),
     FAILURE_SERVER},
    {WIRE_RESPONSES, CREATED EVENT("error", ",\"code\":\"server_error\",\"message\":\"m\""), FAILURE_SERVER},
    {WIRE_RESPONSES, CREATED COMPLETED, FAILURE_EMPTY},
};

TEST(failures_before_content_send_nothing)
{
    for (size_t i = 0; i < COUNT_OF(HELD); i++) {
        struct relay_options options = options_for(HELD[i].wire, true);
        for (size_t piece = 1; piece < 1000; piece += 333) {
            struct bridge_run run = bridge_relay(&options, slice_of(HELD[i].body), piece, piece);
            assert_int_equal(run.state, RELAY_FAILED);
            assert_int_equal(run.failure.kind, HELD[i].kind);
            assert_int_equal(run.sent.len, 0);
            assert_false(run.opened);
            buf_free(&run.sent);
        }
    }
}

/* After content: complete events are sent, then the error's event; the truncated event is not. */
TEST(failure_after_content_ends_in_an_error_event)
{
    struct relay_options chat = options_for(WIRE_CHAT, true), responses = options_for(WIRE_RESPONSES, true);
    const char *body = ROLE TEXT("a") TEXT("b") "data: {\"choices\":[{\"delta\":{\"content\":\"to";
    struct bridge_run run = bridge_relay(&chat, slice_of(body), 300, 0);
    assert_int_equal(run.failure.kind, FAILURE_CUT);
    assert_order(&run, ROLE TEXT("a") TEXT("b") "data: {\"error\":{");
    assert_false(bridge_has(&run, "\"to"));
    assert_false(bridge_has(&run, "[DONE]"));
    buf_free(&run.sent);

    body = ROLE TEXT("a") TEXT("b") "data: {\"error\":{\"message\":\"boom\"}}\n\n";
    run = bridge_relay(&chat, slice_of(body), strlen(ROLE TEXT("a")), 0);
    assert_order(&run, ROLE TEXT("a") TEXT("b") "data: {\"error\":{\"message\":\"boom\"");
    buf_free(&run.sent);

    body = CREATED DELTA("a") DELTA("b") EVENT("response.failed", ",\"response\":{\"error\":{\"message\":\"boom\"}}");
    run = bridge_relay(&responses, slice_of(body), strlen(CREATED DELTA("a")), 0);
    assert_order(&run,
                 CREATED DELTA("a") DELTA("b") "event: response.failed\ndata: {\"type\":\"response.failed\","
                                               "\"sequence_number\":3,\"response\":{\"id\":\"resp_abc\"",
                 "boom");
    buf_free(&run.sent);
}

/* A piece that ends with an event is sent from where it is. */
TEST(whole_events_are_not_copied)
{
    struct relay_options options = options_for(WIRE_CHAT, true);
    struct relay *r = relay_new(&options);
    const struct slice first = SLICE(TEXT("a")), second = SLICE(TEXT("b") TEXT("c"));
    struct slice send;
    assert_int_equal(relay_feed(r, SLICE(ROLE), &send), RELAY_HOLD);
    assert_int_equal(relay_feed(r, first, &send), RELAY_OPEN);
    assert_int_equal(relay_feed(r, second, &send), RELAY_OPEN);
    assert_ptr_equal(send.ptr, second.ptr);
    assert_int_equal(send.len, second.len);
    relay_keep_alive(r, &send);
    assert_slice(send, ": keep-alive\n\n");
    relay_free(r);
}

/* However it is split: nothing before the end, then everything. A stream that fails sends nothing. */
TEST(held_stream_is_sent_at_its_end)
{
    struct relay_options options = options_for(WIRE_CHAT, true);
    options.hold = true;
    const struct slice body = SLICE(ROLE TEXT("a") TEXT("b") STOP USAGE DONE);
    for (size_t cut = 1; cut < body.len; cut++) {
        struct relay *r = relay_new(&options);
        struct slice send;
        assert_int_equal(relay_feed(r, (struct slice){body.ptr, cut}, &send), RELAY_HOLD);
        assert_int_equal(send.len, 0);
        assert_int_equal(relay_has_content(r), cut >= sizeof ROLE TEXT("a") - 1);
        enum relay_state ended = relay_feed(r, (struct slice){body.ptr + cut, body.len - cut}, &send);
        assert_int_equal(ended, RELAY_DONE);
        assert_int_equal(send.len, body.len);
        assert_memory_equal(send.ptr, body.ptr, body.len);
        relay_free(r);
    }
    struct bridge_run run = bridge_relay(&options, SLICE(ROLE TEXT("a") TEXT("b")), 30, 9);
    assert_int_equal(run.failure.kind, FAILURE_CUT);
    assert_int_equal(run.sent.len, 0);
    assert_false(run.opened);
    buf_free(&run.sent);
}

/* The client may wait for the mark. */
TEST(missing_end_mark_is_added)
{
    struct relay_options options = options_for(WIRE_CHAT, true);
    for (int hold = 0; hold < 2; hold++) {
        options.hold = hold;
        for (size_t cut = 0; cut < 4; cut += 2) { /* the last event may lack its empty line, or also its end */
            const struct slice body = SLICE(ROLE TEXT("a") STOP USAGE);
            struct bridge_run run = bridge_relay(&options, (struct slice){body.ptr, body.len - cut}, 40, 40);
            assert_int_equal(run.state, RELAY_DONE);
            assert_true(bridge_has(&run, DONE));
            assert_int_equal(run.usage.output, 7);
            assert_order(&run, ROLE TEXT("a") STOP "data: {\"choices\":[],\"usage\":{", "}\n", DONE);
            buf_free(&run.sent);
        }
    }
}

/* After finish_reason the reply is complete: an event that is then truncated is left out. */
TEST(early_end_keeps_the_finished_reply)
{
    struct relay_options options = options_for(WIRE_CHAT, true);
    for (int hold = 0; hold < 2; hold++) {
        options.hold = hold;
        struct relay *r = relay_new(&options);
        struct slice send;
        struct buf sent;
        buf_init(&sent, 1u << 16);
        (void)relay_feed(r, SLICE(ROLE TEXT("a")), &send);
        buf_add_slice(&sent, send);
        assert_false(relay_finished(r));
        (void)relay_feed(r, SLICE(STOP "data: {\"choices\":[],\"usa"), &send);
        buf_add_slice(&sent, send);
        assert_true(relay_finished(r));
        assert_int_equal(relay_end(r, &send), RELAY_DONE);
        buf_add_slice(&sent, send);
        assert_slice(buf_slice(&sent), ROLE TEXT("a") STOP DONE);
        assert_true(relay_usage(r).estimated);
        assert_false(relay_finished(r));
        buf_free(&sent);
        relay_free(r);
    }
}

/* A truncated event, or one that is not JSON, ends the stream, because its content is lost. */
TEST(malformed_events_are_not_passed_on)
{
    struct relay_options chat = options_for(WIRE_CHAT, true), responses = options_for(WIRE_RESPONSES, true);
    static const char *const bad[] = {"data: {\"choices\":[{\"delta\":{\"content\": \n\n", "data: nonsense\n\n",
                                      "data: {\n\n"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char body[1024];
        (void)snprintf(body, sizeof body, "%s%s%s", ROLE TEXT("a"), bad[i], TEXT("b") STOP DONE);
        struct bridge_run run = bridge_relay(&chat, slice_of(body), sizeof ROLE TEXT("a") - 1, 0);
        assert_int_equal(run.state, RELAY_FAILED);
        assert_order(&run, ROLE TEXT("a") "data: {\"error\":{");
        assert_false(bridge_has(&run, "[DONE]"));
        buf_free(&run.sent);
    }
    /* Bytes that are not UTF-8, and nesting that clients could not parse. */
    struct buf deep;
    buf_init(&deep, 1u << 16);
    BUF_ADD(&deep, ROLE TEXT("a") "data: {\"choices\":");
    for (int i = 0; i < 2000; i++)
        buf_add_char(&deep, '[');
    for (int i = 0; i < 2000; i++)
        buf_add_char(&deep, ']');
    BUF_ADD(&deep, "}\n\n" STOP DONE);
    const struct slice bodies[] = {buf_slice(&deep), SLICE(ROLE TEXT("a") TEXT("\xff\xfe") STOP DONE)};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct bridge_run run = bridge_relay(&chat, bodies[i], sizeof ROLE TEXT("a") - 1, 0);
        assert_int_equal(run.state, RELAY_FAILED);
        assert_order(&run, ROLE TEXT("a") "data: {\"error\":{");
        buf_free(&run.sent);
    }
    buf_free(&deep);
    const char *body =
        CREATED DELTA("a") "event: response.output_text.delta\ndata: {\"type\":\"response.output_te\n\n" COMPLETED;
    struct bridge_run run = bridge_relay(&responses, slice_of(body), sizeof CREATED DELTA("a") - 1, 0);
    assert_int_equal(run.state, RELAY_FAILED);
    assert_false(bridge_has(&run, "output_te\n"));
    buf_free(&run.sent);
}

TEST(unstreamed_replies_are_checked)
{
    static const struct {
        enum wire wire;
        const char *body;
        enum failure_kind kind;
    } cases[] = {
        {WIRE_CHAT, " {\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"x\":1}\n",
         FAILURE_NONE},
        {WIRE_CHAT, "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}", FAILURE_EMPTY},
        {WIRE_CHAT, "{\"error\":{\"message\":\"m\"}}", FAILURE_SERVER},
        {WIRE_CHAT, "{\"choices\":[{\"message\":{\"content\":\"a\"}}]", FAILURE_PROTOCOL},
        {WIRE_COMPLETIONS, "{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}", FAILURE_NONE},
        {WIRE_EMBEDDINGS, "{\"data\":[{\"embedding\":[0.5]}],\"usage\":{\"prompt_tokens\":4}}", FAILURE_NONE},
        {WIRE_EMBEDDINGS, "{\"data\":[]}", FAILURE_EMPTY},
        {WIRE_RESPONSES, "{\"status\":\"completed\",\"output\":[{\"type\":\"novelty\"}]}", FAILURE_NONE},
        {WIRE_RESPONSES, "{\"status\":\"failed\",\"error\":{\"message\":\"m\"},\"output\":[]}", FAILURE_SERVER},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct relay_options options = options_for(cases[i].wire, false);
        struct bridge_run run = bridge_relay(&options, slice_of(cases[i].body), 5, 7);
        assert_int_equal(run.failure.kind, cases[i].kind);
        if (cases[i].kind == FAILURE_NONE)
            assert_string_equal(run.sent.data, cases[i].body);
        else
            assert_int_equal(run.sent.len, 0);
        assert_false(run.opened);
        buf_free(&run.sent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_unchanged),
        cmocka_unit_test(failures_before_content_send_nothing),
        cmocka_unit_test(failure_after_content_ends_in_an_error_event),
        cmocka_unit_test(whole_events_are_not_copied),
        cmocka_unit_test(held_stream_is_sent_at_its_end),
        cmocka_unit_test(missing_end_mark_is_added),
        cmocka_unit_test(early_end_keeps_the_finished_reply),
        cmocka_unit_test(malformed_events_are_not_passed_on),
        cmocka_unit_test(unstreamed_replies_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
