/* Unit tests of proxy/bridge/relay: streamed and unstreamed replies of each API, for clients of the other. */
#include "tests/unit/bridge.h"

#include <sodium.h>

/* clang-format can't lay out strings that consist of macros. */
/* clang-format off */

#define TOOLS "[{\"type\":\"function\",\"name\":\"run\"},{\"type\":\"custom\",\"name\":\"patch\"},{\"type\":\"tool_search\"}," \
              "{\"type\":\"namespace\",\"name\":\"mcp__m\",\"tools\":[{\"type\":\"function\",\"name\":\"echo\"}]}]"
#define REQUEST "{\"model\":\"a\",\"input\":\"hello\",\"tools\":" TOOLS "}"
#define CHAT_REQUEST "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"stream_options\":{\"include_usage\":true}}"

/* Chunks of a chat stream. */
#define CHUNK(choice) "data: {\"id\":\"c\",\"choices\":[{\"index\":0," choice "}]}\n\n"
#define DELTA(fields) CHUNK("\"delta\":{" fields "},\"finish_reason\":null")
#define TEXT(text) DELTA("\"content\":\"" text "\"")
#define THOUGHT(text) DELTA("\"reasoning_content\":\"" text "\"")
#define TOOL(fields) DELTA("\"tool_calls\":[{" fields "}]")
#define BEGIN(index, id, name, args) \
    TOOL("\"index\":" #index ",\"id\":\"" id "\",\"function\":{\"name\":\"" name "\",\"arguments\":\"" args "\"}")
#define MORE(index, args) TOOL("\"index\":" #index ",\"function\":{\"arguments\":\"" args "\"}")
#define FINISH(reason) CHUNK("\"delta\":{},\"finish_reason\":\"" reason "\"")
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n"
#define DONE "data: [DONE]\n\n"

static struct bridge_request responses_request, chat_request;

static int set_up(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    bridge_decode(&responses_request, REQUEST, WIRE_RESPONSES);
    bridge_decode(&chat_request, CHAT_REQUEST, WIRE_CHAT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bridge_release(&responses_request);
    bridge_release(&chat_request);
    return 0;
}

/* The client has one API, the upstream the other. */
static struct relay_options options_for(enum wire client, bool client_stream, bool upstream_stream)
{
    return (struct relay_options){
        .client_wire = client, .upstream_wire = client == WIRE_CHAT ? WIRE_RESPONSES : WIRE_CHAT,
        .client_stream = client_stream, .upstream_stream = upstream_stream,
        .turn = client == WIRE_CHAT ? chat_request.turn : responses_request.turn,
        .alias = "alias", .response_id = "1", .created_s = 1700000000,
        .carrier_keys = &BRIDGE_KEYS, .deployment_id = SLICE("d"),
    };
}

static struct bridge_run relay_stream(enum wire client, const char *body)
{
    struct relay_options options = options_for(client, true, true);
    return bridge_relay(&options, slice_of(body), strlen(body), 0);
}

/* Checks the types of the events, which each event has twice, and their sequence numbers, which start at 0. */
static void assert_events(const struct bridge_run *run, const char *const *types, size_t count)
{
    const char *at = run->sent.data;
    for (size_t i = 0; i < count; i++) {
        char head[256];
        (void)snprintf(head, sizeof head, "event: response.%s\ndata: {\"type\":\"response.%s\",\"sequence_number\":%zu,",
                       types[i], types[i], i);
        if (strncmp(at, head, strlen(head)) != 0)
            fail_msg("event %zu should be response.%s:\n%.300s", i, types[i], at);
        at = strstr(at, "\n\n") + 2;
    }
    assert_string_equal(at, "");
}

#define EVENTS(run, ...) \
    assert_events((run), (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})))

