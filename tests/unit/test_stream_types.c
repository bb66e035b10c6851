/* Unit tests of replies whose Content-Type is wrong: a stream without the type, and the type without a stream. */
#include "tests/unit/bridge.h"
#include "proxy/bridge/sse.h"
#include "proxy/terms/failure.h"

#define CHUNK(choice) "{\"id\":\"c\",\"choices\":[{\"index\":0," choice "}]}"
#define TEXT CHUNK("\"delta\":{\"content\":\"hello\"},\"finish_reason\":null")
#define STOP CHUNK("\"delta\":{},\"finish_reason\":\"stop\"")
#define MESSAGE "\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},\"finish_reason\":\"stop\""
#define WHOLE CHUNK(MESSAGE)
#define MARK "\xEF\xBB\xBF"

TEST(first_bytes_identify_a_stream)
{
    static const struct {
        const char *begin;
        enum sse_guess guess;
    } rows[] = {
        {"data: {}", SSE_GUESS_STREAM},
        {"data:", SSE_GUESS_STREAM},
        {"event: x", SSE_GUESS_STREAM},
        {"id: 1", SSE_GUESS_STREAM},
        {"retry: 1", SSE_GUESS_STREAM},
        {": ping", SSE_GUESS_STREAM},
        {"error: {}", SSE_GUESS_STREAM},
        {"\r\n\r\ndata: x", SSE_GUESS_STREAM},
        {MARK "data: x", SSE_GUESS_STREAM},
        {"{", SSE_GUESS_WHOLE},
        {" \n[", SSE_GUESS_WHOLE},
        {"<html>", SSE_GUESS_WHOLE},
        {MARK "{", SSE_GUESS_WHOLE},
        {"", SSE_GUESS_MORE},
        {"\n \n", SSE_GUESS_MORE},
        {"dat", SSE_GUESS_MORE},
        {"ev", SSE_GUESS_MORE},
        {"\xEF\xBB", SSE_GUESS_MORE},
        {"date", SSE_GUESS_NONE},
        {"Internal Server Error", SSE_GUESS_NONE},
        {"\"x\"", SSE_GUESS_NONE},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (sse_guess(slice_of(rows[i].begin)) != rows[i].guess)
            fail_msg("\"%s\": %d", rows[i].begin, sse_guess(slice_of(rows[i].begin)));
}

/* Each body is sent with and without the type of a stream, to clients of both APIs with and without "stream", split
 * anywhere. */
static const struct {
    const char *body;
    enum failure_kind kind;
} BODIES[] = {
    {"data: " TEXT "\n\ndata: " STOP "\n\ndata: [DONE]\n\n", FAILURE_NONE},
    {"data:" TEXT "\r\rdata:" STOP "\r\rdata:[DONE]\r\r", FAILURE_NONE},
    {": OPENROUTER PROCESSING\n\ndata: " TEXT "\n\ndata: " STOP "\n\n", FAILURE_NONE},
    {MARK "event: chunk\r\nid: 7\r\ndata: " TEXT "\r\n\r\ndata: " STOP "\r\n\r\n", FAILURE_NONE},
    {"\n\ndata: " TEXT "\n\ndata: " STOP "\n\ndata: [DONE]\n\n", FAILURE_NONE},
    {WHOLE, FAILURE_NONE},
    {"\n\n" WHOLE "\n", FAILURE_NONE},
    {MARK WHOLE, FAILURE_NONE},
    {WHOLE "\n\ndata: [DONE]\n\n", FAILURE_NONE},
    {WHOLE "data:[DONE]", FAILURE_NONE},
    {"{\"error\":{\"message\":\"prompt is too long\",\"code\":400}}", FAILURE_CONTEXT},
    {"[{\"error\":{\"message\":\"prompt is too long\",\"code\":400}}]", FAILURE_CONTEXT},
    {"data: {\"error\":{\"message\":\"prompt is too long\",\"code\":400}}\n\n", FAILURE_CONTEXT},
    {"data: [{\"error\":{\"message\":\"prompt is too long\",\"code\":400}}]\n\n", FAILURE_CONTEXT},
    {"error: {\"message\":\"prompt is too long\",\"code\":400}\n\n", FAILURE_CONTEXT},
    {"event: error\ndata: prompt is too long\n\n", FAILURE_CONTEXT},
    {"<html>login</html>", FAILURE_PROTOCOL},
    {"[]", FAILURE_PROTOCOL},
};

static struct relay_options options_for(enum wire client, bool client_stream, bool called_stream)
{
    return (struct relay_options){
        .client_wire = client,
        .upstream_wire = WIRE_CHAT,
        .client_stream = client_stream,
        .upstream_stream = called_stream,
        .alias = "a",
        .response_id = "1",
    };
}

TEST(first_bytes_decide_over_the_type)
{
    static const enum wire clients[] = {WIRE_CHAT, WIRE_RESPONSES};
    for (size_t i = 0; i < COUNT_OF(BODIES); i++) {
        for (unsigned way = 0; way < 8; way++) {
            enum wire client = clients[way & 1];
            struct relay_options options = options_for(client, way & 2, way & 4);
            struct slice body = slice_of(BODIES[i].body);
            for (size_t cut = 1; cut <= body.len; cut += cut < 30 ? 1 : 17) {
                struct bridge_run run = bridge_relay(&options, body, cut, cut);
                if (run.failure.kind != BODIES[i].kind)
                    fail_msg("%s, way %u, pieces of %zu: %s: %s", BODIES[i].body, way, cut,
                             failure_rule(run.failure.kind)->name, run.failure.message);
                assert_int_equal(run.state, BODIES[i].kind ? RELAY_FAILED : RELAY_DONE);
                if (!BODIES[i].kind)
                    assert_true(bridge_has(&run, "hello"));
                assert_int_equal(bridge_has(&run, "[DONE]"), !BODIES[i].kind && client == WIRE_CHAT && (way & 2));
                buf_free(&run.sent);
            }
        }
    }
}

/* If the body looks neither like a stream nor like JSON, its type decides. */
TEST(otherwise_the_type_decides)
{
    struct relay_options stream = options_for(WIRE_RESPONSES, true, true),
                         whole = options_for(WIRE_RESPONSES, true, false);
    static const char *const bodies[] = {"nonsense", "", "dat", "\n\n"};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct bridge_run run = bridge_relay(&stream, slice_of(bodies[i]), 1, 1);
        assert_int_equal(run.failure.kind, FAILURE_CUT);
        buf_free(&run.sent);
        run = bridge_relay(&whole, slice_of(bodies[i]), 1, 1);
        assert_int_equal(run.failure.kind, FAILURE_PROTOCOL);
        buf_free(&run.sent);
    }
}

