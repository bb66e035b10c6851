/* Unit tests of tool calls as providers stream them: which call a piece belongs to, and which part of it is new. */
#include "tests/unit/bridge.h"

#define REQUEST                                                                                                        \
    "{\"model\":\"a\",\"input\":\"hello\",\"tools\":[{\"type\":\"function\",\"name\":\"run\"},{\"type\":\"function\"," \
    "\"name\":\"list\"},{\"type\":\"custom\",\"name\":\"patch\"}]}"

/* clang-format can't lay out strings that consist of macros. */
/* clang-format off */

#define CHUNK(choice) "data: {\"id\":\"c\",\"choices\":[{\"index\":0," choice "}]}\n\n"
#define DELTA(fields) CHUNK("\"delta\":{" fields "},\"finish_reason\":null")
#define CALLS(list) DELTA("\"tool_calls\":[" list "]")
#define FUNCTION(name, args) "\"type\":\"function\",\"function\":{\"name\":\"" name "\",\"arguments\":\"" args "\"}"
/* A piece with all fields; one with only an index; one without a name. */
#define FULL(index, id, name, args) CALLS("{\"index\":" index ",\"id\":\"" id "\"," FUNCTION(name, args) "}")
#define MORE(index, args) CALLS("{\"index\":" index ",\"function\":{\"arguments\":\"" args "\"}}")
#define NAMELESS(index, id, args) \
    CALLS("{\"index\":" index ",\"id\":\"" id "\",\"function\":{\"name\":null,\"arguments\":\"" args "\"}}")
#define NO_INDEX(id, name, args) CALLS("{\"id\":\"" id "\"," FUNCTION(name, args) "}")
#define END CHUNK("\"delta\":{},\"finish_reason\":\"tool_calls\"") "data: [DONE]\n\n"
#define LS "{\\\"cmd\\\":\\\"ls\\\"}"
#define PWD "{\\\"cmd\\\":\\\"pwd\\\"}"