TEST(text_is_translated)
{
    struct bridge_run run = relay_stream(WIRE_RESPONSES, DELTA("\"role\":\"assistant\",\"content\":\"\"") TEXT("Hel\\u00e9")
                                                         TEXT("\\\"lo\\\"") FINISH("stop") USAGE DONE);
    assert_int_equal(run.state, RELAY_DONE);
    EVENTS(&run, "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
           "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "completed");
    assert_order(&run, "\"delta\":\"Hel\\u00e9\"", "\"delta\":\"\\\"lo\\\"\"", "\"text\":\"Hel\\u00e9\\\"lo\\\"\"",
                 "\"status\":\"completed\"", "\"output\":[{\"type\":\"message\",\"id\":\"msg_1_0\"",
                 "\"usage\":{\"input_tokens\":11,\"input_tokens_details\":{\"cached_tokens\":0,\"cache_write_tokens\":0},"
                 "\"output_tokens\":7,\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":18}");
    buf_free(&run.sent);
}

TEST(reasoning_text_and_calls_interleave)
{
    struct bridge_run run = relay_stream(
        WIRE_RESPONSES, THOUGHT("th") THOUGHT("ink") TEXT("Look.") BEGIN(0, "a", "run", "") BEGIN(1, "b", "mcp__m__echo", "")
        MORE(1, "{\\\"x\\\":") MORE(0, "{\\\"cmd\\\":\\\"1.0\\\",\\\"n\\\":1000.") MORE(1, "2.50}") MORE(0, "0}")
        FINISH("tool_calls") USAGE DONE);
    assert_int_equal(run.state, RELAY_DONE);
    EVENTS(&run, "created", "in_progress", "output_item.added", "reasoning_summary_part.added",
           "reasoning_summary_text.delta", "reasoning_summary_text.delta", "reasoning_summary_text.done",
           "reasoning_summary_part.done", "output_item.done", "output_item.added", "content_part.added",
           "output_text.delta", "output_item.added", "output_item.added", "function_call_arguments.delta",
           "function_call_arguments.delta", "function_call_arguments.delta", "function_call_arguments.delta",
           "output_text.done", "content_part.done", "output_item.done", "function_call_arguments.done",
           "output_item.done", "function_call_arguments.done", "output_item.done", "completed");
    /* Items end in their order; the upstream's ids are not used; whole floats are integers outside of strings. */
    assert_order(&run, "\"encrypted_content\":\"pointsman-1.\"", "\"call_id\":\"call_1_0\"", "\"call_id\":\"call_1_1\"",
                 "\"output_index\":1,\"item\":{\"type\":\"message\"", "\"output_index\":2,\"item\":{\"type\":\"function_call\"",
                 "\"name\":\"run\",\"arguments\":\"{\\\"cmd\\\":\\\"1.0\\\",\\\"n\\\":1000}\"}",
                 "\"output_index\":3,\"item\":{\"type\":\"function_call\",\"id\":\"fc_1_3\",\"status\":\"completed\","
                 "\"call_id\":\"call_1_1\",\"namespace\":\"mcp__m\",\"name\":\"echo\",\"arguments\":\"{\\\"x\\\":2.50}\"}");
    buf_free(&run.sent);
}

/* Each row is a complete reply, and pieces of its translation, in order. */
static const struct {
    const char *body;
    const char *pieces[4];
} REPLIES[] = {
    /* Custom tools: wrapped, raw, as the only member with another name, in a string. */
    {BEGIN(0, "a", "patch", "{\\\"input\\\":\\\"a\\\\n1.0\\\"}") FINISH("stop") DONE,
     {"\"custom_tool_call\",\"id\":\"ctc_1_0\"", "custom_tool_call_input.delta", "\"input\":\"a\\n1.0\""}},
    {BEGIN(0, "a", "patch", "*** Begin\\n1.0") FINISH("stop") DONE, {"\"input\":\"*** Begin\\n1.0\""}},
    {BEGIN(0, "a", "patch", "{\\\"patch\\\":\\\"x\\\"}") FINISH("stop") DONE, {"\"input\":\"x\""}},
    {BEGIN(0, "a", "patch", "\\\"x\\\"") FINISH("stop") DONE, {"\"input\":\"x\""}},
    {BEGIN(0, "a", "tool_search", "{\\\"query\\\":\\\"q\\\"}") FINISH("stop") DONE,
     {"\"type\":\"tool_search_call\"", "\"execution\":\"client\",\"arguments\":{\"query\":\"q\"}}"}},
    {BEGIN(0, "a", "tool_search", "{\\n\\\"query\\\":\\\"q\\\"}") FINISH("stop") DONE,   /* a line break would end the event */
     {"\"arguments\":{ \"query\":\"q\"}}"}},
    /* Names with prefixes, names of unknown tools, no arguments, arguments as an object. */
    {BEGIN(0, "a", "functions.run", "{}") FINISH("stop") DONE, {"\"name\":\"run\",\"arguments\":\"{}\""}},
    {BEGIN(0, "a", "default_api:mcp__m__echo", "") FINISH("stop") DONE,
     {"\"namespace\":\"mcp__m\",\"name\":\"echo\",\"arguments\":\"{}\""}},
    {BEGIN(0, "a", "novel", "{}") FINISH("stop") DONE, {"\"name\":\"novel\",\"arguments\":\"{}\""}},
    {TOOL("\"function\":{\"name\":\"run\",\"arguments\":{\"a\":\"b\"}}") FINISH("stop") DONE,
     {"\"arguments\":\"{\\\"a\\\":\\\"b\\\"}\""}},
    /* No index: a piece with a name begins a call, a piece without one continues it. */
    {TOOL("\"id\":\"\",\"function\":{\"name\":\"run\",\"arguments\":\"{\"}")
     TOOL("\"function\":{\"arguments\":\"}\"}") TOOL("\"id\":\"\",\"function\":{\"name\":\"run\",\"arguments\":\"{ }\"}")
     FINISH("stop") DONE,
     {"\"arguments\":\"{}\"}}", "\"arguments\":\"{ }\"}}"}},
    /* The same index and no id for several complete calls; the name again with each piece. */
    {BEGIN(0, "", "run", "{}") BEGIN(0, "", "run", "{\\\"a\\\":1}") FINISH("stop") DONE,
     {"\"arguments\":\"{}\"}}", "\"arguments\":\"{\\\"a\\\":1}\"}}"}},
    {BEGIN(0, "a", "run", "{") BEGIN(0, "a", "run", "}") FINISH("stop") DONE, {"\"arguments\":\"{}\"}}"}},
    {BEGIN(0, "a", "run", "") BEGIN(0, "b", "run", "{}") FINISH("stop") DONE, {"call_1_0", "call_1_1"}},
    /* Gemini's thought signature: an item of its own before its call. */
    {TOOL("\"index\":0,\"function\":{\"name\":\"run\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":"
          "{\"thought_signature\":\"SIG\"}}") FINISH("stop") DONE,
     {"\"output_index\":0,\"item\":{\"type\":\"reasoning\"", "pointsman-1.", ".call_1_0.SIG", "\"output_index\":1"}},
    /* Reasoning under other names; parts; an unknown finish reason. */
    {DELTA("\"reasoning\":\"hm\"") TEXT("x") FINISH("eos") DONE, {"\"delta\":\"hm\"", "\"delta\":\"x\""}},
    {DELTA("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]},{\"type\":\"text\","
           "\"text\":\"x\"}]") FINISH("stop") DONE, {"summary_text.delta", "\"delta\":\"hm\"", "\"delta\":\"x\""}},
    /* An unstreamed reply as an event; the same after its pieces. */
    {CHUNK("\"message\":{\"role\":\"assistant\",\"content\":\"x\"},\"finish_reason\":\"stop\"") DONE,
     {"\"delta\":\"x\""}},
    {TEXT("x") CHUNK("\"delta\":{},\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"") DONE,
     {"\"text\":\"x\"", "\"text\":\"x\""}},
    /* An end mark without a finish reason; a finish reason without an end mark; a last event without its empty line. */
    {TEXT("x") DONE, {"response.completed"}},
    {TEXT("x") FINISH("stop"), {"response.completed"}},
    {TEXT("x") FINISH("stop") "data: [DONE]", {"response.completed"}},
    /* Half a character at the end of a piece. */
    {TEXT("a\\ud83d") TEXT("\\ude00b") FINISH("stop") DONE, {"\"delta\":\"a\"", "\"delta\":\"\\ud83d\\ude00b\""}},
    {TEXT("a\\\\ud83d") FINISH("stop") DONE, {"\"delta\":\"a\\\\ud83d\""}},
    {TEXT("a\\ud83d") FINISH("stop") DONE, {"\"delta\":\"a\"", "\"delta\":\"\\ufffd\"", "\"text\":\"a\\ufffd\""}},
    /* No usage: estimated and marked. */
    {TEXT("12345678") FINISH("stop") DONE, {"\"output_tokens\":2", "\"estimated\":true"}},
};

TEST(replies_are_translated)
{
    for (size_t i = 0; i < COUNT_OF(REPLIES); i++) {
        struct bridge_run run = relay_stream(WIRE_RESPONSES, REPLIES[i].body);
        size_t count = 0;
        while (count < COUNT_OF(REPLIES[i].pieces) && REPLIES[i].pieces[count])
            count++;
        if (run.state != RELAY_DONE)
            fail_msg("%s fails: %s", REPLIES[i].body, run.failure.message);
        bridge_assert_order(&run, REPLIES[i].pieces, count);
        buf_free(&run.sent);
    }
}

static const struct {
    const char *body;
    enum failure_kind kind;
    bool opened;
} FAILURES[] = {
    {TEXT("x"), FAILURE_CUT, false},
    {"", FAILURE_CUT, false},
    {DONE, FAILURE_EMPTY, false},
    {FINISH("stop") USAGE DONE, FAILURE_EMPTY, false},
    {THOUGHT("x") FINISH("stop") DONE, FAILURE_EMPTY, false},
    {TEXT("x") FINISH("content_filter") DONE, FAILURE_CONTENT_FILTER, false},
    {BEGIN(0, "a", "run", "{") DONE, FAILURE_CUT, false},
    {TEXT("x") "data: {\"error\":{\"message\":\"boom\"}}\n\n", FAILURE_SERVER, false},
    {TEXT("x") FINISH("error"), FAILURE_SERVER, false},
    {TEXT("x") "data: nonsense\n\n", FAILURE_SERVER, false},
};

/* If the body comes at once, nothing was sent before the failure; byte by byte, the text was. No reply is completed. */
TEST(failures_are_reported)
{
    struct relay_options options = options_for(WIRE_RESPONSES, true, true);
    for (size_t i = 0; i < COUNT_OF(FAILURES); i++) {
        struct slice body = slice_of(FAILURES[i].body);
        struct bridge_run run = bridge_relay(&options, body, body.len, 0);
        assert_int_equal(run.state, RELAY_FAILED);
        assert_int_equal(run.failure.kind, FAILURES[i].kind);
        assert_true(run.failure.message[0]);
        buf_free(&run.sent);
        run = bridge_relay(&options, body, 1, 1);
        assert_int_equal(run.failure.kind, FAILURES[i].kind);
        assert_false(bridge_has(&run, "response.completed"));
        assert_false(bridge_has(&run, "\"id\":\"msg_1_0\",\"status\":\"completed\""));   /* the text stays open */
        assert_int_equal(bridge_has(&run, "response.failed"), run.opened);
        buf_free(&run.sent);
    }
}

TEST(length_limit_makes_the_reply_incomplete)
{
    struct bridge_run run = relay_stream(WIRE_RESPONSES, TEXT("cut") BEGIN(0, "a", "run", "{}") BEGIN(1, "b", "run", "{")
                                                         FINISH("length") USAGE DONE);
    assert_int_equal(run.state, RELAY_DONE);
    assert_true(run.incomplete);
    assert_order(&run, "\"status\":\"incomplete\"", "response.incomplete",
                 "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}");
    assert_true(bridge_has(&run, "\"status\":\"completed\",\"call_id\":\"call_1_0\""));
    assert_false(bridge_has(&run, "\"status\":\"completed\",\"call_id\":\"call_1_1\""));   /* truncated */
    buf_free(&run.sent);
}

/* All at once, byte by byte, and in two pieces split anywhere: the client gets the same bytes. */
TEST(output_does_not_depend_on_read_sizes)
{
    static const char *const bodies[] = {
        ": hello\r\n\r\n" THOUGHT("th") TEXT("a\\u00e9") BEGIN(0, "a", "run", "{\\\"n\\\":1") MORE(0, "0.0}")
            BEGIN(1, "b", "patch", "{\\\"input\\\":\\\"x\\\"}") FINISH("tool_calls") USAGE DONE,
        TEXT("x") "data: {\"error\":{\"message\":\"boom\"}}\n\n",
    };
    struct relay_options options = options_for(WIRE_RESPONSES, true, true);
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct slice body = slice_of(bodies[i]);
        struct bridge_run bytes = bridge_relay(&options, body, 1, 1);
        for (size_t cut = 1; cut <= body.len; cut++) {
            struct bridge_run run = bridge_relay(&options, body, cut, i ? 1 : 0);
            assert_int_equal(run.state, bytes.state);
            if (run.opened || run.state == RELAY_DONE)
                assert_string_equal(run.sent.data, bytes.sent.data);
            buf_free(&run.sent);
        }
        buf_free(&bytes.sent);
    }
}

TEST(first_content_opens_the_reply)
{
    struct relay_options options = options_for(WIRE_RESPONSES, true, true);
    struct relay *r = relay_new(&options);
    struct slice send;
    assert_int_equal(relay_feed(r, SLICE(DELTA("\"role\":\"assistant\"")), &send), RELAY_HOLD);
    relay_keep_alive(r, &send);
    assert_int_equal(send.len, 0);
    assert_int_equal(relay_feed(r, SLICE(TEXT("x")), &send), RELAY_OPEN);
    assert_true(slice_starts(send, "event: response.created\n"));
    relay_keep_alive(r, &send);
    assert_true(slice_starts(send, "event: response.in_progress\ndata: {\"type\":\"response.in_progress\","
                                   "\"sequence_number\":5,"));
    struct failure f = {.kind = FAILURE_TIMEOUT, .message = "the upstream said nothing for 60 s"};
    assert_true(relay_fail(r, &f, &send));
    assert_true(slice_starts(send, "event: response.failed\n"));
    assert_non_null(memmem(send.ptr, send.len, "nothing for 60 s", 16));
    assert_int_equal(relay_feed(r, SLICE(TEXT("y")), &send), RELAY_FAILED);
    relay_free(r);
}

#define WHOLE(message, finish) \
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," message "},\"finish_reason\":\"" finish \
    "\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}"

