/* Unit tests of omissions: requests without the parts that an upstream refuses, passed through and translated. */
#include "tests/unit/bridge.h"
#include "proxy/bridge/pass.h"

#define SYSTEM(text) "{\"role\":\"system\",\"content\":\"" text "\"}"
#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"
#define ANSWER(text) "{\"role\":\"assistant\",\"content\":\"" text "\"}"
#define CALLS "\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]"
#define RESULT "{\"role\":\"tool\",\"content\":\"r\",\"tool_call_id\":\"a\"}"
#define SKIP "\"skip_thought_signature_validator\""
#define SIGNED(id)                                                                           \
    "\"tool_calls\":[{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"f\"," \
    "\"arguments\":\"{}\"},\"extra_content\":{\"google\":{\"thought_signature\":" SKIP "}}}]"
#define DETAILS(id)                                                                                 \
    "\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":" SKIP ",\"id\":\"" id "\"," \
    "\"format\":\"google-gemini-v1\",\"index\":0}]"
#define IMAGE "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\"}}"

struct row {
    struct omissions omit;
    const char *request, *sent;
};

static char *pass(const char *request, enum wire wire, const struct omissions *omit)
{
    struct json doc = {0}, check = {0};
    struct buf out;
    buf_init(&out, 1u << 16);
    assert_true(json_parse(&doc, request, strlen(request)));
    assert_true(pass_omit(&doc, wire, &(struct pass_options){.upstream_model = "m", .omit = omit}, &out));
    if (!json_parse(&check, out.data, out.len))
        fail_msg("%s in %.*s", check.error, (int)out.len, out.data);
    json_free(&check);
    json_free(&doc);
    assert_non_null(buf_text(&out));
    return out.data;
}

static void check_rows(const struct row *rows, size_t count, enum wire wire)
{
    for (size_t i = 0; i < count; i++) {
        char *sent = pass(rows[i].request, wire, &rows[i].omit);
        assert_string_equal(sent, rows[i].sent);
        free(sent);
    }
}

#define CHAT(members) "{\"model\":\"m\"," members "}"
#define PASSED(members) "{\"model\":\"x\"," members "}"

TEST(chat_request_is_sent_without_refused_parts)
{
    static const struct row rows[] = {
        /* Parts that are not refused do not change. */
        {{0},
         PASSED("\"messages\": [" USER("a") " , " SYSTEM("b") "],\"n\":1"),
         CHAT("\"messages\":[" USER("a") "," SYSTEM("b") "],\"n\":1")},
        {{.parts = PART_EFFORT},
         PASSED("\"messages\":[],\"reasoning_effort\":\"high\",\"n\":1"),
         CHAT("\"messages\":[],\"n\":1")},
        {{.parts = PART_EFFORT_VALUE, .efforts = 4 | 8},
         PASSED("\"messages\":[],\"reasoning_effort\":\"high\""),
         CHAT("\"messages\":[],\"reasoning_effort\":\"medium\"")},
        {{.parts = PART_FORMAT},
         PASSED("\"messages\":[],\"response_format\":{\"type\":\"json_object\"}"),
         CHAT("\"messages\":[]")},
        {{.parts = PART_FIELD, .field_count = 2, .fields = {"top_p", "store"}},
         PASSED("\"top_p\":1,\"messages\":[],\"store\":true,\"seed\":2"),
         CHAT("\"messages\":[],\"seed\":2")},
        {{.parts = PART_MAX_TOKENS},
         PASSED("\"messages\":[],\"max_tokens\":5"),
         CHAT("\"messages\":[],\"max_completion_tokens\":5")},
        {{.parts = PART_MAX_TOKENS},
         PASSED("\"messages\":[],\"max_completion_tokens\":5"),
         CHAT("\"messages\":[],\"max_tokens\":5")},
        {{.parts = PART_MAX_TOKENS},
         PASSED("\"max_tokens\":1,\"messages\":[],\"max_completion_tokens\":5"),
         CHAT("\"max_tokens\":1,\"messages\":[],\"max_completion_tokens\":5")},
        {{.parts = PART_LATER_SYSTEM},
         PASSED("\"messages\":[" SYSTEM("a") "," USER("b") "," SYSTEM("c") "]"),
         CHAT("\"messages\":[" SYSTEM("a") "," USER("b") "," USER("c") "]")},
        {{.parts = PART_SYSTEM},
         PASSED("\"messages\":[" SYSTEM("a") "," USER("b") "]"),
         CHAT("\"messages\":[" USER("a") "," USER("b") "]")},
        {{.parts = PART_IMAGES},
         PASSED("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\\n\"}," IMAGE "]}]"),
         CHAT("\"messages\":[" USER("a\\n\\n\\n[an image that this model cannot see]") "]")},
        {{.parts = PART_IMAGES},
         PASSED("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]"),
         CHAT("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]")},
        {{.parts = PART_PREFILL},
         PASSED("\"messages\":[" USER("a") "," ANSWER("b") "]"),
         CHAT("\"messages\":[" USER("a") "," ANSWER("b") "," USER("Please go on.") "]")},
        {{.parts = PART_PREFILL}, PASSED("\"messages\":[" USER("a") "]"), CHAT("\"messages\":[" USER("a") "]")},
        {{.parts = PART_REASONING},
         PASSED(
             "\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"r\",\"content\":\"b\",\"reasoning_details\":[]}]"),
         CHAT("\"messages\":[" ANSWER("b") "]")},
        {{.parts = PART_NO_REASONING},
         PASSED("\"messages\":[{\"role\":\"assistant\",\"content\":null," CALLS "}," RESULT "," ANSWER("b") "]"),
         CHAT("\"messages\":[{\"role\":\"assistant\",\"content\":null," CALLS ",\"reasoning_content\":\"\"}," RESULT
              "," ANSWER("b") "]")},
        {{.parts = PART_NO_REASONING},
         PASSED("\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"r\"," CALLS "}," RESULT "]"),
         CHAT("\"messages\":[{\"role\":\"assistant\",\"reasoning_content\":\"r\"," CALLS "}," RESULT "]")},
        {{.parts = PART_NO_SIGNATURE},
         PASSED("\"messages\":[{\"role\":\"assistant\"," CALLS "}," RESULT "]"),
         CHAT("\"messages\":[{\"role\":\"assistant\"," SIGNED("a") "}," RESULT "]")},
        {{.parts = PART_NO_DETAILS},
         PASSED("\"messages\":[{\"role\":\"assistant\"," CALLS "}," RESULT "]"),
         CHAT("\"messages\":[{\"role\":\"assistant\"," CALLS "," DETAILS("a") "}," RESULT "]")},
    };
    check_rows(rows, COUNT_OF(rows), WIRE_CHAT);
}

