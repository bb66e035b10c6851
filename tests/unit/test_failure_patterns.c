/* Unit tests of proxy/terms/failure_patterns: the table row by row, and errors that a gateway wraps. */
#include "tests/unit/unit.h"
#include "common/json.h"
#include "common/secret.h"
#include "proxy/terms/failure_patterns.h"

/* Writes {"error":{"message":EXAMPLE,"code":WORDS}}, the code only if the row looks there; an empty body if the row is
 * about an empty body. */
static void body_of(const struct failure_pattern *w, struct buf *out)
{
    buf_clear(out);
    if (w->match == FAILURE_IS_TEXT && !*w->text)
        return;
    BUF_ADD(out, "{\"error\":{\"message\":");
    json_add_string(out, slice_of(w->example));
    if (w->match == FAILURE_IN_CODE) {
        BUF_ADD(out, ",\"code\":");
        json_add_string(out, slice_of(w->text));
    }
    assert_true(BUF_ADD(out, "}}"));
}

static void check_row(const struct failure_pattern *w, struct buf *body)
{
    struct failure f;
    body_of(w, body);
    if (failure_pattern_of(w->status, buf_slice(body)) != w)
        fail_msg("another row than \"%s\" decides %s", w->text, buf_text(body));
    if (w->status)
        failure_from_reply(&f, NULL, w->status, -1, buf_slice(body));
    else
        failure_from_error(&f, NULL, buf_slice(body));
    if (f.kind != w->kind && f.kind != FAILURE_TOO_LARGE) /* the numbers in the message may decide for too large */
        fail_msg("\"%s\": %s, expected %s", w->text, failure_rule(f.kind)->name, failure_rule(w->kind)->name);
    if (!(w->parts & PART_FIELD) && f.parts != w->parts)
        fail_msg("\"%s\": parts %x", w->text, f.parts);
    if ((w->parts & PART_FIELD) && !f.parts)
        fail_msg("\"%s\" names no field", w->text);
    assert_non_null(strstr(f.message, w->example));
}

/* Each row decides its own example: no earlier row hides it. */
TEST(every_row_decides_its_example)
{
    struct buf body;
    buf_init(&body, 4096);
    for (unsigned table = 0; table < 3; table++) {
        size_t count;
        const struct failure_pattern *words = failure_patterns(table, &count);
        assert_int_equal(table < 2, words != NULL);
        for (size_t i = 0; i < count; i++)
            check_row(&words[i], &body);
    }
    buf_free(&body);
}

/* Rows that look at the message do not apply to the same words with a status of another kind. */
TEST(rows_apply_only_to_their_kinds)
{
    static const struct {
        int status;
        const char *message;
        enum failure_kind kind;
    } rows[] = {
        {429, "Too many tokens for your context window plan", FAILURE_RATE_LIMIT},
        {503, "The model is overloaded; prompt is too long", FAILURE_OVERLOADED},
        {401, "Request too large", FAILURE_AUTH},
        {500, "rate limit", FAILURE_SERVER},
        {404, "does not support tools", FAILURE_NOT_FOUND},
    };
    char body[256];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure f;
        (void)snprintf(body, sizeof body, "{\"error\":{\"message\":\"%s\"}}", rows[i].message);
        failure_from_reply(&f, NULL, rows[i].status, -1, slice_of(body));
        if (f.kind != rows[i].kind)
            fail_msg("%d %s: %s", rows[i].status, rows[i].message, failure_rule(f.kind)->name);
    }
}

