/* Unit tests of proxy/bridge/chatgpt: a Responses request as the ChatGPT backend accepts it. */
#include "tests/unit/unit.h"

#include "common/json.h"
#include "proxy/bridge/chatgpt.h"
#include "proxy/bridge/chatgpt_model.h"

#define HELLO "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]}"
#define FIXED ",\"stream\":true,\"store\":false,\"include\":[\"reasoning.encrypted_content\"]"
#define HELPFUL "\"instructions\":\"You are a helpful assistant.\""

static void becomes_with(const char *configured, const char *body, const char *expected)
{
    const char *refusal;
    struct buf out;
    buf_init(&out, 1u << 20);
    assert_true(chatgpt_request(slice_of(body), configured, &out, &refusal));
    assert_buf(&out, expected);
    buf_free(&out);
}

static void becomes(const char *body, const char *expected)
{
    becomes_with(NULL, body, expected);
}

/* Checks the input of a request with this input and the instructions "i". */
static void input_becomes(const char *input, const char *expected)
{
    char body[2048], all[2048];
    (void)snprintf(body, sizeof body, "{\"model\":\"m\",\"instructions\":\"i\",\"input\":%s}", input);
    (void)snprintf(all, sizeof all, "{\"model\":\"m\",\"instructions\":\"i\",\"input\":%s" FIXED "}", expected);
    becomes(body, all);
}

TEST(a_string_becomes_a_list)
{
    becomes("{\"model\":\"m\",\"input\":\"hi\"}", "{\"model\":\"m\"," HELPFUL ",\"input\":[" HELLO "]" FIXED "}");
    becomes("{\"model\":\"m\"}", "{\"model\":\"m\"," HELPFUL ",\"input\":[]" FIXED "}");
}

TEST(unlisted_fields_are_removed)
{
    becomes("{\"model\":\"m\",\"stream\":false,\"store\":true,\"max_output_tokens\":9,\"temperature\":1,\"user\":\"u\","
            "\"metadata\":{},\"input\":[],\"tools\":[{\"type\":\"web_search\"}],\"tool_choice\":\"auto\","
            "\"parallel_tool_calls\":true,\"text\":{\"verbosity\":\"low\"},\"prompt_cache_key\":\"k\"}",
            "{\"model\":\"m\"," HELPFUL ",\"input\":[]" FIXED ",\"tools\":[{\"type\":\"web_search\"}],"
            "\"tool_choice\":\"auto\",\"parallel_tool_calls\":true,\"text\":{\"verbosity\":\"low\"},"
            "\"prompt_cache_key\":\"k\"}");
}

TEST(instructions_come_from_the_client_or_its_input)
{
    becomes("{\"model\":\"m\",\"instructions\":\"a\\nb\",\"input\":[]}",
            "{\"model\":\"m\",\"instructions\":\"a\\nb\",\"input\":[]" FIXED "}");
    becomes(
        "{\"model\":\"m\",\"instructions\":null,\"input\":[{\"type\":\"message\",\"role\":\"developer\",\"content\":["
        "{\"type\":\"input_text\",\"text\":\"a\"},{\"type\":\"input_text\",\"text\":\"b\"}]}," HELLO "]}",
        "{\"model\":\"m\",\"instructions\":\"a\\n\\nb\",\"input\":[" HELLO "]" FIXED "}");
    becomes("{\"model\":\"m\",\"instructions\":\"\",\"input\":["
            "{\"role\":\"system\",\"content\":\"be \\\"terse\\\"\"}," HELLO "]}",
            "{\"model\":\"m\",\"instructions\":\"be \\\"terse\\\"\",\"input\":[" HELLO "]" FIXED "}");
}

TEST(tools_may_precede_lifted_instructions)
{
    becomes("{\"model\":\"m\",\"input\":[{\"type\":\"additional_tools\",\"role\":\"developer\",\"tools\":[]},"
            "{\"role\":\"developer\",\"content\":\"a\"}," HELLO "]}",
            "{\"model\":\"m\",\"instructions\":\"a\",\"input\":["
            "{\"type\":\"additional_tools\",\"role\":\"developer\",\"tools\":[]}," HELLO "]" FIXED "}");
}