#define DEVELOPER(text) \
    "{\"type\":\"message\",\"role\":\"developer\",\"content\":[{\"type\":\"input_text\",\"text\":\"" text "\"}]}"
#define BY_USER(text) \
    "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" text "\"}]}"
#define PICTURE "{\"type\":\"input_image\",\"image_url\":\"data:x\"}"
#define PLACEHOLDER "{\"type\":\"input_text\",\"text\":\"[an image that this model cannot see]\"}"

TEST(responses_request_is_sent_without_refused_parts)
{
    static const struct row rows[] = {
        {{.parts = PART_EFFORT},
         PASSED("\"input\":\"a\",\"reasoning\":{\"effort\":\"high\",\"summary\":\"auto\"}"),
         CHAT("\"input\":\"a\",\"reasoning\":{\"summary\":\"auto\"}")},
        {{.parts = PART_EFFORT_VALUE, .efforts = 4},
         PASSED("\"input\":\"a\",\"reasoning\":{\"effort\":\"xhigh\"}"),
         CHAT("\"input\":\"a\",\"reasoning\":{\"effort\":\"low\"}")},
        {{.parts = PART_FORMAT},
         PASSED("\"input\":\"a\",\"text\":{\"format\":{\"type\":\"json_object\"},\"verbosity\":\"low\"}"),
         CHAT("\"input\":\"a\",\"text\":{\"verbosity\":\"low\"}")},
        {{.parts = PART_FIELD, .field_count = 2, .fields = {"reasoning.summary", "include"}},
         PASSED("\"include\":[],\"input\":\"a\",\"reasoning\":{\"effort\":null,\"summary\":\"auto\"}"),
         CHAT("\"input\":\"a\",\"reasoning\":{\"effort\":null}")},
        /* Instructions are the first message. */
        {{.parts = PART_LATER_SYSTEM},
         PASSED("\"instructions\":\"i\",\"input\":[" DEVELOPER("a") "," BY_USER("b") "]"),
         CHAT("\"instructions\":\"i\",\"input\":[" BY_USER("a") "," BY_USER("b") "]")},
        {{.parts = PART_LATER_SYSTEM},
         PASSED("\"input\":[" DEVELOPER("a") "," DEVELOPER("b") "]"),
         CHAT("\"input\":[" DEVELOPER("a") "," BY_USER("b") "]")},
        {{.parts = PART_IMAGES},
         PASSED("\"input\":[{\"role\":\"user\",\"content\":[" PICTURE
                "]},{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":[" PICTURE "]}]"),
         CHAT("\"input\":[{\"role\":\"user\",\"content\":[" PLACEHOLDER
              "]},{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":[" PLACEHOLDER "]}]")},
        {{.parts = PART_PREFILL},
         PASSED("\"input\":[" ANSWER("a") "]"),
         CHAT("\"input\":[" ANSWER("a") "," BY_USER("Please go on.") "]")},
        /* Carriers are never sent to a server that did not write them. */
        {{.parts = PART_IMAGES},
         PASSED("\"input\":[{\"type\":\"reasoning\",\"encrypted_content\":\"pointsman-1.\"}," BY_USER("b") "]"),
         CHAT("\"input\":[" BY_USER("b") "]")},
    };
    check_rows(rows, COUNT_OF(rows), WIRE_RESPONSES);
}