/* A gateway's error with the provider's own message in it: that one is shown, and it decides. */
static const struct wrapped {
    int status; /* 0: an error inside a reply of status 200 */
    const char *body;
    enum failure_kind kind;
    const char *message; /* NULL: any */
} WRAPPED[] = {
    /* OpenRouter: JSON as text, JSON, text, no message. */
    {400,
     "{\"error\":{\"message\":\"Provider returned error\",\"code\":400,\"metadata\":{\"raw\":\"{\\\"error\\\":"
     "{\\\"message\\\":\\\"This endpoint's maximum context length is 131072 tokens.\\\"}}\",\"provider_name\":\"X\"}}}",
     FAILURE_CONTEXT, "X: This endpoint's maximum context length is 131072 tokens."},
    {429,
     "{\"error\":{\"message\":\"Provider returned error\",\"code\":429,\"metadata\":{\"raw\":\"{\\\"error\\\":"
     "{\\\"message\\\":\\\"Your account is suspended\\\",\\\"type\\\":\\\"exceeded_current_quota_error\\\"}}\","
     "\"provider_name\":\"Moonshot AI\"}}}",
     FAILURE_QUOTA, "Moonshot AI: Your account is suspended"},
    {400,
     "{\"error\":{\"message\":\"Provider returned error\",\"code\":400,\"metadata\":{\"raw\":{\"error\":{\"message\":"
     "\"Failed to call a function.\",\"code\":\"tool_use_failed\"}},\"provider_name\":\"Groq\"}}}",
     FAILURE_MALFORMED, "Groq: Failed to call a function."},
    {429,
     "{\"error\":{\"message\":\"Provider returned error\",\"code\":429,\"metadata\":{\"raw\":\"x is temporarily "
     "rate-limited upstream. Please retry shortly\",\"provider_name\":\"BaseTen\",\"retry_after_seconds\":17}}}",
     FAILURE_RATE_LIMIT, "BaseTen: x is temporarily rate-limited upstream. Please retry shortly"},
    {502,
     "{\"error\":{\"message\":\"Provider returned error\",\"code\":502,\"metadata\":{\"raw\":\"<html>bad</html>\","
     "\"provider_name\":\"X\"}}}",
     FAILURE_SERVER, "X: Provider returned error"},
    {400, "{\"error\":{\"message\":\"Provider returned error\",\"code\":400,\"metadata\":{\"raw\":null}}}",
     FAILURE_UNSUPPORTED, "Provider returned error"},
    {0,
     "{\"code\":400,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":\"{\\\"message\\\":\\\"prompt is too "
     "long: 2 > 1\\\"}\",\"provider_name\":\"X\"}}",
     FAILURE_CONTEXT, "X: prompt is too long: 2 > 1"},
    {0, "{\"code\":502,\"message\":\"down\",\"metadata\":{\"error_type\":\"provider_unavailable\"}}", FAILURE_SERVER,
     "down"},
    /* LiteLLM, one-api: JSON inside the message, and statuses in digits. */
    {400,
     "{\"error\":{\"message\":\"litellm.BadRequestError: GroqException - {\\\"error\\\":{\\\"message\\\":\\\"no\\\","
     "\\\"code\\\":\\\"tool_use_failed\\\"}}\",\"type\":null,\"param\":null,\"code\":\"400\"}}",
     FAILURE_MALFORMED,
     "litellm.BadRequestError: GroqException - {\"error\":{\"message\":\"no\",\"code\":\"tool_use_failed\"}}"},
    {400, "{\"error\":{\"message\":\"{\\\"error\\\":{\\\"message\\\":\\\"inner\\\",\\\"code\\\":\\\"1301\\\"}}\"}}",
     FAILURE_CONTENT_FILTER, "inner"},
    {0, "{\"message\":\"litellm.RateLimitError: x\",\"code\":\"429\"}", FAILURE_RATE_LIMIT, NULL},
    /* Other shapes. */
    {429, "{\"errors\":[{\"message\":\"used up\",\"code\":3036}],\"success\":false}", FAILURE_RATE_LIMIT, "used up"},
    {0, "{\"base_resp\":{\"status_code\":1008,\"status_msg\":\"insufficient balance\"}}", FAILURE_QUOTA,
     "insufficient balance"},
    {400, "{\"error_code\":336007,\"error_msg\":\"the max input characters is 9\"}", FAILURE_BAD_REQUEST,
     "the max input characters is 9"},
    {403, "{\"code\":30001,\"message\":\"Sorry, your account balance is insufficient\",\"data\":null}", FAILURE_QUOTA,
     NULL},
    {400, "{\"code\":\"invalid\",\"error\":\"This model's maximum prompt length is 5 but the request contains 6\"}",
     FAILURE_CONTEXT, "This model's maximum prompt length is 5 but the request contains 6"},
    {424, "{\"error\":\"Request failed during generation\",\"error_type\":\"generation\"}", FAILURE_SERVER, NULL},
    /* A server-sent event in an error reply; plain text. */
    {400, "event: error\ndata: {\"error\":{\"message\":\"m\",\"code\":\"tool_use_failed\",\"status_code\":400}}\n\n",
     FAILURE_MALFORMED, "m"},
    {429, ": ping\r\n\r\ndata: {\"error\":{\"message\":\"Request too large for x\"}}\r\n\r\n", FAILURE_TOO_LARGE,
     "Request too large for x"},
    {400, "prompt is too long", FAILURE_CONTEXT, "the provider replied HTTP 400: prompt is too long"},
    {0, "Too many requests", FAILURE_RATE_LIMIT, "Too many requests"},
    {413, "<html><h1>413 Request Entity Too Large</h1></html>", FAILURE_TOO_LARGE,
     "the provider replied HTTP 413 with a web page"},
};

