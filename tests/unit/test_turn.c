/* Unit tests of the bridge's requests: a Responses request for a Chat Completions upstream, and the reverse. */
#include "tests/unit/bridge.h"

#include <sodium.h>

/* clang-format can't lay out strings that consist of macros. */
/* clang-format off */

static const struct turn_options STREAM = {
    .upstream_model = "m", .stream = true, .carrier_keys = &BRIDGE_KEYS, .deployment_id = SLICE("d1"),
};

static char *translate(const char *request, enum wire from, enum wire to, const struct turn_options *options)
{
    struct bridge_request r;
    bridge_decode(&r, request, from);
    struct buf out;
    struct json check = {0};
    buf_init(&out, 1u << 20);
    assert_true(turn_encode(r.turn, to, options, &out));
    if (!json_parse(&check, out.data, out.len))
        fail_msg("%s in %.*s", check.error, (int)out.len, out.data);
    json_free(&check);
    bridge_release(&r);
    assert_non_null(buf_text(&out));
    return out.data;
}

/* Checks the top-level field's JSON text; `expected` NULL: there is no such field. */
static void assert_field(const char *body, const char *field, const char *expected)
{
    struct json j = {0};
    assert_true(json_parse_top(&j, body, strlen(body)));
    uint32_t value = json_get(&j, 0, field);
    if (!expected && value)
        fail_msg("%s should not be in %s", field, body);
    if (expected && !value)
        fail_msg("%s is missing in %s", field, body);
    if (expected)
        assert_slice(json_raw(&j, value), expected);
    json_free(&j);
}

struct field_case {
    const char *request, *field, *expected;
};

static void check_fields(const struct field_case *cases, size_t count, enum wire from, enum wire to)
{
    for (size_t i = 0; i < count; i++) {
        char *body = translate(cases[i].request, from, to, &STREAM);
        assert_field(body, cases[i].field, cases[i].expected);
        free(body);
    }
}

#define INPUT(items) "{\"model\":\"a\",\"input\":[" items "]}"
#define WITH(fields) "{\"model\":\"a\",\"input\":\"x\"," fields "}"
#define USER "{\"role\":\"user\",\"content\":\"u\"}"
#define CALL(id, name, args) \
    "{\"type\":\"function_call\",\"call_id\":\"" id "\",\"name\":\"" name "\",\"arguments\":\"" args "\"}"
#define OUTPUT(id, text) "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":" text "}"
#define SAID(text) \
    "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"" text "\"}]}"
#define M_USER "{\"role\":\"user\",\"content\":\"u\"}"
#define M_CALL(id, name, args) \
    "{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"" name "\",\"arguments\":\"" args "\"}}"
#define M_CALLS(content, calls) "{\"role\":\"assistant\",\"content\":" content ",\"tool_calls\":[" calls "]}"
#define M_RESULT(id, text) "{\"role\":\"tool\",\"content\":\"" text "\",\"tool_call_id\":\"" id "\"}"
#define PNG "data:image/png;base64,AA=="
#define M_IMAGE "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" PNG "\"}}"

