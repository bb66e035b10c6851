/* Unit tests of proxy/bridge/finish: the table of finish reasons, and how a relay translates them. */
#include "tests/unit/bridge.h"
#include "proxy/bridge/finish.h"
#include "proxy/terms/failure.h"

TEST(every_row_is_found)
{
    size_t count;
    const struct finish_reason *rows = finish_reasons(&count);
    for (size_t i = 0; i + 1 < count; i++) {
        char value[80];
        (void)snprintf(value, sizeof value, rows[i].part ? "an_%s_x" : "%s", rows[i].word);
        if (finish_reason(slice_of(value)) != &rows[i])
            fail_msg("row %zu, \"%s\": for \"%s\", the row \"%s\" is found first", i, rows[i].word, value,
                     finish_reason(slice_of(value))->word);
        assert_int_equal(rows[i].finish == FINISH_BROKEN, rows[i].failure != FAILURE_NONE);
    }
    assert_null(rows[count - 1].word);
}

static const struct {
    const char *value;
    enum finish finish;
    enum failure_kind failure;
} VALUES[] = {
    {"stop", FINISH_STOP, FAILURE_NONE},
    {"STOP", FINISH_STOP, FAILURE_NONE},
    {"made up", FINISH_STOP, FAILURE_NONE},
    {"", FINISH_STOP, FAILURE_NONE},
    {"MAX_TOKENS", FINISH_LENGTH, FAILURE_NONE},
    {"max-tokens", FINISH_LENGTH, FAILURE_NONE},
    {"token_limit", FINISH_LENGTH, FAILURE_NONE},
    {"max_new_tokens", FINISH_LENGTH, FAILURE_NONE},
    {"context_length_exceeded", FINISH_LENGTH, FAILURE_NONE},
    {"SAFETY", FINISH_FILTER, FAILURE_NONE},
    {"content_filter: SAFETY", FINISH_FILTER, FAILURE_NONE},
    {"Content Filter", FINISH_FILTER, FAILURE_NONE},
    {"IMAGE_SAFETY", FINISH_FILTER, FAILURE_NONE},
    {"abort", FINISH_BROKEN, FAILURE_SERVER},
    {"aborted", FINISH_BROKEN, FAILURE_SERVER},
    {"ERROR", FINISH_BROKEN, FAILURE_SERVER},
    {"server_error", FINISH_BROKEN, FAILURE_SERVER},
    {"engine_timeout", FINISH_BROKEN, FAILURE_SERVER},
    {"insufficient_system_resource", FINISH_BROKEN, FAILURE_OVERLOADED},
    {"function_call_filter: MALFORMED_FUNCTION_CALL", FINISH_BROKEN, FAILURE_MALFORMED},
    {"function_call_filter: UNEXPECTED_TOOL_CALL", FINISH_BROKEN, FAILURE_MALFORMED},
    {"null", FINISH_NONE, FAILURE_NONE},
};

TEST(values_are_case_and_separator_insensitive)
{
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        const struct finish_reason *reason = finish_reason(slice_of(VALUES[i].value));
        if (reason->finish != VALUES[i].finish || reason->failure != VALUES[i].failure)
            fail_msg("%s: %d, %s", VALUES[i].value, reason->finish, failure_rule(reason->failure)->name);
    }
    char many[1000];
    memset(many, 'x', sizeof many);
    assert_null(finish_reason((struct slice){many, sizeof many})->word);
}

#define TEXT "data: {\"choices\":[{\"delta\":{\"content\":\"half an ans\"}}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n"
#define DONE "data: [DONE]\n\n"

/* Appends a chunk with the finish_reason `value`, JSON. */
static void add_end(struct buf *body, const char *value)
{
    assert_true(buf_add_format(body, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":%s}]}\n\n", value));
}

static struct bridge_run run(enum wire client, const struct buf *body)
{
    struct relay_options options = {
        .client_wire = client,
        .upstream_wire = WIRE_CHAT,
        .client_stream = true,
        .upstream_stream = true,
        .alias = "a",
        .response_id = "1",
    };
    return bridge_relay(&options, buf_slice(body), sizeof TEXT - 1, 0);
}

/* Text, then an end: the reply that each client gets. A truncated reply never looks complete. */
TEST(end_of_a_stream_decides_the_result)
{
    struct buf body;
    buf_init(&body, 4096);
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        char value[80];
        (void)snprintf(value, sizeof value, "\"%s\"", VALUES[i].value);
        buf_clear(&body);
        buf_add_text(&body, TEXT);
        add_end(&body, value);
        buf_add_text(&body, USAGE DONE);
        struct bridge_run bridged = run(WIRE_RESPONSES, &body), passed = run(WIRE_CHAT, &body);
        bool broken = VALUES[i].finish == FINISH_BROKEN, filter = VALUES[i].finish == FINISH_FILTER;
        assert_int_equal(bridged.state, broken || filter ? RELAY_FAILED : RELAY_DONE);
        assert_int_equal(passed.state, broken ? RELAY_FAILED : RELAY_DONE); /* a filter's reason passes through */
        assert_int_equal(bridged.incomplete, VALUES[i].finish == FINISH_LENGTH);
        assert_int_equal(bridge_has(&bridged, "response.completed"), VALUES[i].finish <= FINISH_STOP);
        if (broken || filter) {
            assert_int_equal(bridged.failure.kind, filter ? FAILURE_CONTENT_FILTER : VALUES[i].failure);
            assert_non_null(strstr(bridged.failure.message, VALUES[i].value));
        }
        assert_int_equal(bridge_has(&passed, "[DONE]"), !broken);
        buf_free(&bridged.sent);
        buf_free(&passed.sent);
    }
    buf_free(&body);
}

