/* Unit tests of proxy/route/explain: decisions in words. */
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

TEST(a_score_is_told_with_its_parts)
{
    struct choice c = {
        .deployment = &ALPHA, .score = 0.0412, .terms = {0.6f, 0.9f, 2.1f, 0.0012f, 0.008f, 0.02f, 0.003f, 0}};
    assert_words(&c, "0.0412 USD: wait 0.6 s, first token 0.9 s, reply 2.1 s, price 0.0012 USD, "
                     "missing quality 0.008 USD, odds of failure 2 %, which cost 0.003 USD");
    c.score = NAN;
    assert_words(&c, "not compared");
}

TEST(each_limit_has_words)
{
    static const struct {
        struct choice c;
        const char *words;
    } all[] = {
        {{.limit = LIMIT_COOLDOWN, .limit_s = 239.5f, .reason = FAILURE_QUOTA}, "rests 240 s after quota"},
        {{.limit = LIMIT_BREAKER_OPEN, .limit_s = 5, .reason = FAILURE_SERVER, .figure = 3},
         "is left alone for 5 s after 3 failures in a row, the last: server"},
        {{.limit = LIMIT_BREAKER_OPEN, .reason = FAILURE_TIMEOUT},
         "another call tries whether it is well again after timeout"},
        {{.limit = LIMIT_NOT_READY}, "its server on this machine is not ready"},
        {{.limit = LIMIT_WIRE}, "does not speak what is asked"},
        {{.limit = LIMIT_CONTEXT_WINDOW, .figure = 1200, .window = 1000},
         "takes 1000 tokens, the prompt has about 1200"},
        {{.limit = LIMIT_CONTEXT_WINDOW, .figure = 600, .window = 500},
         "takes 500 tokens, the prompt has about 600 (start Ollama with OLLAMA_CONTEXT_LENGTH=1000 for more)"},
        {{.limit = LIMIT_CAPABILITY, .figure = CAPABILITY_IMAGES | CAPABILITY_FORMAT}, "is declared to lack images"},
        {{.limit = LIMIT_CAPABILITY}, "its quality of 60 is below what the alias asks for"},
        {{.limit = LIMIT_BUDGET}, "may cost more than a spending limit leaves"},
        {{.limit = LIMIT_IN_FLIGHT, .figure = 2}, "2 calls are in flight, as many as it takes"},
        {{.limit = LIMIT_RPM, .limit_s = 12}, "its 12 requests per minute are used up for 12 s"},
        {{.limit = LIMIT_TPM, .limit_s = 0.2f}, "its 500 tokens per minute are used up for 1 s"},
        {{.limit = LIMIT_QUOTA_PRESSURE, .limit_s = 60}, "its provider says that its quota is used up for 60 s"},
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
        cmocka_unit_test(a_score_is_told_with_its_parts),
        cmocka_unit_test(each_limit_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