/* The calls of each stream: "name arguments", one per line. */
static const struct row {
    const char *what, *body, *calls;
} ROWS[] = {
    {"as OpenAI does", FULL("0", "a", "run", "") MORE("0", "{\\\"cmd\\\":") MORE("0", "\\\"ls\\\"}") END,
     "run {\"cmd\":\"ls\"}\n"},
    {"two at a time", FULL("0", "a", "run", "") FULL("1", "b", "run", "") MORE("1", PWD) MORE("0", LS) END,
     "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"pwd\"}\n"},
    /* Repeated at the end. */
    {"all of it again", FULL("0", "a", "run", "{\\\"cmd\\\":") MORE("0", "\\\"ls\\\"}") FULL("0", "a", "run", LS) END,
     "run {\"cmd\":\"ls\"}\n"},
    {"again without the name", FULL("0", "a", "run", "{\\\"cmd\\\":") MORE("0", "\\\"ls\\\"}") NAMELESS("0",
     "a", LS) END,
     "run {\"cmd\":\"ls\"}\n"},
    {"again with an index alone", FULL("0", "a", "run", LS) MORE("0", LS) END, "run {\"cmd\":\"ls\"}\n"},
    {"again without an index", NO_INDEX("a", "run", LS) NO_INDEX("a", "run", LS) END, "run {\"cmd\":\"ls\"}\n"},
    {"again without an id", FULL("0", "", "run", LS) FULL("0", "", "run", LS) END, "run {\"cmd\":\"ls\"}\n"},
    {"again with other white space",
     FULL("0", "a", "run", "{\\n  \\\"cmd\\\": \\\"ls  -l\\\" }") FULL("0", "a", "run",
     "{\\\"cmd\\\":\\\"ls  -l\\\"} ") END,
     "run {\n  \"cmd\": \"ls  -l\" }\n"},
    {"again as an object", FULL("0", "a", "run", "{\\\"cmd\\\":\\\"\\u00e9\\\\n\\\"}")
     CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":{\"cmd\":\"é\\n\"}}}") END,
     "run {\"cmd\":\"é\\n\"}\n"},
    {"both again", FULL("0", "a", "run", LS) FULL("1", "b", "list", PWD) FULL("0", "a", "run", LS) FULL("1", "b",
     "list", PWD) END,
     "run {\"cmd\":\"ls\"}\nlist {\"cmd\":\"pwd\"}\n"},
    {"only the name again", FULL("0", "a", "run", LS) FULL("0", "a", "run", "") END, "run {\"cmd\":\"ls\"}\n"},
    {"with the finish reason", FULL("0", "a", "run", LS)
     CHUNK("\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\"," FUNCTION("run", LS)
     "}]},\"finish_reason\":\"tool_calls\""),
     "run {\"cmd\":\"ls\"}\n"},
    /* Each piece repeats everything before it. */
    {"snapshots", FULL("0", "a", "run", "") MORE("0", "{\\\"") MORE("0", "{\\\"cmd") MORE("0", "{\\\"cmd\\\": \\\"l")
     MORE("0", "{\\\"cmd\\\": \\\"l") MORE("0", "{\\\"cmd\\\": \\\"ls\\\"}") MORE("0", "{\\\"cmd\\\": \\\"ls\\\"}") END,
     "run {\"cmd\": \"ls\"}\n"},
    {"snapshots with the name", FULL("0", "a", "run", "{\\\"cmd\\\":\\\"") FULL("0", "a", "run", "{\\\"cmd\\\":\\\"ls")
     FULL("0", "a", "run", LS) END, "run {\"cmd\":\"ls\"}\n"},
    {"snapshots that end before a value", FULL("0", "a", "run", "{") MORE("0", "{\\\"cmd\\\":") MORE("0",
     "{\\\"cmd\\\":\\\"ls\\\",\\\"a\\\":[")
     MORE("0", "{\\\"cmd\\\":\\\"ls\\\",\\\"a\\\":[1,") MORE("0", "{\\\"cmd\\\":\\\"ls\\\",\\\"a\\\":[1,2]}") END,
     "run {\"cmd\":\"ls\",\"a\":[1,2]}\n"},
    {"the same object as a value is none", FULL("0", "a", "run", "{\\\"a\\\":") MORE("0", "{\\\"a\\\":1}}") END,
     "run {\"a\":{\"a\":1}}\n"},
    {"what repeats within is none", FULL("0", "a", "run", "{\\\"cmd\\\":\\\"10") MORE("0", "00") MORE("0",
     "00\\\"}") END,
     "run {\"cmd\":\"100000\"}\n"},
    /* Pieces that end in a brace. */
    {"id, type and name in every piece", FULL("0", "t", "run", "") FULL("0", "t", "run", "{\\\"env\\\":")
     FULL("0", "t", "run", " {\\\"A\\\":\\\"1\\\"}") FULL("0", "t", "run", ",\\\"cmd\\\":\\\"ls\\\"}") END,
     "run {\"env\": {\"A\":\"1\"},\"cmd\":\"ls\"}\n"},
    {"a brace within a string", FULL("0", "t", "run", "{\\\"cmd\\\":\\\"a}") FULL("0", "t", "run", "b\\\"}") END,
     "run {\"cmd\":\"a}b\"}\n"},
    {"an escaped quote before it", FULL("0", "t", "run", "{\\\"cmd\\\":\\\"\\\\\\\"}") FULL("0", "t", "run",
     "\\\"}") END,
     "run {\"cmd\":\"\\\"}\"}\n"},
    {"an empty last piece", FULL("0", "t", "run", LS) FULL("0", "t", "run", "") MORE("0", "") END,
     "run {\"cmd\":\"ls\"}\n"},
    /* Several calls that differ in little. */
    {"index 0 for all", FULL("0", "a", "run", LS) FULL("0", "b", "run", LS) END,
     "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"ls\"}\n"},
    {"index 0 for all, in pieces", FULL("0", "a", "run", "{\\\"cmd\\\":") NAMELESS("0", "a", "\\\"ls\\\"}")
     FULL("0", "b", "run", "") NAMELESS("0", "b", PWD) END, "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"pwd\"}\n"},
    {"index 0 for all, one after another by id", FULL("0", "a", "run", "") FULL("0", "b", "run", "")
     NAMELESS("0", "a", LS) NAMELESS("0", "b", PWD) END, "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"pwd\"}\n"},
    {"no index", NO_INDEX("a", "run", LS) NO_INDEX("b", "run", PWD) END,
     "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"pwd\"}\n"},
    {"no index, ids in turn", NO_INDEX("a", "run", "") NO_INDEX("b", "list", "")
     CALLS("{\"id\":\"a\",\"function\":{\"arguments\":\"" LS "\"}}")
     CALLS("{\"id\":\"b\",\"function\":{\"arguments\":\"" PWD "\"}}")
     END, "run {\"cmd\":\"ls\"}\nlist {\"cmd\":\"pwd\"}\n"},
    {"no index, an id of its own in each piece", NO_INDEX("a", "run", "{\\\"cmd\\\":")
     CALLS("{\"id\":\"z\",\"function\":{\"arguments\":\"\\\"ls\\\"}\"}}") END, "run {\"cmd\":\"ls\"}\n"},
    {"neither index nor id", NO_INDEX("", "run", LS) NO_INDEX("", "run", LS) END,
     "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"ls\"}\n"},
    {"all in one chunk", CALLS("{" FUNCTION("run", LS) "},{" FUNCTION("list", PWD) "}") END,
     "run {\"cmd\":\"ls\"}\nlist {\"cmd\":\"pwd\"}\n"},
    {"the same id for all", FULL("0", "t", "run", LS) FULL("0", "t", "run", PWD) END,
     "run {\"cmd\":\"ls\"}\nrun {\"cmd\":\"pwd\"}\n"},
    {"another name, and nothing else", FULL("0", "", "list", "") FULL("0", "", "run", LS) END,
     "list {}\nrun {\"cmd\":\"ls\"}\n"},
    {"an index that counts the pieces", FULL("0", "a", "run", "") MORE("1", "{\\\"cmd\\\":") MORE("2",
     "\\\"ls\\\"}") END,
     "run {\"cmd\":\"ls\"}\n"},
    {"an index of its own, but the id", FULL("0", "a", "run", "") NAMELESS("1", "a", LS) END, "run {\"cmd\":\"ls\"}\n"},
    {"an index as a string", CALLS("{\"index\":\"0\",\"id\":\"a\"," FUNCTION("run", LS) "}") END,
     "run {\"cmd\":\"ls\"}\n"},
    /* Other shapes. */
    {"{} at first", FULL("0", "a", "run", "{}") MORE("0", "{\\\"cmd\\\":") MORE("0", "\\\"ls\\\"}") END,
     "run {\"cmd\":\"ls\"}\n"},
    {"{} and nothing else", FULL("0", "a", "run", "{}") MORE("0", "") END, "run {}\n"},
    {"{} in pieces", FULL("0", "a", "run", "{") MORE("0", "}") END, "run {}\n"},
    {"{} as an object, then one", CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":{}}}")
     CALLS("{\"index\":0,\"function\":{\"arguments\":{\"cmd\":\"ls\"}}}") END, "run {\"cmd\":\"ls\"}\n"},
    {"{} and a limit", FULL("0", "a", "run", "{}") CHUNK("\"delta\":{},\"finish_reason\":\"length\""), "run {}\n"},
    {"arguments before the name", NAMELESS("0", "a", "{\\\"cmd\\\":") NAMELESS("0", "a", "\\\"ls\\\"}") FULL("0",
     "a", "run", "") END,
     "run {\"cmd\":\"ls\"}\n"},
    {"an object", CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"run\",\"arguments\":{\"cmd\":\"ls\"}}}")
     END,
     "run {\"cmd\":\"ls\"}\n"},
    {"name and arguments without a function", CALLS("{\"id\":\"a\",\"name\":\"run\",\"arguments\":\"" LS "\"}") END,
     "run {\"cmd\":\"ls\"}\n"},
    {"an object for the list", DELTA("\"tool_calls\":{\"id\":\"a\"," FUNCTION("run", LS) "}") END,
     "run {\"cmd\":\"ls\"}\n"},
    {"function_call", DELTA("\"function_call\":{\"name\":\"run\",\"arguments\":\"\"}")
     DELTA("\"function_call\":{\"arguments\":\"" LS "\"}") CHUNK("\"delta\":{},\"finish_reason\":\"function_call\""),
     "run {\"cmd\":\"ls\"}\n"},
    {"null for what is not there", CALLS("{\"index\":0,\"id\":\"a\"," FUNCTION("run", "") ",\"name\":null}")
     CALLS("{\"index\":0,\"id\":null,\"type\":null,\"function\":{\"name\":null,\"arguments\":\"" LS "\"}}")
     DELTA("\"tool_calls\":null,\"function_call\":null") END, "run {\"cmd\":\"ls\"}\n"},
    {"a custom tool's text that begins as before", FULL("0", "a", "patch", "x = 1") MORE("0", "x = 10") END,
     "patch x = 1x = 10\n"},
    {"a custom call", CALLS("{\"index\":0,\"id\":\"a\",\"type\":\"custom\",\"custom\":{\"name\":\"patch\",\"input\":\"{\"}}")
     CALLS("{\"index\":0,\"custom\":{\"input\":\"{ }\"}}") END, "patch {{ }\n"},
};