/* Unstreamed to unstreamed, unstreamed to streamed, streamed to unstreamed. */
TEST(unstreamed_replies_are_translated)
{
    const char *whole = WHOLE("\"content\":\"hi\",\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"run\",\"arguments\":"
                              "\"{\\\"n\\\":1.0}\"}}]", "tool_calls");
    const char *stream = TEXT("hi") BEGIN(0, "x", "run", "{\\\"n\\\":1.0}") FINISH("tool_calls")
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n" DONE;
    struct relay_options options = options_for(WIRE_RESPONSES, false, false);
    struct bridge_run from_whole = bridge_relay(&options, slice_of(whole), 3, 5);
    assert_int_equal(from_whole.state, RELAY_DONE);
    assert_false(from_whole.opened);
    options.upstream_stream = true;
    struct bridge_run from_stream = bridge_relay(&options, slice_of(stream), 3, 5);
    assert_string_equal(from_stream.sent.data, from_whole.sent.data);
    options.client_stream = true;
    struct bridge_run streamed = bridge_relay(&options, slice_of(stream), strlen(stream), 0);
    options.upstream_stream = false;
    struct bridge_run made = bridge_relay(&options, slice_of(whole), strlen(whole), 0);
    assert_string_equal(made.sent.data, streamed.sent.data);
    assert_int_equal(made.usage.input, 3);
    buf_free(&from_whole.sent);
    buf_free(&from_stream.sent);
    buf_free(&streamed.sent);
    buf_free(&made.sent);
}