static const struct field_case MESSAGES[] = {
    {"{\"input\":\"hello \\\"w\\\" \\u00e9\"}", "messages",
     "[{\"role\":\"user\",\"content\":\"hello \\\"w\\\" \\u00e9\"}]"},
    /* Leading system and developer messages are merged with the instructions; later ones stay in place. */
    {"{\"instructions\":\"i\",\"input\":[{\"role\":\"developer\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},"
     "{\"type\":\"input_text\",\"text\":\"b\"}]},{\"role\":\"system\",\"content\":\"c\"}," USER
     ",{\"role\":\"developer\",\"content\":\"d\"}]}", "messages",
     "[{\"role\":\"system\",\"content\":\"i\\n\\na\\n\\nb\\n\\nc\"}," M_USER ",{\"role\":\"system\",\"content\":\"d\"}]"},
    {INPUT("{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"see\"},"
           "{\"type\":\"input_image\",\"image_url\":\"" PNG "\",\"detail\":\"high\"}]}"), "messages",
     "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},{\"type\":\"image_url\",\"image_url\":"
     "{\"url\":\"" PNG "\",\"detail\":\"high\"}}]}]"},
    /* One assistant message with text and all calls, then all results. */
    {INPUT(USER "," CALL("A", "f", "{}") "," SAID("t") "," CALL("B", "g", "{\\\"x\\\":1}") "," OUTPUT("A", "\"ra\"") ","
           OUTPUT("B", "\"rb\"")), "messages",
     "[" M_USER "," M_CALLS("\"t\"", M_CALL("call00001", "f", "{}") "," M_CALL("call00002", "g", "{\\\"x\\\":1}")) ","
     M_RESULT("call00001", "ra") "," M_RESULT("call00002", "rb") "]"},
    /* A call after the output of another is a turn of its own. */
    {INPUT(CALL("A", "f", "{}") "," OUTPUT("A", "\"ra\"") "," CALL("A", "f", "{}") "," OUTPUT("A", "\"rb\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{}")) "," M_RESULT("call00001", "ra") ","
     M_CALLS("null", M_CALL("call00002", "f", "{}")) "," M_RESULT("call00002", "rb") "]"},
    /* Text between a call and its output; a user message before it. */
    {INPUT(CALL("A", "f", "{}") "," SAID("t") "," USER "," OUTPUT("A", "\"ra\"") "," SAID("z")), "messages",
     "[" M_CALLS("\"t\"", M_CALL("call00001", "f", "{}")) "," M_RESULT("call00001", "ra") "," M_USER
     ",{\"role\":\"assistant\",\"content\":\"z\"}]"},
    /* A call without its result, a result without its call, a second result. */
    {INPUT(CALL("A", "f", "{}") "," USER "," OUTPUT("Z", "\"rz\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{}")) "," M_RESULT("call00001", "aborted") "," M_USER ","
     "{\"role\":\"user\",\"content\":\"Output of an earlier tool call:\\nrz\"}]"},
    {INPUT(CALL("A", "f", "{}") "," OUTPUT("A", "\"1\"") "," OUTPUT("A", "\"2\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{}")) "," M_RESULT("call00001", "1") ","
     "{\"role\":\"user\",\"content\":\"Output of an earlier tool call:\\n2\"}]"},
    /* Images in outputs follow after all results. */
    {INPUT(CALL("A", "f", "{}") "," CALL("B", "g", "{}") ","
           OUTPUT("A", "[{\"type\":\"input_text\",\"text\":\"a\"},{\"type\":\"input_image\",\"image_url\":\"" PNG "\"}]")
           "," OUTPUT("B", "[{\"type\":\"input_text\",\"text\":\"b1\"},{\"type\":\"input_text\",\"text\":\"b2\"}]")),
     "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{}") "," M_CALL("call00002", "g", "{}")) ","
     M_RESULT("call00001", "a\\n[see the next message]") "," M_RESULT("call00002", "b1\\nb2") ","
     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Output of the tools:\"}," M_IMAGE "]}]"},
    /* Invalid arguments are wrapped. */
    {INPUT(CALL("A", "f", "{\\\"x\\\":") "," OUTPUT("A", "\"\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{\\\"invalid_arguments\\\":\\\"{\\\\\\\"x\\\\\\\":\\\"}")) ","
     M_RESULT("call00001", "") "]"},
    {INPUT(CALL("A", "f", "") "," OUTPUT("A", "\"r\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{}")) "," M_RESULT("call00001", "r") "]"},
    {INPUT(CALL("A", "f", "[1]") "," OUTPUT("A", "\"r\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "f", "{\\\"invalid_arguments\\\":\\\"[1]\\\"}")) ","
     M_RESULT("call00001", "r") "]"},
    /* Custom tools' calls, searches, namespaces. */
    {INPUT("{\"type\":\"custom_tool_call\",\"call_id\":\"A\",\"name\":\"p\",\"input\":\"a\\n\\\"b\\\"\"},"
           "{\"type\":\"custom_tool_call_output\",\"call_id\":\"A\",\"output\":\"r\"}"), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "p", "{\\\"input\\\":\\\"a\\\\n\\\\\\\"b\\\\\\\"\\\"}")) ","
     M_RESULT("call00001", "r") "]"},
    {INPUT("{\"type\":\"tool_search_call\",\"call_id\":\"A\",\"arguments\":{\"query\":\"q\"}},"
           "{\"type\":\"tool_search_output\",\"call_id\":\"A\",\"tools\":[]}"), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "tool_search", "{\\\"query\\\":\\\"q\\\"}")) ","
     M_RESULT("call00001", "No tool was found.") "]"},
    {INPUT("{\"type\":\"function_call\",\"call_id\":\"A\",\"name\":\"e\",\"namespace\":\"mcp__m\",\"arguments\":\"{}\"},"
           OUTPUT("A", "\"r\"")), "messages",
     "[" M_CALLS("null", M_CALL("call00001", "mcp__m__e", "{}")) "," M_RESULT("call00001", "r") "]"},
    /* Reasoning of other providers and unknown items are left out. */
    {INPUT("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"xyz\"}," USER ",{\"type\":\"novelty\"}"),
     "messages", "[" M_USER "]"},
};