/* Several ends, ends of other forms, and a gateway's reason beside its provider's. */
TEST(other_forms_of_ends)
{
    static const struct {
        const char *ends[2];
        enum relay_state state;
        bool incomplete;
    } rows[] = {
        {{"\"length\"", "\"stop\""}, RELAY_DONE, true},
        {{"\"stop\"", "\"length\""}, RELAY_DONE, true},
        {{"\"content_filter\"", "\"stop\""}, RELAY_FAILED, false},
        {{"\"stop\"", "\"stop\""}, RELAY_DONE, false},
        {{"null", "\"stop\""}, RELAY_DONE, false},
        {{"{\"type\":\"abort\",\"message\":\"m\"}", NULL}, RELAY_FAILED, false},
        {{"{\"type\":\"length\",\"length\":9}", NULL}, RELAY_DONE, true},
        {{"\"stop\",\"native_finish_reason\":\"MALFORMED_FUNCTION_CALL\"", NULL}, RELAY_FAILED, false},
        {{"\"stop\",\"native_finish_reason\":\"MAX_TOKENS\"", NULL}, RELAY_DONE, true},
        {{"\"stop\",\"native_finish_reason\":\"completed\"", NULL}, RELAY_DONE, false},
        {{"\"length\",\"native_finish_reason\":\"stop\"", NULL}, RELAY_DONE, true},
    };
    struct buf body;
    buf_init(&body, 4096);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_clear(&body);
        buf_add_text(&body, TEXT);
        for (size_t k = 0; k < 2 && rows[i].ends[k]; k++)
            add_end(&body, rows[i].ends[k]);
        buf_add_text(&body, DONE);
        struct bridge_run bridged = run(WIRE_RESPONSES, &body);
        if (bridged.state != rows[i].state || bridged.incomplete != rows[i].incomplete)
            fail_msg("%s: state %d, incomplete %d", rows[i].ends[0], bridged.state, bridged.incomplete);
        buf_free(&bridged.sent);
    }
    buf_free(&body);
}

/* Ends of the Responses API, for a client of Chat Completions. */
TEST(ends_of_a_responses_stream)
{
    static const struct {
        const char *type, *response;
        enum failure_kind kind;
        bool incomplete;
    } rows[] = {
        {"completed", "\"status\":\"completed\"", FAILURE_NONE, false},
        {"completed", "\"x\":1", FAILURE_NONE, false},
        {"completed", "\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}",
         FAILURE_NONE, true},
        {"completed", "\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}",
         FAILURE_RATE_LIMIT, false},
        {"completed", "\"status\":\"cancelled\"", FAILURE_SERVER, false},
        {"incomplete", "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}", FAILURE_NONE, true},
        {"incomplete", "\"incomplete_details\":{\"reason\":\"stop\"}", FAILURE_NONE, true},
        {"incomplete", "\"incomplete_details\":null", FAILURE_NONE, true},
        {"incomplete", "\"incomplete_details\":{\"reason\":\"content_filter\"}", FAILURE_CONTENT_FILTER, false},
        {"incomplete", "\"incomplete_details\":{\"reason\":\"SAFETY\"}", FAILURE_CONTENT_FILTER, false},
        {"incomplete", "\"incomplete_details\":{\"reason\":\"abort\"}", FAILURE_SERVER, false},
    };
    struct relay_options options = {
        .client_wire = WIRE_CHAT,
        .upstream_wire = WIRE_RESPONSES,
        .client_stream = true,
        .upstream_stream = true,
        .alias = "a",
        .response_id = "1",
    };
    char body[512];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)snprintf(body, sizeof body,
                       "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n"
                       "data: {\"type\":\"response.%s\",\"response\":{%s}}\n\n",
                       rows[i].type, rows[i].response);
        struct bridge_run got = bridge_relay(&options, slice_of(body), 50, 0);
        if (got.failure.kind != rows[i].kind || got.incomplete != rows[i].incomplete)
            fail_msg("%s: %s, incomplete %d", rows[i].response, failure_rule(got.failure.kind)->name, got.incomplete);
        assert_int_equal(bridge_has(&got, "\"finish_reason\":\"stop\""), !rows[i].kind && !rows[i].incomplete);
        buf_free(&got.sent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found),
        cmocka_unit_test(values_are_case_and_separator_insensitive),
        cmocka_unit_test(end_of_a_stream_decides_the_result),
        cmocka_unit_test(other_forms_of_ends),
        cmocka_unit_test(ends_of_a_responses_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