/* After much white space, the type decides. */
TEST(long_white_space_ends_in_the_type)
{
    static char body[6000];
    memset(body, '\n', sizeof body);
    memcpy(body + sizeof body - 200, WHOLE, sizeof WHOLE - 1);
    struct slice most = {body, sizeof body}, less = {body + sizeof body - 3000, 3000};
    struct relay_options stream = options_for(WIRE_RESPONSES, true, true),
                         whole = options_for(WIRE_RESPONSES, true, false);
    const struct {
        const struct relay_options *options;
        struct slice body;
        enum failure_kind kind;
    } rows[] = {{&whole, most, FAILURE_NONE}, {&whole, less, FAILURE_NONE}, {&stream, less, FAILURE_NONE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bridge_run run = bridge_relay(rows[i].options, rows[i].body, 7, 11);
        assert_int_equal(run.failure.kind, rows[i].kind);
        buf_free(&run.sent);
    }
}

/* Text in a stream that is not an event, and events without an empty line between them. */
TEST(unusual_streams)
{
    static const struct {
        const char *body;
        enum failure_kind kind;
    } rows[] = {
        {"data: " TEXT "\n\n{\"error\":{\"message\":\"prompt is too long\",\"code\":400}}\n", FAILURE_CONTEXT},
        {"data: " TEXT "\n\n{\"error\":{\"message\":\"prompt is too long\",\"code\":400}}", FAILURE_CONTEXT},
        {"data: " TEXT "\n\nerror: {\"message\":\"prompt is too long\",\"code\":400}\n\n", FAILURE_CONTEXT},
        {"data: " TEXT "\n\ndata: {\"object\":\"error\",\"message\":\"prompt is too long\",\"code\":400}\n\n",
         FAILURE_CONTEXT},
        {"data: " TEXT "\n\ndata: null\n\ndata: {}\n\ndata: " STOP "\n\ndata: [DONE]\n\n", FAILURE_NONE},
        {"data: " TEXT "\ndata: " STOP "\ndata: [DONE]\n\n", FAILURE_NONE},
        {"data: " TEXT "\ndata: " STOP "\n\n", FAILURE_NONE},
        {"data: " TEXT "\ndata: nonsense\n\n", FAILURE_SERVER},
    };
    struct relay_options options = options_for(WIRE_RESPONSES, true, true);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t piece = 1; piece < 100; piece += 49) {
            struct bridge_run run = bridge_relay(&options, slice_of(rows[i].body), piece, piece);
            if (run.failure.kind != rows[i].kind)
                fail_msg("%s: %s", rows[i].body, failure_rule(run.failure.kind)->name);
            if (!rows[i].kind ||
                (piece == 1 && rows[i].kind != FAILURE_SERVER)) /* otherwise it fails before anything is sent */
                assert_true(bridge_has(&run, "hello"));
            buf_free(&run.sent);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_identify_a_stream),
        cmocka_unit_test(first_bytes_decide_over_the_type),
        cmocka_unit_test(otherwise_the_type_decides),
        cmocka_unit_test(long_white_space_ends_in_the_type),
        cmocka_unit_test(unusual_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