TEST(unstreamed_failures_are_reported)
{
    static const struct { const char *body; enum failure_kind kind; } cases[] = {
        {"", FAILURE_PROTOCOL}, {"<html>", FAILURE_PROTOCOL}, {"[]", FAILURE_PROTOCOL},
        {"{}", FAILURE_EMPTY}, {WHOLE("\"content\":null", "stop"), FAILURE_EMPTY},
        {"{\"error\":{\"message\":\"boom\"}}", FAILURE_SERVER},
    };
    struct relay_options options = options_for(WIRE_RESPONSES, false, false);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bridge_run run = bridge_relay(&options, slice_of(cases[i].body), 4096, 0);
        assert_int_equal(run.state, RELAY_FAILED);
        assert_int_equal(run.failure.kind, cases[i].kind);
        assert_int_equal(run.sent.len, 0);
        buf_free(&run.sent);
    }
}

/* A reply translated to the other API and back: nothing gets lost. */
TEST(translation_and_back_loses_nothing)
{
    struct bridge_run there = relay_stream(
        WIRE_RESPONSES, THOUGHT("why") TEXT("Hel") TEXT("lo") BEGIN(0, "a", "run", "{\\\"x\\\":") MORE(0, "1}")
        FINISH("tool_calls") USAGE DONE);
    struct bridge_run back = relay_stream(WIRE_CHAT, there.sent.data);
    assert_int_equal(back.state, RELAY_DONE);
    assert_order(&back, "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}", "\"reasoning_content\":\"why\"",
                 "\"content\":\"Hel\"", "\"content\":\"lo\"",
                 "\"tool_calls\":[{\"index\":0,\"id\":\"call_1_0\",\"type\":\"function\",\"function\":{\"name\":\"run\"",
                 "{\\\"x\\\":", "1}", "\"finish_reason\":\"tool_calls\"",
                 "\"choices\":[],\"usage\":{\"prompt_tokens\":11,", "data: [DONE]\n\n");
    struct relay_options options = options_for(WIRE_CHAT, false, true);
    struct bridge_run whole = bridge_relay(&options, buf_slice(&there.sent), 7, 11);
    assert_order(&whole, "\"object\":\"chat.completion\"", "\"content\":\"Hello\",\"reasoning_content\":\"why\"",
                 "\"arguments\":\"{\\\"x\\\":1}\"", "\"finish_reason\":\"tool_calls\"", "\"total_tokens\":18");
    buf_free(&there.sent);
    buf_free(&back.sent);
    buf_free(&whole.sent);
}

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define COMPLETED EVENT("response.completed", ",\"response\":{\"id\":\"r\",\"output\":[],\"usage\":{\"input_tokens\":1," \
                                              "\"output_tokens\":2,\"total_tokens\":3}}")