TEST(messages_are_translated)
{
    check_fields(MESSAGES, COUNT_OF(MESSAGES), WIRE_RESPONSES, WIRE_CHAT);
}

#define FUNCTION(name, rest) "{\"type\":\"function\",\"name\":\"" name "\"" rest "}"
#define PARAMETERS ",\"parameters\":{\"type\":\"object\",\"properties\":{}}"
#define M_FUNCTION(name, rest) "{\"type\":\"function\",\"function\":{\"name\":\"" name "\"" rest "}}"
#define LONG_NAME "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct field_case TOOLS[] = {
    {WITH("\"tools\":[]"), "tools", NULL},
    {WITH("\"tools\":[{\"type\":\"web_search\"}]"), "tools", NULL},
    {WITH("\"tools\":[{\"type\":\"web_search\"}],\"tool_choice\":\"auto\""), "tool_choice", NULL},
    {WITH("\"tools\":[" FUNCTION("f", ",\"description\":\"d\",\"strict\":false" PARAMETERS) "]"), "tools",
     "[" M_FUNCTION("f", ",\"description\":\"d\"" PARAMETERS) "]"},
    {WITH("\"tools\":[" FUNCTION("f", ",\"strict\":true,\"parameters\":null") "]"), "tools",
     "[" M_FUNCTION("f", PARAMETERS ",\"strict\":true") "]"},
    {WITH("\"tools\":[" FUNCTION("f", ",\"parameters\":{\"properties\":{\"a\":{}}}") "]"), "tools",
     "[" M_FUNCTION("f", ",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{}}}") "]"},
    /* Codex's "encrypted" is not JSON Schema; a property with that name stays. */
    {WITH("\"tools\":[" FUNCTION("f", ",\"parameters\":{\"type\":\"object\",\"properties\":{\"encrypted\":{\"type\":"
          "\"string\",\"encrypted\":true},\"b\":{\"encrypted\":false}}}") "]"), "tools",
     "[" M_FUNCTION("f", ",\"parameters\":{\"type\":\"object\",\"properties\":{\"encrypted\":{\"type\":\"string\"},"
                    "\"b\":{}}}") "]"},
    /* Namespaces are flattened, except "functions"; a duplicate tool counts once. */
    {WITH("\"tools\":[{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[" FUNCTION("f", PARAMETERS) ","
          FUNCTION("f", PARAMETERS) "]},{\"type\":\"namespace\",\"name\":\"functions\",\"tools\":["
          FUNCTION("g", PARAMETERS) "]}]"), "tools", "[" M_FUNCTION("n__f", PARAMETERS) "," M_FUNCTION("g", PARAMETERS) "]"},
    /* Two tools get different names. */
    {WITH("\"tools\":[" FUNCTION("n__f", PARAMETERS) ",{\"type\":\"namespace\",\"name\":\"n\",\"tools\":["
          FUNCTION("f", PARAMETERS) "]}]"), "tools",
     "[" M_FUNCTION("n__f", PARAMETERS) "," M_FUNCTION("n__f_3713e1d4", PARAMETERS) "]"},
    {WITH("\"tools\":[" FUNCTION(LONG_NAME "b", PARAMETERS) "]"), "tools",
     "[" M_FUNCTION("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_693fe734", PARAMETERS) "]"},
    {WITH("\"tools\":[" FUNCTION("a.b", PARAMETERS) "]"), "tools", "[" M_FUNCTION("a_b_29a37cc1", PARAMETERS) "]"},
    {WITH("\"tools\":[{\"type\":\"custom\",\"name\":\"p\",\"description\":\"d\",\"format\":{\"type\":\"grammar\","
          "\"syntax\":\"lark\",\"definition\":\"start: x\"}}]"), "tools",
     "[" M_FUNCTION("p", ",\"description\":\"d\\n\\nPass the whole text as the string `input`. It must follow this grammar "
                    "(lark):\\nstart: x\",\"parameters\":{\"type\":\"object\",\"properties\":{\"input\":{\"type\":"
                    "\"string\"}},\"required\":[\"input\"],\"additionalProperties\":false}") "]"},
    /* Tools in the input. */
    {INPUT("{\"type\":\"additional_tools\",\"tools\":[" FUNCTION("f", PARAMETERS) "]},{\"type\":\"tool_search_output\","
           "\"call_id\":\"A\",\"tools\":[" FUNCTION("g", PARAMETERS) "," FUNCTION("f", PARAMETERS) "]}"), "tools",
     "[" M_FUNCTION("f", PARAMETERS) "," M_FUNCTION("g", PARAMETERS) "]"},
    {WITH("\"tools\":[{\"type\":\"tool_search\",\"execution\":\"client\",\"description\":\"d\"" PARAMETERS "}]"), "tools",
     "[" M_FUNCTION("tool_search", ",\"description\":\"d\"" PARAMETERS) "]"},
    {WITH("\"tools\":[{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[" FUNCTION("f", PARAMETERS) "]}],"
          "\"tool_choice\":{\"type\":\"function\",\"namespace\":\"n\",\"name\":\"f\"}"), "tool_choice",
     "{\"type\":\"function\",\"function\":{\"name\":\"n__f\"}}"},
    {WITH("\"tools\":[" FUNCTION("f", PARAMETERS) "],\"parallel_tool_calls\":false"), "parallel_tool_calls", "false"},
    {WITH("\"tools\":[" FUNCTION("f", PARAMETERS) "],\"parallel_tool_calls\":true"), "parallel_tool_calls", NULL},
};