TEST(wrapped_messages_are_shown_and_decide)
{
    for (size_t i = 0; i < COUNT_OF(WRAPPED); i++) {
        const struct wrapped *w = &WRAPPED[i];
        struct failure f;
        if (w->status)
            failure_from_reply(&f, NULL, w->status, -1, slice_of(w->body));
        else
            failure_from_error(&f, NULL, slice_of(w->body));
        if (f.kind != w->kind)
            fail_msg("%s: %s, expected %s", w->body, failure_rule(f.kind)->name, failure_rule(w->kind)->name);
        if (w->message)
            assert_string_equal(f.message, w->message);
    }
}

/* More tokens than the limit per minute: waiting does not help. Fewer: it does. */
TEST(request_larger_than_its_limit_is_too_large)
{
    static const struct {
        int status;
        const char *message;
        enum failure_kind kind;
    } rows[] = {
        {413, "Request too large for model `x` on tokens per minute (TPM): Limit 8000, Requested 38369, please reduce",
         FAILURE_TOO_LARGE},
        {429, "Rate limit reached for model `x` on tokens per minute (TPM): Limit 6000, Used 10, Requested 6,001.",
         FAILURE_TOO_LARGE},
        {429, "Rate limit reached for model `x` on tokens per minute (TPM): Limit 6000, Used 5900, Requested 600.",
         FAILURE_RATE_LIMIT},
        {429, "Rate limit reached. limit: 30000 tokens, requested: 30000", FAILURE_RATE_LIMIT},
        {429, "Requested 5", FAILURE_RATE_LIMIT},
        {429, "limit 99999999999999999999999, requested 999999999999999999999999", FAILURE_RATE_LIMIT},
    };
    char body[512];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure f;
        (void)snprintf(body, sizeof body,
                       "{\"error\":{\"message\":\"%s\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}",
                       rows[i].message);
        failure_from_reply(&f, NULL, rows[i].status, -1, slice_of(body));
        if (f.kind != rows[i].kind)
            fail_msg("%d %s: %s", rows[i].status, rows[i].message, failure_rule(f.kind)->name);
        if (f.kind == FAILURE_TOO_LARGE)
            assert_int_equal(failure_retry_after(&f), -1);
    }
}

TEST(wait_is_read_from_the_body)
{
    static const struct {
        const char *error;
        int seconds;
    } rows[] = {
        {"{\"message\":\"Please try again in 7.66s. Visit\"}", 8},
        {"{\"message\":\"Please try again in 12m3.4s.\"}", 724},
        {"{\"message\":\"Please try again in 20ms\"}", 1},
        {"{\"message\":\"Please retry after 30 seconds.\"}", 30},
        {"{\"message\":\"Please retry in 17.25s\"}", 18},
        {"{\"message\":\"try again in 1h\"}", 3600},
        {"{\"message\":\"try again in 999999999h\"}", -1},
        {"{\"message\":\"try again in a while\"}", -1},
        {"{\"message\":\"m\",\"metadata\":{\"retry_after_seconds\":17}}", 17},
        {"{\"message\":\"m\",\"metadata\":{\"headers\":{\"Retry-After\":\"9\"}}}", 9},
        {"{\"message\":\"m\",\"retry_after\":2.5}", 3},
        {"{\"message\":\"m\",\"resets_in_seconds\":90}", 90},
        {"{\"message\":\"m\",\"retry_after\":\"soon\"}", -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure f;
        failure_from_error(&f, NULL, slice_of(rows[i].error));
        if (f.retry_after_s != rows[i].seconds)
            fail_msg("%s: %d", rows[i].error, f.retry_after_s);
        failure_from_reply(&f, NULL, 429, 5, slice_of(rows[i].error)); /* the Retry-After header has precedence */
        assert_int_equal(f.retry_after_s, 5);
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
        cmocka_unit_test(every_row_decides_its_example),
        cmocka_unit_test(rows_apply_only_to_their_kinds),
        cmocka_unit_test(wrapped_messages_are_shown_and_decide),
        cmocka_unit_test(request_larger_than_its_limit_is_too_large),
        cmocka_unit_test(wait_is_read_from_the_body),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