/* clang-format on */

static struct bridge_request request;

static int set_up(void **state)
{
    (void)state;
    bridge_decode(&request, REQUEST, WIRE_RESPONSES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bridge_release(&request);
    return 0;
}

/* Appends the calls of an unstreamed response: "name arguments", one per line. */
static void list_calls(const struct bridge_run *run, struct buf *out)
{
    struct json j = {0};
    assert_true(json_parse(&j, run->sent.data, run->sent.len));
    for (uint32_t item = json_first(&j, json_get(&j, 0, "output")); item; item = json_next(&j, item)) {
        bool custom = json_string_is(&j, json_get(&j, item, "type"), "custom_tool_call");
        if (!custom && !json_string_is(&j, json_get(&j, item, "type"), "function_call"))
            continue;
        json_unescape(&j, json_get(&j, item, "name"), out);
        BUF_ADD(out, " ");
        json_unescape(&j, json_get(&j, item, custom ? "input" : "arguments"), out);
        BUF_ADD(out, "\n");
    }
    json_free(&j);
}

TEST(calls_are_put_together)
{
    struct relay_options options = {
        .client_wire = WIRE_RESPONSES,
        .upstream_wire = WIRE_CHAT,
        .upstream_stream = true,
        .turn = request.turn,
        .alias = "a",
        .response_id = "1",
    };
    struct buf calls;
    buf_init(&calls, 1u << 16);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        struct bridge_run run = bridge_relay(&options, slice_of(ROWS[i].body), 7, 11);
        if (run.state != RELAY_DONE)
            fail_msg("%s: %s", ROWS[i].what, run.failure.message);
        buf_clear(&calls);
        list_calls(&run, &calls);
        if (!slice_is(buf_slice(&calls), ROWS[i].calls))
            fail_msg("%s: %s", ROWS[i].what, buf_text(&calls));
        buf_free(&run.sent);
    }
    buf_free(&calls);
}