TEST(tools_are_translated)
{
    check_fields(TOOLS, COUNT_OF(TOOLS), WIRE_RESPONSES, WIRE_CHAT);
}

static const struct field_case SETTINGS[] = {
    {WITH("\"a\":1"), "model", "\"m\""},
    {WITH("\"a\":1"), "stream", "true"},
    {WITH("\"a\":1"), "stream_options", "{\"include_usage\":true}"},
    {WITH("\"store\":false,\"include\":[],\"prompt_cache_key\":\"k\",\"client_metadata\":{}"), "store", NULL},
    {WITH("\"client_metadata\":{}"), "client_metadata", NULL},
    {WITH("\"reasoning\":{\"effort\":\"xhigh\",\"summary\":\"auto\"}"), "reasoning_effort", "\"high\""},
    {WITH("\"reasoning\":{\"effort\":\"low\"}"), "reasoning_effort", "\"low\""},
    {WITH("\"reasoning\":{\"effort\":\"unheard of\"}"), "reasoning_effort", NULL},
    {WITH("\"reasoning\":{\"summary\":\"auto\"}"), "reasoning", NULL},
    {WITH("\"max_output_tokens\":9"), "max_tokens", "9"},
    {WITH("\"temperature\":0.5,\"top_p\":null"), "temperature", "0.5"},
    {WITH("\"top_p\":null"), "top_p", NULL},
    {WITH("\"text\":{\"verbosity\":\"low\"}"), "response_format", NULL},
    {WITH("\"text\":{\"format\":{\"type\":\"json_object\"}}"), "response_format", "{\"type\":\"json_object\"}"},
    {WITH("\"text\":{\"format\":{\"type\":\"json_schema\",\"strict\":true,\"schema\":{\"a\":1},\"name\":\"n\"}}"),
     "response_format",
     "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"a\":1},\"strict\":true}}"},
};

TEST(settings_are_translated)
{
    check_fields(SETTINGS, COUNT_OF(SETTINGS), WIRE_RESPONSES, WIRE_CHAT);
}

#define CHAT(rest) "{\"messages\":[{\"role\":\"user\",\"content\":\"u\"}]" rest "}"
#define I_USER "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"u\"}]}"