/* A Responses upstream that sends only what Codex needs, and others; for a chat client. */
TEST(responses_upstreams_serve_chat_clients)
{
    static const struct { const char *body, *pieces[3]; } cases[] = {
        {EVENT("response.output_item.done", ",\"item\":{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":"
                                            "\"one\"}]}")
         EVENT("response.output_item.done", ",\"item\":{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":"
                                            "\"two\"}]}") COMPLETED,
         {"\"content\":\"one\"", "\"content\":\"\\n\\n\"", "\"content\":\"two\""}},
        {EVENT("response.output_item.done", ",\"item\":{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}")
         COMPLETED, {"\"name\":\"f\"", "\"arguments\":\"{}\"", "\"tool_calls\"}"}},
        {EVENT("response.refusal.delta", ",\"delta\":\"no\"") COMPLETED, {"\"content\":\"no\"", "\"stop\""}},
        {EVENT("response.output_text.delta", ",\"delta\":\"x\"")
         EVENT("response.incomplete", ",\"response\":{\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}"),
         {"\"content\":\"x\"", "\"finish_reason\":\"length\""}},
        {EVENT("response.completed", ",\"response\":{\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\","
                                     "\"text\":\"all\"}]}]}"), {"\"content\":\"all\""}},
        {EVENT("response.custom_new_thing", "") EVENT("response.output_text.delta", ",\"delta\":\"x\"") COMPLETED,
         {"\"content\":\"x\""}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bridge_run run = relay_stream(WIRE_CHAT, cases[i].body);
        size_t count = 0;
        while (count < COUNT_OF(cases[i].pieces) && cases[i].pieces[count])
            count++;
        assert_int_equal(run.state, RELAY_DONE);
        bridge_assert_order(&run, cases[i].pieces, count);
        buf_free(&run.sent);
    }
    static const struct { const char *body; enum failure_kind kind; } failures[] = {
        {EVENT("response.failed", ",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"m\"}}"), FAILURE_SERVER},
        {EVENT("error", ",\"code\":\"rate_limit_exceeded\",\"message\":\"m\""), FAILURE_RATE_LIMIT},
        {EVENT("response.output_text.delta", ",\"delta\":\"x\""), FAILURE_CUT},
        {COMPLETED, FAILURE_EMPTY},
    };
    for (size_t i = 0; i < COUNT_OF(failures); i++) {
        struct bridge_run run = relay_stream(WIRE_CHAT, failures[i].body);
        assert_int_equal(run.failure.kind, failures[i].kind);
        buf_free(&run.sent);
    }
}

/* The same API, streamed to unstreamed: items stay as the upstream wrote them, with their ids, which it checks. */
TEST(responses_stream_is_collected_unchanged)
{
    static const char reasoning[] = "{\"type\":\"reasoning\",\"id\":\"rs_x\",\"summary\":[],\"encrypted_content\":\"gA\"}";
    static const char message[] = "{\"type\":\"message\",\"id\":\"msg_x\",\"content\":[{\"type\":\"output_text\",\"text\":"
                                  "\"ab\",\"annotations\":[1]}]}";
    static const char call[] = "{\"type\":\"function_call\",\"id\":\"fc_x\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":"
                               "\"{}\"}";
    struct buf body, output;
    buf_init(&body, 4096);
    buf_init(&output, 4096);
    assert_true(buf_add_format(&body, "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":%s}\n\n"
                "data: {\"type\":\"response.output_text.delta\",\"output_index\":1,\"delta\":\"ab\"}\n\n"
                "data: {\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":%s}\n\n"
                "data: {\"type\":\"response.output_item.done\",\"output_index\":2,\"item\":%s}\n\n" COMPLETED,
                reasoning, message, call));
    assert_true(buf_add_format(&output, "\"output\":[%s,%s,%s],", reasoning, message, call));
    struct relay_options options = options_for(WIRE_RESPONSES, false, true);
    options.upstream_wire = WIRE_RESPONSES;
    struct bridge_run run = bridge_relay(&options, buf_slice(&body), 9, 9);
    assert_int_equal(run.state, RELAY_DONE);
    assert_order(&run, buf_text(&output));
    buf_free(&run.sent);
    buf_free(&output);
    buf_free(&body);
}

