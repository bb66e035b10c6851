/* Unit tests of proxy/route/explain: decisions as text. */
#include "tests/unit/unit.h"
#include "proxy/route/explain.h"

#include <math.h>

static const struct deployment ALPHA = {.id = "alpha", .max_input_tokens = 1000, .rpm = 12, .tpm = 500, .quality = 60};

static void assert_words(const struct choice *c, const char *words)
{
    struct buf out;
    buf_init(&out, 1024);
    explain_choice(&STRATEGY_EXPECTED, c, &out);
    assert_buf(&out, words);
    buf_free(&out);
}

TEST(score_is_shown_with_its_terms)
{
    struct choice c = {
        .deployment = &ALPHA, .score = 0.0412, .terms = {0.6f, 0.9f, 2.1f, 0.0012f, 0.008f, 0.02f, 0.003f, 0}};
    assert_words(&c, "0.0412 USD: wait 0.6 s, first token 0.9 s, reply 2.1 s, price 0.0012 USD, "
                     "missing quality 0.008 USD, failure probability 2 %, which cost 0.003 USD");
    c.score = NAN;
    assert_words(&c, "not compared");
}

TEST(each_limit_has_a_message)
{
    static const struct {
        struct choice c;
        const char *words;
    } all[] = {
        {{.limit = LIMIT_COOLDOWN, .limit_s = 239.5f, .reason = FAILURE_QUOTA}, "cooling down for 240 s after quota"},
        {{.limit = LIMIT_BREAKER_OPEN, .limit_s = 5, .reason = FAILURE_SERVER, .figure = 3},
         "circuit open for 5 s after 3 failures in a row, the last: server"},
        {{.limit = LIMIT_BREAKER_OPEN, .reason = FAILURE_TIMEOUT},
         "circuit half-open after timeout: trial call in flight"},
        {{.limit = LIMIT_NOT_READY}, "local server not ready"},
        {{.limit = LIMIT_WIRE}, "does not support this API"},
        {{.limit = LIMIT_CONTEXT_WINDOW, .figure = 1200, .window = 1000},
         "context window of 1000 tokens is too small for a prompt of about 1200"},
        {{.limit = LIMIT_CONTEXT_WINDOW, .figure = 600, .window = 500},
         "context window of 500 tokens is too small for a prompt of about 600; for more, start Ollama with "
         "OLLAMA_CONTEXT_LENGTH=1000"},
        {{.limit = LIMIT_CAPABILITY, .figure = CAPABILITY_IMAGES | CAPABILITY_FORMAT},
         "declared without support for images"},
        {{.limit = LIMIT_CAPABILITY}, "quality 60 is below the minimum of the alias"},
        {{.limit = LIMIT_BUDGET}, "estimated cost exceeds what the spending limit leaves"},
        {{.limit = LIMIT_IN_FLIGHT, .figure = 2}, "2 requests in flight, its maximum"},
        {{.limit = LIMIT_RPM, .limit_s = 12}, "limit of 12 requests per minute used up for 12 s"},
        {{.limit = LIMIT_TPM, .limit_s = 0.2f}, "limit of 500 tokens per minute used up for 1 s"},
        {{.limit = LIMIT_QUOTA_PRESSURE, .limit_s = 60}, "quota used up for 60 s, as the provider reports"},
    };
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct choice c = all[i].c;
        c.deployment = &ALPHA;
        assert_words(&c, all[i].words);
        assert_true(strlen(limit_name(c.limit)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_is_shown_with_its_terms),
        cmocka_unit_test(each_limit_has_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