static const struct field_case REVERSE[] = {
    {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
     "\"u\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"" PNG "\",\"detail\":\"low\"}}]}]}", "input",
     "[{\"type\":\"message\",\"role\":\"system\",\"content\":[{\"type\":\"input_text\",\"text\":\"s\"}]},"
     "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"u\"},{\"type\":"
     "\"input_image\",\"image_url\":\"" PNG "\",\"detail\":\"low\"}]}]"},
    {"{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"x\",\"type\":\"function\","
     "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":"
     "\"r\"}]}", "input",
     "[{\"type\":\"function_call\",\"call_id\":\"call00001\",\"name\":\"f\",\"arguments\":\"{}\"},"
     "{\"type\":\"function_call_output\",\"call_id\":\"call00001\",\"output\":\"r\"}]"},
    {CHAT(""), "input", "[" I_USER "]"},
    {CHAT(""), "store", "false"},
    {CHAT(",\"tools\":[" M_FUNCTION("f", PARAMETERS) "]"), "tools", "[" FUNCTION("f", PARAMETERS ",\"strict\":false") "]"},
    {CHAT(",\"tools\":[" M_FUNCTION("f", PARAMETERS) "],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":"
          "\"f\"}}"), "tool_choice", "{\"type\":\"function\",\"name\":\"f\"}"},
    {CHAT(",\"reasoning_effort\":\"high\""), "reasoning", "{\"effort\":\"high\"}"},
    {CHAT(",\"max_tokens\":5,\"max_completion_tokens\":7"), "max_output_tokens", "7"},
    {CHAT(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}"), "text",
     "{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}}"},
    {CHAT(",\"stop\":[\"x\"],\"seed\":1"), "stop", NULL},
    {CHAT(",\"temperature\":0.1,\"user\":\"me\""), "user", "\"me\""},
};

TEST(chat_requests_become_responses_requests)
{
    check_fields(REVERSE, COUNT_OF(REVERSE), WIRE_CHAT, WIRE_RESPONSES);
}

TEST(invalid_requests_are_refused)
{
    static const struct { const char *request, *param; enum wire wire; } cases[] = {
        {"[]", "", WIRE_RESPONSES},
        {"{}", "input", WIRE_RESPONSES},
        {"{\"input\":5}", "input", WIRE_RESPONSES},
        {"{\"input\":[5]}", "input[0]", WIRE_RESPONSES},
        {INPUT(USER ",{\"role\":\"user\",\"content\":5}"), "input[1].content", WIRE_RESPONSES},
        {INPUT("{\"type\":\"item_reference\",\"id\":\"x\"}"), "input[0]", WIRE_RESPONSES},
        {WITH("\"previous_response_id\":\"x\""), "previous_response_id", WIRE_RESPONSES},
        {WITH("\"background\":true"), "background", WIRE_RESPONSES},
        {WITH("\"tools\":5"), "tools", WIRE_RESPONSES},
        {"{}", "messages", WIRE_CHAT},
        {"{\"messages\":[]}", "messages", WIRE_CHAT},
        {"{\"messages\":[{\"role\":\"x\"}]}", "messages[0].role", WIRE_CHAT},
    };
    struct json doc = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct turn_error error;
        assert_true(json_parse(&doc, cases[i].request, strlen(cases[i].request)));
        assert_null(turn_decode(&doc, cases[i].wire, &error));
        assert_string_equal(error.param, cases[i].param);
        assert_true(error.message[0]);
    }
    json_free(&doc);
}

TEST(refused_parts_are_left_out)
{
    struct turn_options options = STREAM;
    options.omit = &(struct omissions){.parts = PART_IMAGES | PART_FORMAT | PART_EFFORT};
    char *body = translate("{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"x\"}]}],"
                           "\"text\":{\"format\":{\"type\":\"json_object\"}},\"reasoning\":{\"effort\":\"low\"}}",
                           WIRE_RESPONSES, WIRE_CHAT, &options);
    assert_field(body, "messages", "[{\"role\":\"user\",\"content\":\"[an image that this model cannot see]\"}]");
    assert_field(body, "response_format", NULL);
    assert_field(body, "reasoning_effort", NULL);
    free(body);
}

#define ANSWER "{\"role\":\"assistant\",\"content\":\"b\"}"