TEST(input_keeps_other_content_and_its_last_item)
{
    becomes("{\"model\":\"m\",\"input\":[{\"role\":\"developer\",\"content\":\"x\"}]}",
            "{\"model\":\"m\"," HELPFUL ",\"input\":[{\"role\":\"developer\",\"content\":\"x\"}]" FIXED "}");
    becomes("{\"model\":\"m\",\"input\":[{\"role\":\"developer\",\"content\":[{\"type\":\"input_image\"}]}," HELLO "]}",
            "{\"model\":\"m\"," HELPFUL
            ",\"input\":[{\"role\":\"developer\",\"content\":[{\"type\":\"input_image\"}]}," HELLO "]" FIXED "}");
}

TEST(configured_instructions_keep_the_clients)
{
    becomes_with("exact", "{\"model\":\"m\",\"instructions\":\"mine\",\"input\":\"hi\"}",
                 "{\"model\":\"m\",\"instructions\":\"exact\",\"input\":[{\"type\":\"message\",\"role\":\"developer\","
                 "\"content\":[{\"type\":\"input_text\",\"text\":\"mine\"}]}," HELLO "]" FIXED "}");
    becomes_with(
        "exact", "{\"model\":\"m\",\"input\":[{\"role\":\"developer\",\"content\":\"mine\"}," HELLO "]}",
        "{\"model\":\"m\",\"instructions\":\"exact\",\"input\":[{\"role\":\"developer\",\"content\":\"mine\"}," HELLO
        "]" FIXED "}");
}

TEST(system_messages_become_developer_messages)
{
    input_becomes("[" HELLO ",{\"role\":\"system\",\"content\":\"s\"}]",
                  "[" HELLO ",{\"role\":\"developer\",\"content\":\"s\"}]");
}

TEST(ids_and_references_are_removed)
{
    input_becomes(
        "[{\"id\":\"msg_1\",\"role\":\"user\",\"content\":\"a\"},{\"type\":\"item_reference\",\"id\":\"rs_1\"},"
        "{\"type\":\"reasoning\",\"id\":\"rs_2\",\"summary\":[],\"encrypted_content\":\"e\"},"
        "{\"type\":\"reasoning\",\"id\":\"rs_3\",\"summary\":[]}]",
        "[{\"role\":\"user\",\"content\":\"a\"},"
        "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"}]");
    /* A nested id is not the item's. */
    input_becomes("[{\"type\":\"x\",\"a\":{\"id\":\"1\"}}]", "[{\"type\":\"x\",\"a\":{\"id\":\"1\"}}]");
}

#define CALL(id) "{\"type\":\"function_call\",\"call_id\":\"" id "\",\"name\":\"f\",\"arguments\":\"{}\"}"
#define OUTPUT(id) "{\"type\":\"function_call_output\",\"call_id\":\"" id "\",\"output\":\"o\"}"
#define ORPHAN                                                                                \
    "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":" \
    "\"Output of an earlier tool call:\\no\"}]}"

TEST(outputs_need_their_call)
{
    input_becomes("[" CALL("a") "," CALL("b") "," OUTPUT("a") "," OUTPUT("b") "]",
                  "[" CALL("a") "," CALL("b") "," OUTPUT("a") "," OUTPUT("b") "]");
    input_becomes("[" OUTPUT("a") "," CALL("a") "]", "[" ORPHAN "," CALL("a") "]");
    input_becomes("[" CALL("a") "," OUTPUT("a") "," OUTPUT("a") "]", "[" CALL("a") "," OUTPUT("a") "," ORPHAN "]");
    input_becomes("[{\"type\":\"custom_tool_call_output\",\"call_id\":\"z\",\"output\":[{\"type\":\"input_image\"}]}]",
                  "[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"
                  "\"Output of an earlier tool call:\"},{\"type\":\"input_image\"}]}]");
}

