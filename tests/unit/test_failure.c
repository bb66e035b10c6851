/* Unit tests of proxy/terms/failure: the table, and the kinds of providers' error replies. */
#include "tests/unit/unit.h"
#include "common/json.h"
#include "common/secret.h"
#include "proxy/terms/failure.h"

static void read_as(int status, const char *body, enum failure_kind kind, const char *message)
{
    struct failure f;
    failure_from_reply(&f, NULL, status, -1, slice_of(body));
    if (f.kind != kind)
        print_error("HTTP %d %s: %s, expected %s\n", status, body, failure_rule(f.kind)->name,
                    failure_rule(kind)->name);
    assert_int_equal(f.kind, kind);
    assert_int_equal(f.upstream_status, status);
    if (message)
        assert_string_equal(f.message, message);
}

static void says(int status, const char *body, const char *part)
{
    struct failure f;
    failure_from_reply(&f, NULL, status, -1, slice_of(body));
    if (!strstr(f.message, part))
        fail_msg("\"%s\" does not contain \"%s\"", f.message, part);
}

/* ---- the table ---- */

static const enum failure_kind ALL[] = {
    FAILURE_CONNECT,   FAILURE_TIMEOUT,     FAILURE_RATE_LIMIT,  FAILURE_QUOTA,      FAILURE_AUTH,
    FAILURE_NOT_FOUND, FAILURE_BAD_REQUEST, FAILURE_UNSUPPORTED, FAILURE_CONTEXT,    FAILURE_CONTENT_FILTER,
    FAILURE_TOO_LARGE, FAILURE_MALFORMED,   FAILURE_SERVER,      FAILURE_OVERLOADED, FAILURE_CUT,
    FAILURE_EMPTY,     FAILURE_PROTOCOL,    FAILURE_INTERNAL,    FAILURE_BUDGET,
};

/* Codex hides the message of a 500 and repeats the request 30 times. It also repeats it after 401, 403 and 408, and a
 * 401 would blame the client's key. */
TEST(clients_never_get_statuses_that_mislead_codex)
{
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        const struct failure_rule *rule = failure_rule(ALL[i]);
        assert_true(rule->status == 400 || rule->status == 404 || rule->status == 429 || rule->status == 503);
        assert_non_null(rule->name);
        assert_non_null(rule->type);
        assert_non_null(rule->stream_code);
    }
    assert_string_equal(failure_rule(FAILURE_NONE)->name, "ok");
}

/* Codex shows the message of the code model_not_found and does not retry: right for errors that only the user can fix.
 */
TEST(permanent_failures_are_final_for_codex)
{
    const enum failure_kind permanent[] = {FAILURE_AUTH, FAILURE_NOT_FOUND};
    for (size_t i = 0; i < COUNT_OF(permanent); i++) {
        const struct failure_rule *rule = failure_rule(permanent[i]);
        assert_string_equal(rule->code, "model_not_found");
        assert_string_equal(rule->stream_code, "model_not_found");
        assert_true(rule->status == 400 || rule->status == 404);
    }
}

TEST(errors_of_the_request_are_not_retried)
{
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        bool request = ALL[i] == FAILURE_BAD_REQUEST || ALL[i] == FAILURE_CONTEXT || ALL[i] == FAILURE_CONTENT_FILTER ||
                       ALL[i] == FAILURE_INTERNAL || ALL[i] == FAILURE_BUDGET;
        assert_int_equal(failure_rule(ALL[i])->next, !request);
        bool lacking = ALL[i] == FAILURE_UNSUPPORTED || ALL[i] == FAILURE_TOO_LARGE;
        assert_int_equal(failure_rule(ALL[i])->cooldown_s == 0, request || lacking);
    }
}

/* ---- replies ---- */

