/* Unit tests of refusals: which part of a request an error complains of, which field it names, which effort it offers,
 * and what follows from rows of the user's. */
#include "tests/unit/unit.h"
#include "common/secret.h"
#include "proxy/terms/effort.h"
#include "proxy/terms/failure_patterns.h"

#include <regex.h>

static struct failure reply(int status, const char *body)
{
    struct failure f;
    failure_from_reply(&f, NULL, status, -1, slice_of(body));
    return f;
}

/* Real errors: in other fields than the message, with other statuses, behind gateways. */
TEST(refusals_name_their_parts)
{
    static const struct {
        int status;
        const char *body;
        unsigned parts;
    } rows[] = {
        {400, "{\"error\":\"this model does not support image input\"}", PART_IMAGES},
        {404, "{\"error\":{\"code\":404,\"message\":\"No endpoints found that support image input\"}}", PART_IMAGES},
        {500, "{\"error\":{\"code\":500,\"message\":\"image input is not supported by this server\"}}", PART_IMAGES},
        {400,
         "{\"message\":\"litellm.BadRequestError: OpenAIException - {\\\"error\\\":{\\\"message\\\":\\\"image input is not "
         "supported\\\"}}\"}",
         PART_IMAGES},
        {422,
         "{\"detail\":[{\"loc\":[\"body\",\"messages\",0,\"content\",1,\"type\"],\"msg\":\"Input should be 'text'\"}]}",
         PART_IMAGES},
        {400,
         "{\"error\":{\"code\":\"400\",\"message\":\"Param Incorrect\",\"param\":\"The reasoning_content in the thinking "
         "mode must be passed back to the API.\"}}",
         PART_NO_REASONING},
        {400,
         "{\"error\":{\"message\":\"Provider returned error\",\"code\":400,\"metadata\":{\"raw\":\"Gemini models require "
         "OpenRouter reasoning details to be preserved in each request. Upstream error: {\\\"error\\\":{\\\"message\\\":"
         "\\\"Function call is missing a thought_signature\\\"}}\"}}}",
         PART_NO_DETAILS},
        {400, "{\"error\":{\"message\":\"no\",\"param\":\"reasoning.effort\",\"code\":\"unsupported_parameter\"}}",
         PART_EFFORT},
        {404, "<html>404</html>", PART_API},
        {404, "", PART_API},
        {405, "{\"detail\":\"Method Not Allowed\"}", PART_API},
        {404, "404 page not found", PART_API},
        /* Errors about something else. */
        {404, "{\"error\":{\"message\":\"The model `x` does not exist\",\"code\":\"model_not_found\"}}", 0},
        {404, "{\"error\":{\"message\":\"model 'x' not found, try pulling it first\"}}", 0},
        {400, "{\"error\":{\"message\":\"Failed to download image_url: 403\"}}", 0},
        {400, "{\"error\":{\"message\":\"Invalid schema for response_format 'x'\",\"code\":\"invalid_json_schema\"}}",
         0},
        {400, "{\"error\":{\"message\":\"messages must not be empty\"}}", 0},
        {429, "{\"error\":{\"message\":\"reasoning_effort is not supported\"}}", 0},
        {401, "{\"error\":{\"message\":\"image input is not supported\"}}", 0},
        {400, "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens; reasoning_effort\"}}", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (reply(rows[i].status, rows[i].body).parts != rows[i].parts)
            fail_msg("%s: %x", rows[i].body, reply(rows[i].status, rows[i].body).parts);
}

TEST(an_error_names_its_field)
{
    static const struct {
        const char *error, *field;
        unsigned part;
    } rows[] = {
        {"{\"message\":\"Unsupported parameter: 'temperature' is not supported\",\"param\":\"temperature\"}",
         "temperature", PART_FIELD},
        {"{\"message\":\"Unsupported value: 'temperature' does not support 0.2\"}", "temperature", PART_FIELD},
        {"{\"detail\":\"Unsupported parameter: metadata\"}", "metadata", PART_FIELD},
        {"{\"message\":\"Validation: Unsupported parameter(s): prompt_cache_key\"}", "prompt_cache_key", PART_FIELD},
        {"{\"message\":\"unknown parameter `access_programs`\"}", "access_programs", PART_FIELD},
        {"{\"message\":\"Argument not supported on this model: presencePenalty\"}", "presence_penalty", PART_FIELD},
        {"{\"message\":\"no\",\"param\":\"reasoning.summary\",\"code\":\"unsupported_value\"}", "", 0},
        {"{\"message\":\"Unsupported value: no\",\"param\":\"reasoning.summary\"}", "reasoning.summary", PART_FIELD},
        {"{\"message\":{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\",\"include_usage\"],"
         "\"msg\":\"Extra inputs are not permitted\"}]}}",
         "stream_options", PART_FIELD},
        {"{\"message\":\"[{'type': 'extra_forbidden', 'loc': ('body', 'store'), 'msg': 'Extra inputs are not permitted'}]\"}",
         "store", PART_FIELD},
        {"{\"detail\":[{\"loc\":[\"body\",\"messages\",3,\"assistant\",\"reasoning_content\"],\"msg\":\"Extra inputs are not "
         "permitted\"}]}",
         "", PART_REASONING},
        {"{\"message\":\"'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property "
         "'reasoning_content' is unsupported)]\"}",
         "reasoning_content", PART_REASONING},
        {"{\"message\":\"messages.1.assistant.reasoning_content: property 'messages.1.assistant.reasoning_content' is "
         "unsupported\",\"param\":\"validation_error\",\"code\":\"wrong_api_format\"}",
         "", PART_REASONING},
        {"{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with this model. Use "
         "'max_completion_tokens' instead.\"}",
         "", PART_MAX_TOKENS},
        /* These are not left out: the request would mean something else without them. */
        {"{\"message\":\"Unsupported parameter: 'tools'\"}", "", 0},
        {"{\"message\":\"tools[0].eager: Extra inputs are not permitted\",\"param\":\"tools[0].eager\"}", "", 0},
        {"{\"message\":\"The model is not supported\"}", "", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure f;
        failure_from_reply(&f, NULL, 400, -1, slice_of(rows[i].error));
        if (f.parts != rows[i].part || (f.parts == PART_FIELD && strcmp(f.field, rows[i].field) != 0))
            fail_msg("%s: %x \"%s\"", rows[i].error, f.parts, f.field);
    }
}

TEST(efforts_are_read_from_the_error)
{
    static const struct {
        const char *message, *asked, *sent; /* sent NULL: left out */
    } rows[] = {
        {"Unsupported value: 'none' is not supported with the 'x' model. Supported values are: 'low', 'medium', and "
         "'high'.",
         "none", "low"},
        {"invalid reasoning value: \"minimal\" (must be \"high\", \"medium\", \"low\", or \"none\")", "minimal", "low"},
        {"expected one of `'low' | 'medium' | 'high'`, received `'xhigh'`", "xhigh", "high"},
        {"Input should be 'low', 'medium' or 'high'\", 'input': 'xhigh'", "xhigh", "high"},
        {"level \"max\" not supported, valid levels: low, medium, high, xhigh", "max", "xhigh"},
        {"Supported values are ['low', 'high', 'max']", "medium", "low"},
        {"Supported values are ['low', 'high', 'max']", "ultra", "max"},
        {"Supported values: 'medium'.", "high", "medium"},
        {"reasoning_effort must be one of none or default", "high", NULL},
        {"reasoning_effort must be one of none or default", "none", "none"},
        {"use /v1/responses or set reasoning_effort to 'none'.", "high", "none"},
        {"think value \"medium\" is not supported for this model", "medium", NULL},
        {"x does not support thinking", "high", NULL},
        {"must be one of red, green", "high", NULL},
        {"must be one of low, high", "odd", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned offered = effort_offered(slice_of(rows[i].message));
        const char *sent = effort_nearest(offered, slice_of(rows[i].asked));
        if (!sent != !rows[i].sent || (sent && strcmp(sent, rows[i].sent) != 0))
            fail_msg("%s, %s: %s", rows[i].message, rows[i].asked, sent ? sent : "nothing");
    }
}

TEST(sets_of_parts_are_combined)
{
    struct omissions w = {0};
    struct buf names;
    buf_init(&names, 256);
    assert_true(omissions_add(&w, &(struct omissions){
                                      .parts = PART_IMAGES | PART_FIELD, .field_count = 1, .fields = {"a_b"}}));
    assert_false(omissions_add(&w, &(struct omissions){.parts = PART_FIELD, .field_count = 1, .fields = {"a_b"}}));
    assert_true(omits_field(&w, "a_b"));
    assert_false(omits_field(&w, "a"));
    assert_false(omits_field(NULL, "a"));
    omissions_describe(&w, &names);
    assert_buf(&names, "images, a_b");
    for (char name[] = "field_a"; name[6] <= 'z'; name[6]++) { /* more than fit */
        struct omissions more = {.parts = PART_FIELD, .field_count = 1};
        memcpy(more.fields[0], name, sizeof name);
        assert_int_equal(omissions_add(&w, &more), name[6] - 'a' < PART_FIELDS - 1);
    }
    assert_int_equal(w.field_count, PART_FIELDS);
    for (unsigned part = 1; part <= PART_API; part <<= 1)
        assert_int_equal(part_named(part_name(part)), part == PART_FIELD ? 0 : part);
    buf_free(&names);
}

/* The user's rows come before ours. They match by provider, deployment, status, and words or an expression. */
TEST(user_rows_come_first)
{
    regex_t expression;
    assert_int_equal(regcomp(&expression, "too (cold|hot)", REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    const struct failure_pattern own[] = {
        {.text = "warming up",
         .name = "error_rules[0]",
         .provider = "openai",
         .status = 503,
         .cooldown_s = 7,
         .then = FAILURE_THEN_NEXT},
        {.text = "",
         .expression = &expression,
         .name = "error_rules[1]",
         .cooldown_s = 0,
         .then = FAILURE_THEN_STOP,
         .kind = FAILURE_RATE_LIMIT,
         .kind_given = true},
        {.text = "no colors",
         .name = "error_rules[2]",
         .deployment = "d",
         .parts = PART_IMAGES,
         .parts_given = true,
         .cooldown_s = FAILURE_COOLDOWN_USUAL},
        {.text = "no shades",
         .name = "error_rules[3]",
         .parts = PART_FIELD,
         .parts_given = true,
         .field = "shades",
         .then = FAILURE_THEN_RETRY,
         .cooldown_s = FAILURE_COOLDOWN_USUAL},
    };
    const struct failure_source source = {own, COUNT_OF(own), "openai", "d"}, other = {own, COUNT_OF(own), "groq", "e"};
    struct failure f;
    failure_from_reply(&f, &source, 503, -1, SLICE("{\"error\":\"Warming up\"}"));
    assert_ptr_equal(f.pattern, &own[0]);
    assert_int_equal(f.kind, FAILURE_OVERLOADED);
    assert_int_equal(failure_cooldown_s(&f), 7);
    assert_true(failure_cooldown_given(&f) && failure_goes_on(&f));
    failure_from_reply(&f, &other, 503, -1, SLICE("{\"error\":\"Warming up\"}"));
    assert_null(f.pattern);
    failure_from_reply(&f, &source, 500, -1, SLICE("{\"error\":\"Warming up\"}"));
    assert_null(f.pattern);
    failure_from_error(&f, &other, SLICE("\"It is TOO HOT here\""));
    assert_ptr_equal(f.pattern, &own[1]);
    assert_int_equal(f.kind, FAILURE_RATE_LIMIT);
    assert_true(failure_stops(&f) && !failure_goes_on(&f));
    assert_int_equal(failure_cooldown_s(&f), 0);
    failure_from_reply(&f, &source, 418, -1, SLICE("{\"error\":\"no colors\"}"));
    assert_int_equal(f.parts, PART_IMAGES);
    assert_int_equal(failure_cooldown_s(&f), failure_rule(FAILURE_BAD_REQUEST)->cooldown_s);
    failure_from_reply(&f, &other, 418, -1, SLICE("{\"error\":\"no colors\"}"));
    assert_int_equal(f.parts, 0);
    failure_from_reply(&f, &other, 400, -1, SLICE("{\"error\":\"no shades\"}"));
    assert_int_equal(f.parts, PART_FIELD);
    assert_string_equal(f.field, "shades");
    assert_true(failure_retries(&f));
    /* Our tables decide what a row omits; status 200 means an error inside a reply with that status. */
    const struct failure_pattern effort[] = {
        {.text = "reasoning_effort", .name = "error_rules[0]", .status = 200, .cooldown_s = FAILURE_COOLDOWN_USUAL},
        {.text = "reasoning_effort",
         .name = "error_rules[1]",
         .status = 400,
         .parts_given = true,
         .cooldown_s = FAILURE_COOLDOWN_USUAL},
    };
    const struct failure_source efforts = {effort, COUNT_OF(effort), "openai", "d"};
    failure_from_error(&f, &efforts, SLICE("\"unsupported parameter: reasoning_effort\""));
    assert_ptr_equal(f.pattern, &effort[0]);
    assert_int_equal(f.parts, PART_EFFORT);
    failure_from_reply(&f, &efforts, 400, -1, SLICE("{\"error\":\"unsupported parameter: reasoning_effort\"}"));
    assert_ptr_equal(f.pattern, &effort[1]);
    assert_int_equal(f.parts, 0);
    regfree(&expression);
}

/* A user's expression has no elements whose cost is unbounded. */
TEST(user_expressions_are_bounded)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"no (colors|shades)", ""},
        {"a\\{3\\}\\.", ""},
        {"(a*)*\\1", "counts such as {3} and back-references are not supported"},
        {"(a{99}){99}", "counts such as {3} and back-references are not supported"},
        {"(a", "Unmatched ( or \\("},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char why[128] = "";
        void *made = failure_expression(rows[i].text, why, sizeof why);
        assert_string_equal(why, rows[i].why);
        assert_int_equal(made != NULL, !*rows[i].why);
        failure_expression_free(made);
    }
    for (unsigned kind = FAILURE_CONNECT; failure_names[kind]; kind++)
        assert_string_equal(failure_names[kind], failure_rule(kind)->name);
}

static int start(void **state)
{
    (void)state;
    return secret_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_name_their_parts),
        cmocka_unit_test(an_error_names_its_field),
        cmocka_unit_test(efforts_are_read_from_the_error),
        cmocka_unit_test(sets_of_parts_are_combined),
        cmocka_unit_test(user_rows_come_first),
        cmocka_unit_test(user_expressions_are_bounded),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
