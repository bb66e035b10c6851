/* Unit tests of cgi/live_verdict: the sentence on top of the view Live. */
#include "tests/unit/unit.h"
#include "cgi/live_verdict.h"

#define READY "\"hard_limited\":false,\"hard_limited_remaining_s\":0,\"hard_limit_reason\":null,\"limit_words\":\"\"}"
#define KEYLESS                                                                                                 \
    "\"hard_limited\":true,\"hard_limited_remaining_s\":0,\"hard_limit_reason\":\"not_ready\",\"limit_words\":" \
    "\"K is not set\"}"
#define COOL(seconds, reason)                                                                              \
    "\"hard_limited\":true,\"hard_limited_remaining_s\":" seconds ",\"hard_limit_reason\":\"" reason "\"," \
    "\"limit_words\":\"cooling down for 60 s after x\"}"
#define FULL                                                                                                    \
    "\"hard_limited\":true,\"hard_limited_remaining_s\":0,\"hard_limit_reason\":\"in_flight\",\"limit_words\":" \
    "\"2 requests in flight, its maximum\"}"
#define A1 "\"1\":{\"model_name\":\"a\",\"model\":\"openai/x\","
#define A2 "\"2\":{\"model_name\":\"a\",\"model\":\"gemini/y\","
#define B3 "\"3\":{\"model_name\":\"b\",\"model\":\"groq/z\","

static const struct {
    const char *proxy, *models, *sentence;
} ROWS[] = {
    {"stopped", A1 READY, "The proxy is stopped. Start it in the view Session."},
    {"died", NULL, "The proxy died. The view Session says why, and starts it again."},
    {"running", NULL, "The proxy does not answer. Run pointsman doctor."},
    {"running", A1 READY "," A2 READY "," B3 KEYLESS, "All is well: 2 of 3 deployments are ready."},
    {"running", A1 READY, "All is well: 1 of 1 deployments is ready."},
    {"running", A1 KEYLESS "," B3 KEYLESS, "No deployment is ready. The view Session says what is missing."},
    {"running", A1 COOL("101.2", "http_429") "," A2 READY,
     "openai/x: cooling down for 1:42 (http_429); gemini/y answers."},
    {"running", A1 COOL("5", "http_401") "," A2 READY,
     "openai/x: cooling down for 0:05 (http_401); gemini/y answers. Check its key: stop the proxy, and start it with "
     "another one."},
    {"running", A1 FULL "," A2 KEYLESS,
     "openai/x: 2 requests in flight, its maximum; no other deployment of a is available. Wait, or use another alias."},
    /* The one without another that answers comes first. */
    {"running", A1 COOL("9", "http_429") "," A2 READY "," B3 COOL("70", "http_500"),
     "groq/z: cooling down for 1:10 (http_500); no other deployment of b is available. Wait, or use another alias. "
     "1 more deployment is skipped."},
};

static void test_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct json json = {0};
        struct buf text, out;
        buf_init(&text, 4096);
        buf_init(&out, 4096);
        buf_add_format(&text, "{\"models\":{%s}}", ROWS[i].models ? ROWS[i].models : "");
        if (ROWS[i].models)
            assert_true(json_parse(&json, text.data, text.len));
        live_verdict_write(ROWS[i].proxy, &json, &out);
        assert_buf(&out, ROWS[i].sentence);
        json_free(&json);
        buf_free(&text);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sentences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