static char *translate(const char *request, enum wire from, enum wire to, const struct turn_options *options)
{
    struct bridge_request r;
    struct buf out;
    struct json check = {0};
    buf_init(&out, 1u << 20);
    bridge_decode(&r, request, from);
    assert_true(turn_encode(r.turn, to, options, &out));
    if (!json_parse(&check, out.data, out.len))
        fail_msg("%s in %.*s", check.error, (int)out.len, out.data);
    json_free(&check);
    bridge_release(&r);
    assert_non_null(buf_text(&out));
    return out.data;
}

static void assert_messages(const char *input, const struct turn_options *options, const char *messages)
{
    char *sent = translate(input, WIRE_RESPONSES, WIRE_CHAT, options), *found = strstr(sent, "\"messages\":");
    assert_non_null(found);
    if (strncmp(found + 11, messages, strlen(messages)) != 0)
        fail_msg("got\n%s\nexpected\n%s", found + 11, messages);
    free(sent);
}

TEST(refused_roles_are_replaced)
{
    static const char input[] = "{\"instructions\":\"i\",\"input\":[" DEVELOPER("a") "," BY_USER("b") "," BY_USER(
        "c") "," ANSWER("d") "," DEVELOPER("e") "," BY_USER("f") "]}";
    static const struct {
        unsigned parts;
        const char *messages;
    } rows[] = {
        {0, "[" SYSTEM("i\\n\\na") "," USER("b") "," USER("c") "," ANSWER("d") "," SYSTEM("e") "," USER("f") "]"},
        {PART_LATER_SYSTEM,
         "[" SYSTEM("i\\n\\na") "," USER("b") "," USER("c") "," ANSWER("d") "," USER("e") "," USER("f") "]"},
        {PART_SYSTEM,
         "[" USER("i") "," USER("a") "," USER("b") "," USER("c") "," ANSWER("d") "," USER("e") "," USER("f") "]"},
        {PART_LATER_SYSTEM | PART_ADJACENT,
         "[" SYSTEM("i\\n\\na") "," USER("b\\n\\nc") "," ANSWER("d") "," USER("e\\n\\nf") "]"},
        {PART_SYSTEM | PART_ADJACENT, "[" USER("i\\n\\na\\n\\nb\\n\\nc") "," ANSWER("d") "," USER("e\\n\\nf") "]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct omissions omit = {.parts = rows[i].parts};
        assert_messages(input, &(struct turn_options){.upstream_model = "m", .omit = &omit}, rows[i].messages);
    }
}

#define THOUGHT(text, mark)                                                            \
    "{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"" text \
    "\"}],\"encrypted_content\":\"" mark "\"}"
#define CALL(id) "{\"type\":\"function_call\",\"call_id\":\"" id "\",\"name\":\"f\",\"arguments\":\"{}\"}"
#define OUTPUT(id) "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":\"r\"}"
#define CALLED(n, more)                                                                                         \
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"call0000" n "\",\"type\":\"function\"," \
    "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]" more "}"
#define ANSWERED(n) "{\"role\":\"tool\",\"content\":\"r\",\"tool_call_id\":\"call0000" n "\"}"

/* Reasoning from this proxy is sent with its calls. Other reasoning is not, and a call without any has an empty one.
 * The earlier messages are the same in each turn. */
TEST(reasoning_comes_back_with_calls)
{
    static const char turn1[] =
        "{\"input\":[" BY_USER("b") "," THOUGHT("t1", "pointsman-1.") "," CALL("a") "," OUTPUT("a") "]}";
    static const char turn2[] =
        "{\"input\":[" BY_USER("b") "," THOUGHT("t1", "pointsman-1.") "," CALL("a") "," OUTPUT("a") "," THOUGHT(
            "other", "gAAAA") "," CALL("c") "," OUTPUT("c") "," THOUGHT("t3", "pointsman-1.") "," ANSWER("d") "]}";
    struct turn_options options = {.upstream_model = "m", .returns_reasoning = true};
    assert_messages(turn1, &options,
                    "[" USER("b") "," CALLED("1", ",\"reasoning_content\":\"t1\"") "," ANSWERED("1") "]");
    assert_messages(
        turn2, &options,
        "[" USER("b") "," CALLED("1", ",\"reasoning_content\":\"t1\"") "," ANSWERED("1") "," CALLED(
            "2", ",\"reasoning_content\":\"\"") "," ANSWERED("2") ",{\"role\":\"assistant\","
                                                                  "\"content\":\"d\",\"reasoning_content\":\"t3\"}]");
    options.returns_reasoning = false;
    assert_messages(turn1, &options, "[" USER("b") "," CALLED("1", "") "," ANSWERED("1") "]");
    options.omit = &(struct omissions){.parts = PART_NO_REASONING};
    assert_messages(turn1, &options,
                    "[" USER("b") "," CALLED("1", ",\"reasoning_content\":\"t1\"") "," ANSWERED("1") "]");
}

TEST(missing_state_is_replaced_by_placeholders)
{
    static const char input[] = "{\"input\":[" BY_USER("b") "," CALL("a") "," OUTPUT("a") "]}";
    struct turn_options options = {.upstream_model = "m", .omit = &(struct omissions){.parts = PART_NO_DETAILS}};
    assert_messages(input, &options, "[" USER("b") "," CALLED("1", "," DETAILS("call00001")) "," ANSWERED("1") "]");
    options.omit = &(struct omissions){.parts = PART_NO_SIGNATURE};
    assert_messages(input, &options,
                    "[" USER("b") ",{\"role\":\"assistant\",\"content\":null," SIGNED("call00001") "}");
}

TEST(translation_omits_refused_fields)
{
    struct omissions omit = {.parts = PART_FIELD | PART_MAX_TOKENS,
                             .field_count = 4,
                             .fields = {"temperature", "stream_options", "tool_choice", "parallel_tool_calls"}};
    struct turn_options options = {.upstream_model = "m", .stream = true, .omit = &omit};
    char *sent = translate(
        "{\"input\":\"a\",\"temperature\":1,\"top_p\":1,\"max_output_tokens\":9,\"parallel_tool_calls\":false,"
        "\"tool_choice\":\"auto\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}",
        WIRE_RESPONSES, WIRE_CHAT, &options);
    assert_null(strstr(sent, "temperature"));
    assert_null(strstr(sent, "stream_options"));
    assert_null(strstr(sent, "tool_choice"));
    assert_null(strstr(sent, "parallel"));
    assert_non_null(strstr(sent, "\"top_p\":1"));
    assert_non_null(strstr(sent, "\"max_completion_tokens\":9"));
    assert_non_null(strstr(sent, "\"stream\":true"));
    free(sent);
    omit =
        (struct omissions){.parts = PART_FIELD | PART_EFFORT | PART_FORMAT | PART_IMAGES | PART_SYSTEM | PART_PREFILL,
                           .field_count = 1,
                           .fields = {"store"}};
    sent = translate("{\"messages\":[" SYSTEM("s") ",{\"role\":\"user\",\"content\":[" IMAGE "]}," ANSWER(
                         "d") "],\"reasoning_effort\":\"low\",\"response_format\":{\"type\":\"json_object\"}}",
                     WIRE_CHAT, WIRE_RESPONSES, &options);
    assert_string_equal(
        sent,
        "{\"model\":\"m\",\"input\":[" BY_USER(
            "s") ",{\"type\":\"message\",\"role\":\"user\",\"content\":[" PLACEHOLDER "]},"
                 "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"d\"}]}," BY_USER(
                     "Please go on.") "],\"stream\":true}");
    free(sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chat_request_is_sent_without_refused_parts),
        cmocka_unit_test(responses_request_is_sent_without_refused_parts),
        cmocka_unit_test(refused_roles_are_replaced),
        cmocka_unit_test(reasoning_comes_back_with_calls),
        cmocka_unit_test(missing_state_is_replaced_by_placeholders),
        cmocka_unit_test(translation_omits_refused_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