TEST(failed_chat_stream_has_no_done)
{
    struct relay_options options = options_for(WIRE_CHAT, true, true);
    struct bridge_run run = bridge_relay(&options, SLICE(EVENT("response.output_text.delta", ",\"delta\":\"x\"")), 1, 1);
    assert_order(&run, "\"content\":\"x\"", "data: {\"error\":{");
    assert_false(bridge_has(&run, "[DONE]"));
    buf_free(&run.sent);
}

TEST(echo_repeats_the_prompt)
{
    struct buf body;
    buf_init(&body, 4096);
    assert_true(echo_reply(responses_request.turn, true, &body));
    struct relay_options options = options_for(WIRE_RESPONSES, true, true);
    struct bridge_run run = bridge_relay(&options, buf_slice(&body), body.len, 0);
    assert_int_equal(run.state, RELAY_DONE);
    assert_order(&run, "\"delta\":\"codex-echo (no LLM): hello\"", "response.completed", "\"estimated\":true");
    buf_clear(&body);
    buf_free(&run.sent);
    assert_true(echo_reply(chat_request.turn, false, &body));
    assert_non_null(memmem(body.data, body.len, "(no LLM): hello\"", 16));
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_translated),
        cmocka_unit_test(reasoning_text_and_calls_interleave),
        cmocka_unit_test(replies_are_translated),
        cmocka_unit_test(failures_are_reported),
        cmocka_unit_test(length_limit_makes_the_reply_incomplete),
        cmocka_unit_test(output_does_not_depend_on_read_sizes),
        cmocka_unit_test(first_content_opens_the_reply),
        cmocka_unit_test(unstreamed_replies_are_translated),
        cmocka_unit_test(unstreamed_failures_are_reported),
        cmocka_unit_test(translation_and_back_loses_nothing),
        cmocka_unit_test(responses_upstreams_serve_chat_clients),
        cmocka_unit_test(responses_stream_is_collected_unchanged),
        cmocka_unit_test(failed_chat_stream_has_no_done),
        cmocka_unit_test(echo_repeats_the_prompt),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