TEST(statuses_decide_the_kind)
{
    static const struct {
        int status;
        enum failure_kind kind;
    } rows[] = {
        {400, FAILURE_BAD_REQUEST}, {401, FAILURE_AUTH},        {402, FAILURE_QUOTA},      {403, FAILURE_AUTH},
        {404, FAILURE_NOT_FOUND},   {405, FAILURE_NOT_FOUND},   {408, FAILURE_TIMEOUT},    {409, FAILURE_BAD_REQUEST},
        {413, FAILURE_TOO_LARGE},   {422, FAILURE_BAD_REQUEST}, {429, FAILURE_RATE_LIMIT}, {451, FAILURE_BAD_REQUEST},
        {500, FAILURE_SERVER},      {502, FAILURE_SERVER},      {503, FAILURE_OVERLOADED}, {504, FAILURE_SERVER},
        {529, FAILURE_OVERLOADED},  {599, FAILURE_SERVER},      {999, FAILURE_SERVER},     {101, FAILURE_PROTOCOL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        read_as(rows[i].status, "", rows[i].kind, NULL);
}

TEST(openai_replies)
{
    read_as(
        401,
        "{\"error\":{\"message\":\"Incorrect API key provided\",\"type\":\"invalid_request_error\",\"param\":null,"
        "\"code\":\"invalid_api_key\"}}",
        FAILURE_AUTH,
        "The provider refused its key: check that key and start again with a valid one. Incorrect API key provided");
    read_as(429,
            "{\"error\":{\"message\":\"Rate limit reached for gpt-5.5\",\"type\":\"tokens\",\"param\":null,"
            "\"code\":\"rate_limit_exceeded\"}}",
            FAILURE_RATE_LIMIT, "Rate limit reached for gpt-5.5");
    read_as(
        429,
        "{\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\",\"param\":null,"
        "\"code\":\"insufficient_quota\"}}",
        FAILURE_QUOTA, "You exceeded your current quota");
    read_as(
        404,
        "{\"error\":{\"message\":\"The model `x` does not exist\",\"type\":\"invalid_request_error\",\"param\":null,"
        "\"code\":\"model_not_found\"}}",
        FAILURE_NOT_FOUND, NULL);
    read_as(
        400,
        "{\"error\":{\"message\":\"Unsupported value\",\"type\":\"invalid_request_error\",\"param\":\"temperature\","
        "\"code\":\"unsupported_value\"}}",
        FAILURE_UNSUPPORTED, "Unsupported value");
    read_as(
        400,
        "{\"error\":{\"message\":\"Too big\",\"type\":\"invalid_request_error\",\"code\":\"context_length_exceeded\"}}",
        FAILURE_CONTEXT, "Too big");
    read_as(400, "{\"error\":{\"message\":\"The response was filtered\",\"code\":\"content_filter\"}}",
            FAILURE_CONTENT_FILTER, NULL);
    read_as(500, "{\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\"}}", FAILURE_SERVER,
            NULL);
}

/* Another model may have the capability: the next deployment is tried, and this one has no cooldown. */
TEST(missing_capability_leads_to_another_deployment)
{
    read_as(
        400,
        "{\"error\":{\"message\":\"This model does not support assistant message prefill. The conversation must end "
        "with a user message.\",\"type\":\"invalid_request_error\"}}",
        FAILURE_UNSUPPORTED, NULL);
    read_as(400, "{\"error\":{\"message\":\"registry.ollama.ai/library/x does not support tools\"}}",
            FAILURE_UNSUPPORTED, NULL);
    read_as(400, "{\"object\":\"error\",\"message\":\"x is not a multimodal model\"}", FAILURE_UNSUPPORTED, NULL);
    read_as(404, "{\"error\":{\"message\":\"No endpoints found that support tool use.\",\"code\":404}}",
            FAILURE_UNSUPPORTED, NULL);
    read_as(404, "{\"error\":{\"message\":\"No such model\"}}", FAILURE_NOT_FOUND, NULL);
    /* If another deployment failed temporarily, the client gets that failure. */
    struct failure reported = {0}, later;
    failure_set(&reported, FAILURE_OVERLOADED, "busy");
    failure_set(&later, FAILURE_UNSUPPORTED, "no prefill");
    failure_join(&reported, &later);
    assert_int_equal(reported.kind, FAILURE_OVERLOADED);
    assert_string_equal(reported.message, "busy; no prefill");
}

TEST(gemini_replies)
{
    struct failure f;
    static const char DAY[] =
        "[{\"error\":{\"code\":429,\"message\":\"You exceeded your current quota, please check your plan and billing details.\","
        "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\","
        "\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel-FreeTier\"}]}]}}]";
    static const char MINUTE[] =
        "[{\"error\":{\"code\":429,\"message\":\"You exceeded your current quota, please check your plan and billing details.\","
        "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{\"quotaId\":"
        "\"GenerateRequestsPerMinutePerProjectPerModel-FreeTier\"}]},{\"retryDelay\":\"17.25s\"}]}}]";
    read_as(429, DAY, FAILURE_QUOTA, "You exceeded your current quota, please check your plan and billing details.");
    read_as(429, MINUTE, FAILURE_RATE_LIMIT, NULL);
    failure_from_reply(&f, NULL, 429, -1, slice_of(MINUTE));
    assert_int_equal(f.retry_after_s, 18);
    assert_string_equal(f.code, "RESOURCE_EXHAUSTED");
    failure_from_reply(&f, NULL, 429, 3, slice_of(MINUTE));
    assert_int_equal(f.retry_after_s, 3);
    read_as(400,
            "[{\"error\":{\"code\":400,\"message\":\"API key not valid. Please pass a valid API key.\","
            "\"status\":\"INVALID_ARGUMENT\"}}]",
            FAILURE_AUTH, NULL);
    read_as(
        400,
        "[{\"error\":{\"code\":400,\"message\":\"The input token count (1200000) exceeds the maximum number of tokens "
        "allowed (1048576).\",\"status\":\"INVALID_ARGUMENT\"}}]",
        FAILURE_CONTEXT, NULL);
    read_as(400, "[{\"error\":{\"code\":400,\"message\":\"Unknown name\",\"status\":\"INVALID_ARGUMENT\"}}]",
            FAILURE_BAD_REQUEST, "Unknown name");
    read_as(404, "[{\"error\":{\"code\":404,\"message\":\"models/x is not found\",\"status\":\"NOT_FOUND\"}}]",
            FAILURE_NOT_FOUND, NULL);
    read_as(403, "[{\"error\":{\"code\":403,\"message\":\"denied\",\"status\":\"PERMISSION_DENIED\"}}]", FAILURE_AUTH,
            NULL);
    read_as(503, "[{\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}]",
            FAILURE_OVERLOADED, "The model is overloaded.");
}

TEST(replies_of_other_servers)
{
    /* Ollama */
    read_as(404,
            "{\"error\":{\"message\":\"model 'x' not found\",\"type\":\"api_error\",\"param\":null,\"code\":null}}",
            FAILURE_NOT_FOUND, NULL);
    read_as(503, "{\"error\":{\"message\":\"server busy, please try again.\",\"type\":\"api_error\"}}",
            FAILURE_OVERLOADED, "server busy, please try again.");
    read_as(403, "", FAILURE_AUTH, NULL);
    /* Hugging Face */
    read_as(401, "{\"error\":\"Invalid username or password.\"}", FAILURE_AUTH, NULL);
    read_as(402, "{\"error\":\"You have depleted your monthly included credits.\"}", FAILURE_QUOTA,
            "You have depleted your monthly included credits.");
    read_as(
        422,
        "{\"error\":\"Input validation error: `inputs` must have less than 4096 tokens\",\"error_type\":\"validation\"}",
        FAILURE_CONTEXT, NULL);
    read_as(
        400,
        "{\"error\":{\"message\":\"not supported by any provider you have enabled\",\"code\":\"model_not_supported\"}}",
        FAILURE_NOT_FOUND, NULL);
    read_as(400, "{\"error\":[\"first\",\"second\"]}", FAILURE_BAD_REQUEST, "first");
    /* FastAPI */
    read_as(422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"Field required\",\"type\":\"missing\"}]}",
            FAILURE_BAD_REQUEST, "Field required");
    read_as(404, "{\"detail\":\"Not Found\"}", FAILURE_NOT_FOUND, NULL);
    /* vLLM, llama.cpp, Anthropic, OpenRouter */
    read_as(400,
            "{\"object\":\"error\",\"message\":\"This model's maximum context length is 8192 tokens.\",\"code\":400}",
            FAILURE_CONTEXT, NULL);
    read_as(400, "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context size\"}}",
            FAILURE_CONTEXT, NULL);
    read_as(
        400,
        "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 2 > 1\"}}",
        FAILURE_CONTEXT, "prompt is too long: 2 > 1");
    read_as(400, "{\"error\":{\"message\":\"Your credit balance is too low\",\"type\":\"invalid_request_error\"}}",
            FAILURE_QUOTA, NULL);
    read_as(529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
            FAILURE_OVERLOADED, "Overloaded");
    read_as(400, "{\"error\":{\"message\":\"x/y is not a valid model ID\",\"code\":400}}", FAILURE_NOT_FOUND, NULL);
    /* A rate limit that mentions tokens is not a full context window. */
    read_as(429, "{\"error\":{\"message\":\"Too many tokens for your context window plan\"}}", FAILURE_RATE_LIMIT,
            NULL);
}

TEST(replies_that_are_not_json_are_described)
{
    says(502, "<html><body>Bad gateway</body></html>", "HTTP 502 with a web page");
    says(502, "  \n<!doctype html>", "HTTP 502 with a web page");
    says(503, "", "HTTP 503 without a body");
    says(500, "{}", "HTTP 500 without a message");
    says(500, "[]", "HTTP 500 without a message");
    says(500, "{\"error\":{\"message\":\"cut", "HTTP 500 without a message");
    says(500, "upstream connect error", "HTTP 500: upstream connect error");
    says(500, "{\"error\":{\"message\":{\"raw\":\"inner\"}}}", "{\"raw\":\"inner\"}");
}

TEST(messages_are_redacted_truncated_and_on_one_line)
{
    struct failure f;
    char *key = secret_keep(SLICE("sk-canary-0123456789"));
    assert_non_null(key);
    says(401, "{\"error\":{\"message\":\"wrong key sk-canary-0123456789!\"}}", "wrong key [redacted]!");
    says(401, "wrong key sk-canary-0123456789!", "wrong key [redacted]!");
    failure_from_reply(&f, NULL, 400, -1,
                       SLICE("{\"error\":{\"message\":\"a\\nb\\u0000c\",\"code\":\"sk-canary-0123456789\"}}"));
    assert_string_equal(f.message, "a b c");
    assert_string_equal(f.code, "[redacted]");

    /* Truncation would split a key, and a character. */
    char body[1200];
    snprintf(body, sizeof body, "{\"error\":{\"message\":\"%0500d sk-canary-0123456789\"}}", 0);
    failure_from_reply(&f, NULL, 400, -1, slice_of(body));
    assert_null(strstr(f.message, "sk-"));
    assert_int_equal(strlen(f.message), sizeof f.message - 1);
    snprintf(body, sizeof body, "{\"error\":{\"message\":\"%0510d\xe2\x82\xac\"}}", 0);
    failure_from_reply(&f, NULL, 400, -1, slice_of(body));
    assert_int_equal(strlen(f.message), 510);
    secret_free(key);
}

TEST(errors_inside_a_reply_are_read)
{
    static const struct {
        const char *error;
        enum failure_kind kind;
    } rows[] = {
        {"{\"message\":\"x\",\"code\":\"server_error\"}", FAILURE_SERVER},
        {"{\"message\":\"x\",\"code\":502}", FAILURE_SERVER},
        {"{\"message\":\"x\",\"code\":503,\"type\":\"server_error\"}", FAILURE_OVERLOADED},
        {"{\"message\":\"x\",\"code\":429}", FAILURE_RATE_LIMIT},
        {"{\"message\":\"x\",\"code\":\"rate_limit_exceeded\"}", FAILURE_RATE_LIMIT},
        {"{\"message\":\"x\",\"type\":\"overloaded_error\"}", FAILURE_OVERLOADED},
        {"{\"message\":\"x\",\"type\":\"invalid_request_error\"}", FAILURE_BAD_REQUEST},
        {"{\"message\":\"x\",\"status\":\"INVALID_ARGUMENT\"}", FAILURE_BAD_REQUEST},
        {"{\"message\":\"maximum context length is 5\",\"type\":\"invalid_request_error\"}", FAILURE_CONTEXT},
        {"{\"message\":\"x\",\"code\":\"content_filter\"}", FAILURE_CONTENT_FILTER},
        {"{\"error\":{\"message\":\"x\",\"code\":401}}", FAILURE_AUTH},
        {"\"x\"", FAILURE_SERVER},
    };
    struct failure f;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        failure_from_error(&f, NULL, slice_of(rows[i].error));
        if (f.kind != rows[i].kind)
            fail_msg("%s: %s, expected %s", rows[i].error, failure_rule(f.kind)->name,
                     failure_rule(rows[i].kind)->name);
        assert_true(strlen(f.message) > 0);
    }
    failure_from_error(&f, NULL, SLICE("null"));
    assert_int_equal(f.kind, FAILURE_SERVER);
    assert_string_equal(f.message, "the provider sent an error without a message");
}

/* ---- the client's reply ---- */

TEST(clients_get_openais_error_object)
{
    struct failure f;
    struct buf out;
    buf_init(&out, 4096);
    failure_set(&f, FAILURE_CONNECT, "%s: refused \"%d\"", "h", 7);
    failure_name(&f, "a/openai/1");
    assert_true(failure_body(&f, &out));
    assert_buf(&out,
               "{\"error\":{\"message\":\"a/openai/1: h: refused \\\"7\\\"\",\"type\":\"server_error\",\"param\":null,"
               "\"code\":\"upstream_unreachable\"}}");
    buf_clear(&out);
    failure_from_reply(&f, NULL, 422, -1, SLICE("{\"error\":{\"message\":\"m\",\"code\":\"odd_value\"}}"));
    assert_true(failure_body(&f, &out));
    assert_buf(
        &out,
        "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"odd_value\"}}");
    buf_clear(&out);
    failure_from_reply(&f, NULL, 401, -1, SLICE("{\"error\":{\"message\":\"m\",\"code\":\"invalid_api_key\"}}"));
    assert_true(failure_body(&f, &out));
    assert_non_null(strstr(buf_text(&out), "\"code\":\"model_not_found\""));
    buf_clear(&out);
    failure_from_reply(&f, NULL, 400, -1, SLICE("bad \xff bytes"));
    assert_true(failure_body(&f, &out));
    struct json j = {0};
    assert_true(json_parse(&j, out.data, out.len));
    json_free(&j);
    buf_free(&out);
}

TEST(long_names_leave_room_for_the_message)
{
    struct failure f;
    failure_set(&f, FAILURE_SERVER, "%0600d", 0);
    failure_name(&f, "deployment");
    assert_int_equal(strlen(f.message), sizeof f.message - 1);
    assert_true(strncmp(f.message, "deployment: 000", 15) == 0);
}

static int retry_after(enum failure_kind kind, int seconds)
{
    struct failure f = {.kind = kind, .retry_after_s = seconds};
    return failure_retry_after(&f);
}

/* Codex waits as long as Retry-After demands, and gives up on a 429 without it. */
TEST(every_rate_limit_has_a_bounded_retry_after)
{
    assert_int_equal(retry_after(FAILURE_RATE_LIMIT, 7), 7);
    assert_int_equal(retry_after(FAILURE_RATE_LIMIT, 0), 1);
    assert_int_equal(retry_after(FAILURE_RATE_LIMIT, 100000), 60);
    assert_true(retry_after(FAILURE_RATE_LIMIT, -1) >= 1);
    assert_int_equal(retry_after(FAILURE_OVERLOADED, 9), 9);
    assert_int_equal(retry_after(FAILURE_OVERLOADED, -1), -1);
    assert_int_equal(retry_after(FAILURE_QUOTA, 9), -1);
    assert_int_equal(retry_after(FAILURE_AUTH, 9), -1);
}

TEST(arbitrary_bodies_are_safe)
{
    static const char RICH[] =
        "[{\"error\":{\"code\":429,\"status\":\"X\",\"message\":\"\\u00e9\\ud800\",\"details\":"
        "[{\"retryDelay\":\"99999999s\"},1,[],{\"retryDelay\":\"s\"}]},\"detail\":[[[[[[\"d\"]]]]]]}]";
    char text[sizeof RICH];
    struct failure f;
    for (size_t i = 0; i < sizeof RICH; i++) {
        for (int c = -1; c < 256; c += 3) {
            memcpy(text, RICH, sizeof RICH);
            text[i] = (char)c;
            struct slice body = {text, c < 0 ? i : sizeof RICH - 1};
            failure_from_reply(&f, NULL, 429, -1, body);
            assert_true(strlen(f.message) > 0 && f.retry_after_s >= -1);
            failure_from_error(&f, NULL, body);
            assert_true(strlen(f.message) > 0);
        }
    }
}

static int start(void **state)
{
    (void)state;
    return secret_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_never_get_statuses_that_mislead_codex),
        cmocka_unit_test(permanent_failures_are_final_for_codex),
        cmocka_unit_test(errors_of_the_request_are_not_retried),
        cmocka_unit_test(statuses_decide_the_kind),
        cmocka_unit_test(openai_replies),
        cmocka_unit_test(missing_capability_leads_to_another_deployment),
        cmocka_unit_test(gemini_replies),
        cmocka_unit_test(replies_of_other_servers),
        cmocka_unit_test(replies_that_are_not_json_are_described),
        cmocka_unit_test(messages_are_redacted_truncated_and_on_one_line),
        cmocka_unit_test(errors_inside_a_reply_are_read),
        cmocka_unit_test(clients_get_openais_error_object),
        cmocka_unit_test(long_names_leave_room_for_the_message),
        cmocka_unit_test(every_rate_limit_has_a_bounded_retry_after),
        cmocka_unit_test(arbitrary_bodies_are_safe),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