TEST(efforts_are_limited_to_the_models)
{
    static const struct {
        const char *model, *asked, *sent;
    } cases[] = {
        {"gpt-5.5", "minimal", "low"},
        {"gpt-5.5", "xhigh", "xhigh"},
        {"gpt-5.5", "none", "none"},
        {"gpt-5", "xhigh", "high"},
        {"gpt-5", "none", "low"},
        {"gpt-5-2025-08-07", "xhigh", "high"},
        {"gpt-5.1", "none", "none"},
        {"gpt-5.1-codex", "none", "low"},
        {"gpt-5.1-codex-max", "xhigh", "xhigh"},
        {"gpt-5.1-codex-max", "ultra", "xhigh"},
        {"gpt-5.1-codex-mini", "low", "medium"},
        {"codex-mini-latest", "minimal", "medium"},
        {"gpt-7", "brand-new", "brand-new"},
        {"gpt-5", "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_slice(chatgpt_effort(slice_of(cases[i].model), slice_of(cases[i].asked)), cases[i].sent);
}

TEST(a_name_may_end_in_an_effort)
{
    static const struct {
        const char *name, *model, *effort;
    } cases[] = {
        {"gpt-5.1-codex-max-high", "gpt-5.1-codex-max", "high"},
        {"gpt-5.1-codex-max", "gpt-5.1-codex-max", ""},
        {"gpt-5.5-xhigh", "gpt-5.5", "xhigh"},
        {"gpt-5.5", "gpt-5.5", ""},
        {"-high", "-high", ""},
        {"", "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct chatgpt_model m = chatgpt_model(slice_of(cases[i].name));
        assert_slice(m.name, cases[i].model);
        assert_slice(m.effort, cases[i].effort);
    }
}

TEST(the_clients_effort_wins_over_the_names)
{
    becomes("{\"model\":\"gpt-5-xhigh\",\"input\":[]}",
            "{\"model\":\"gpt-5\"," HELPFUL ",\"input\":[]" FIXED ",\"reasoning\":{\"effort\":\"high\"}}");
    becomes("{\"model\":\"gpt-5-high\",\"input\":[],\"reasoning\":{\"summary\":\"auto\",\"effort\":\"minimal\"}}",
            "{\"model\":\"gpt-5\"," HELPFUL ",\"input\":[]" FIXED
            ",\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"}}");
    becomes("{\"model\":\"gpt-5\",\"input\":[],\"reasoning\":{\"summary\":\"auto\"},"
            "\"include\":[\"x\",\"reasoning.encrypted_content\"]}",
            "{\"model\":\"gpt-5\"," HELPFUL ",\"input\":[],\"stream\":true,\"store\":false,"
            "\"include\":[\"reasoning.encrypted_content\",\"x\"],\"reasoning\":{\"summary\":\"auto\"}}");
}

TEST(invalid_and_oversized_bodies_fail)
{
    const char *refusal;
    struct buf out;
    buf_init(&out, 64);
    assert_false(chatgpt_request(SLICE("[]"), NULL, &out, &refusal));
    assert_false(chatgpt_request(SLICE("{"), NULL, &out, &refusal));
    assert_false(chatgpt_request(SLICE("{\"model\":\"m\",\"input\":\"hi\"}"), NULL, &out, &refusal));
    assert_null(refusal);
    buf_free(&out);
}

/* Any input: the output is JSON. */
TEST(a_damaged_request_gives_json_or_fails)
{
    static const char whole[] =
        "{\"model\":\"gpt-5-high\",\"instructions\":null,\"reasoning\":{\"effort\":\"low\"},"
        "\"include\":[1],"
        "\"input\":[{\"role\":\"system\",\"content\":[{\"text\":\"a\"}]}," OUTPUT("a") "," CALL(
            "a") ",{\"id\":7,\"type\":[]},"
                 "null,{},[],{\"type\":\"reasoning\",\"encrypted_content\":\"e\"}],\"tools\":{},\"text\":\"x\"}";
    static const char damage[] = "0\"{}[]:,\\n\xff";
    const char *refusal;
    struct json j = {0};
    struct buf out;
    buf_init(&out, 1u << 20);
    for (size_t at = 0; at < sizeof whole - 1; at++)
        for (size_t d = 0; d < sizeof damage; d++) {
            char text[sizeof whole];
            memcpy(text, whole, sizeof whole);
            text[at] = damage[d];
            buf_clear(&out);
            if (chatgpt_request((struct slice){text, sizeof whole - 1}, d % 2 ? "i" : NULL, &out, &refusal))
                assert_true(json_parse(&j, out.data, out.len));
        }
    json_free(&j);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_becomes_a_list),
        cmocka_unit_test(unlisted_fields_are_removed),
        cmocka_unit_test(instructions_come_from_the_client_or_its_input),
        cmocka_unit_test(tools_may_precede_lifted_instructions),
        cmocka_unit_test(input_keeps_other_content_and_its_last_item),
        cmocka_unit_test(configured_instructions_keep_the_clients),
        cmocka_unit_test(system_messages_become_developer_messages),
        cmocka_unit_test(ids_and_references_are_removed),
        cmocka_unit_test(outputs_need_their_call),
        cmocka_unit_test(efforts_are_limited_to_the_models),
        cmocka_unit_test(a_name_may_end_in_an_effort),
        cmocka_unit_test(the_clients_effort_wins_over_the_names),
        cmocka_unit_test(invalid_and_oversized_bodies_fail),
        cmocka_unit_test(a_damaged_request_gives_json_or_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