/* Only a last message of the assistant is a prefill. */
TEST(refused_prefill_becomes_a_user_message)
{
    struct turn_options options = STREAM;
    options.omit = &(struct omissions){.parts = PART_PREFILL};
    static const struct { const char *input, *messages; } rows[] = {
        {INPUT(USER "," ANSWER), "[" USER "," ANSWER ",{\"role\":\"user\",\"content\":\"Please go on.\"}]"},
        {INPUT(USER), "[" USER "]"},
        {INPUT(ANSWER "," USER), "[" ANSWER "," USER "]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *body = translate(rows[i].input, WIRE_RESPONSES, WIRE_CHAT, &options);
        assert_field(body, "messages", rows[i].messages);
        free(body);
    }
}

/* A carrier's state returns to its own call and deployment; without one, Gemini gets its placeholder. */
TEST(thought_signatures_return_to_their_calls)
{
    struct buf request;
    buf_init(&request, 4096);
    assert_true(BUF_ADD(&request, "{\"input\":[{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\""));
    assert_true(carrier_seal(&BRIDGE_KEYS, SLICE("d1"), SLICE("A"), SLICE("SIG"), &request));
    assert_true(BUF_ADD(&request, "\"}," CALL("A", "f", "{}") "," CALL("B", "g", "{}") "]}"));
    static const struct { const char *deployment; bool gemini; const char *has, *lacks; } cases[] = {
        {"d1", true, "\"thought_signature\":\"SIG\"", "skip_"},
        {"d2", true, "\"thought_signature\":\"skip_thought_signature_validator\"", "SIG"},
        {"d2", false, "\"f\"", "extra_content"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct turn_options options = STREAM;
        options.deployment_id = slice_of(cases[i].deployment);
        options.thought_signatures = cases[i].gemini;
        char *body = translate(buf_text(&request), WIRE_RESPONSES, WIRE_CHAT, &options);
        assert_non_null(strstr(body, cases[i].has));
        assert_null(strstr(body, cases[i].lacks));
        free(body);
    }
    buf_free(&request);
}

TEST(tool_names_are_mapped_back)
{
    static const struct { const char *flat; bool found; enum tool_kind kind; const char *namespace, *name; } cases[] = {
        {"f", true, TOOL_FUNCTION, "", "f"},
        {"functions.f", true, TOOL_FUNCTION, "", "f"},
        {"default_api:f", true, TOOL_FUNCTION, "", "f"},
        {"n__g", true, TOOL_FUNCTION, "n", "g"},
        {"functions.n__g", true, TOOL_FUNCTION, "n", "g"},
        {"p", true, TOOL_CUSTOM, "", "p"},
        {"tool_search", true, TOOL_SEARCH, "", "tool_search"},
        {"g", false, TOOL_FUNCTION, "", "g"},
        {"functions.h", false, TOOL_FUNCTION, "", "h"},
        {"functions.", false, TOOL_FUNCTION, "", "functions."},
    };
    struct bridge_request r;
    bridge_decode(&r,
        WITH("\"tools\":[" FUNCTION("f", "") ",{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[" FUNCTION("g", "")
             "]},{\"type\":\"custom\",\"name\":\"p\"},{\"type\":\"tool_search\"},{\"type\":\"web_search\"}]"),
        WIRE_RESPONSES);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tool_name tool;
        assert_int_equal(turn_tool(r.turn, slice_of(cases[i].flat), &tool), cases[i].found);
        assert_int_equal(tool.kind, cases[i].kind);
        assert_slice(tool.namespace, cases[i].namespace);
        assert_slice(tool.name, cases[i].name);
    }
    assert_int_equal(turn_dropped(r.turn), 1);
    assert_true(turn_prompt_bytes(r.turn) > 100);
    bridge_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_translated),
        cmocka_unit_test(tools_are_translated),
        cmocka_unit_test(settings_are_translated),
        cmocka_unit_test(chat_requests_become_responses_requests),
        cmocka_unit_test(invalid_requests_are_refused),
        cmocka_unit_test(refused_parts_are_left_out),
        cmocka_unit_test(refused_prefill_becomes_a_user_message),
        cmocka_unit_test(thought_signatures_return_to_their_calls),
        cmocka_unit_test(tool_names_are_mapped_back),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