/* Arguments without a name: the reply is not complete. */
TEST(arguments_without_a_name_truncate_the_reply)
{
    static const char *const bodies[] = {
        NAMELESS("0", "a", LS) END,
        NAMELESS("0", "a", LS) FULL("1", "b", "run", PWD) END,
        CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":{\"cmd\":\"ls\"}}}") END,
    };
    struct relay_options options = {
        .client_wire = WIRE_RESPONSES,
        .upstream_wire = WIRE_CHAT,
        .client_stream = true,
        .upstream_stream = true,
        .turn = request.turn,
        .alias = "a",
        .response_id = "1",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct bridge_run run = bridge_relay(&options, slice_of(bodies[i]), strlen(bodies[i]), 0);
        assert_int_equal(run.state, RELAY_FAILED);
        assert_int_equal(run.failure.kind, FAILURE_MALFORMED);
        buf_free(&run.sent);
    }
}

/* Gemini's thought signature, repeated in each piece of a call. */
TEST(repeated_state_is_kept_once)
{
#define SIGNED(args)                                                                                      \
    CALLS("{\"index\":0,\"id\":\"a\"," FUNCTION("run", args) ",\"extra_content\":{\"google\":{\"thought_" \
                                                             "signature\":\"SIG\"}}}")
    struct relay_options options = {
        .client_wire = WIRE_RESPONSES,
        .upstream_wire = WIRE_CHAT,
        .upstream_stream = true,
        .turn = request.turn,
        .alias = "a",
        .response_id = "1",
        .carrier_keys = &BRIDGE_KEYS,
        .deployment_id = SLICE("d"),
    };
    struct bridge_run run = bridge_relay(&options, SLICE(SIGNED("{") SIGNED("}") SIGNED("{}") END), 9, 9);
    assert_int_equal(run.state, RELAY_DONE);
    const char *first = strstr(run.sent.data, ".SIG");
    assert_non_null(first);
    assert_null(strstr(first + 1, ".SIG"));
    buf_free(&run.sent);
}

/* A Responses server that sends the end of an item twice. */
TEST(item_that_ends_twice_counts_once)
{
#define ITEM "\"item\":{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"run\",\"arguments\":\"" LS "\"}"
#define DONE(index) "data: {\"type\":\"response.output_item.done\",\"output_index\":" index "," ITEM "}\n\n"
    struct relay_options options = {
        .client_wire = WIRE_CHAT,
        .upstream_wire = WIRE_RESPONSES,
        .client_stream = true,
        .upstream_stream = true,
        .alias = "a",
        .response_id = "1",
    };
    struct bridge_run run = bridge_relay(
        &options,
        SLICE("data: {\"type\":\"response.output_item.added\",\"output_index\":0," ITEM "}\n\n" DONE("0") DONE("0")
                  DONE("1") "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n\n"),
        9, 9);
    assert_int_equal(run.state, RELAY_DONE);
    assert_non_null(strstr(run.sent.data, "call_1_0"));
    assert_null(strstr(run.sent.data, "call_1_1"));
    buf_free(&run.sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_put_together),
        cmocka_unit_test(arguments_without_a_name_truncate_the_reply),
        cmocka_unit_test(repeated_state_is_kept_once),
        cmocka_unit_test(item_that_ends_twice_counts_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
