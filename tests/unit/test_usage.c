/* Unit tests of proxy/terms/usage and proxy/bridge/usage_write: the providers' fields, and what clients get. */
#include "tests/unit/unit.h"

#include "proxy/bridge/usage_write.h"
#include "proxy/route/spending.h"
#include "proxy/terms/usage.h"

#include <math.h>
#include <string.h>

/* What providers report, from their documentation and recorded replies. -1: unknown. */
static const struct {
    const char *provider, *usage;
    int64_t input, cached, cache_write, output, reasoning;
} REPORTS[] = {
    {"chat, nothing of a cache", "{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}", 11, -1, -1, 7,
     -1},
    {"OpenAI chat, GPT-5.6",
     "{\"prompt_tokens\":2006,\"completion_tokens\":300,\"total_tokens\":2306,\"prompt_tokens_details\":{\"cached_tokens\":1920,"
     "\"cache_write_tokens\":80},\"completion_tokens_details\":{\"reasoning_tokens\":9}}",
     2006, 1920, 80, 300, 9},
    {"OpenAI Responses, GPT-5.6",
     "{\"input_tokens\":2006,\"input_tokens_details\":{\"cached_tokens\":0,\"cache_write_tokens\":2000},\"output_tokens\":3,"
     "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":2009}",
     2006, 0, 2000, 3, 0},
    {"OpenAI before: no writes",
     "{\"prompt_tokens\":5,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":4}}", 5, 4, -1, 1, -1},
    {"OpenRouter, Anthropic",
     "{\"prompt_tokens\":25612,\"completion_tokens\":40,\"total_tokens\":25652,\"cost\":0.1,\"prompt_tokens_details\":"
     "{\"cached_tokens\":0,\"cache_write_tokens\":25600,\"audio_tokens\":0},\"cost_details\":{\"upstream_inference_cost\":null}}",
     25612, 0, 25600, 40, -1},
    {"Anthropic's own counts",
     "{\"input_tokens\":12,\"cache_creation_input_tokens\":100,\"cache_read_input_tokens\":2000,\"output_tokens\":5}",
     2112, 2000, 100, 5, -1},
    {"LiteLLM before Anthropic",
     "{\"prompt_tokens\":2112,\"completion_tokens\":5,\"total_tokens\":2117,\"prompt_tokens_details\":{\"cached_tokens\":2000,"
     "\"cache_creation_tokens\":100},\"cache_creation_input_tokens\":100,\"cache_read_input_tokens\":2000}",
     2112, 2000, 100, 5, -1},
    {"DeepSeek",
     "{\"prompt_tokens\":1030,\"completion_tokens\":6,\"total_tokens\":1036,\"prompt_cache_hit_tokens\":1024,"
     "\"prompt_cache_miss_tokens\":6}",
     1030, 1024, -1, 6, -1},
    {"misses alone", "{\"prompt_tokens\":1030,\"completion_tokens\":6,\"prompt_cache_miss_tokens\":6}", 1030, 1024, -1,
     6, -1},
    {"Moonshot", "{\"prompt_tokens\":19,\"completion_tokens\":21,\"total_tokens\":40,\"cached_tokens\":10}", 19, 10, -1,
     21, -1},
    {"Groq",
     "{\"queue_time\":0.04,\"prompt_tokens\":4641,\"completion_tokens\":1817,\"total_tokens\":6458,"
     "\"prompt_tokens_details\":{\"cached_tokens\":4608}}",
     4641, 4608, -1, 1817, -1},
    {"xAI",
     "{\"prompt_tokens\":199,\"completion_tokens\":1,\"total_tokens\":200,\"prompt_tokens_details\":{\"text_tokens\":199,"
     "\"cached_tokens\":163},\"completion_tokens_details\":{\"reasoning_tokens\":0},\"num_sources_used\":0}",
     199, 163, -1, 1, 0},
    {"Gemini, with its thinking in the total alone",
     "{\"prompt_tokens\":3000,\"completion_tokens\":10,\"total_tokens\":3090,\"prompt_tokens_details\":{\"cached_tokens\":2048}}",
     3000, 2048, -1, 90, 80},
    {"no details", "{\"prompt_tokens\":3,\"completion_tokens\":2,\"prompt_tokens_details\":null}", 3, -1, -1, 2, -1},
    {"not counts",
     "{\"prompt_tokens\":3,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":-1,"
     "\"cache_write_tokens\":\"many\"}}",
     3, -1, -1, 2, -1},
};

static struct usage read_usage(const char *text, const char *of)
{
    struct json j = {0};
    struct usage u = USAGE_UNKNOWN;
    struct buf reply;
    buf_init(&reply, 4096);
    buf_add_format(&reply, "{\"usage\":%s}", text);
    if (!json_parse(&j, reply.data, reply.len) || !usage_read(&j, json_get(&j, 0, "usage"), &u))
        fail_msg("%s: not read: %s", of, text);
    json_free(&j);
    buf_free(&reply);
    return u;
}

static void assert_usage(const struct usage *u, size_t i, const char *where)
{
    int64_t expected[] = {REPORTS[i].input, REPORTS[i].cached, REPORTS[i].cache_write, REPORTS[i].output,
                          REPORTS[i].reasoning};
    int64_t got[] = {u->input, u->cached_input, u->cache_write, u->output, u->reasoning};
    for (size_t k = 0; k < COUNT_OF(got); k++)
        if (got[k] != expected[k])
            fail_msg("%s, %s: count %zu is %lld, not %lld", REPORTS[i].provider, where, k, (long long)got[k],
                     (long long)expected[k]);
}

TEST(each_provider_reports_in_its_own_fields)
{
    for (size_t i = 0; i < COUNT_OF(REPORTS); i++) {
        struct usage u = read_usage(REPORTS[i].usage, REPORTS[i].provider);
        assert_usage(&u, i, "read");
    }
}

TEST(clients_of_both_apis_get_the_same_counts)
{
    static const enum wire wires[] = {WIRE_CHAT, WIRE_RESPONSES};
    for (size_t i = 0; i < COUNT_OF(REPORTS); i++)
        for (size_t k = 0; k < COUNT_OF(wires); k++) {
            struct usage u = read_usage(REPORTS[i].usage, REPORTS[i].provider);
            struct buf out;
            buf_init(&out, 4096);
            usage_write(&u, wires[k], &out);
            struct usage back = read_usage(buf_text(&out), REPORTS[i].provider);
            bool written = strstr(buf_text(&out), "cache_write_tokens") != NULL;
            assert_int_equal(written, REPORTS[i].cache_write >= 0 || wires[k] == WIRE_RESPONSES); /* required there */
            back.cache_write = u.cache_write >= 0 ? back.cache_write : -1;
            back.cached_input = u.cached_input >= 0 ? back.cached_input : -1; /* required on both */
            back.reasoning = u.reasoning >= 0 ? back.reasoning : -1;
            assert_usage(&back, i, k ? "as Responses" : "as chat");
            buf_free(&out);
        }
}

/* USD per million tokens, from the providers' price lists, and the sum, calculated by hand. */
static const struct {
    const char *provider, *usage;
    double input, cached, cache_write, output, usd;
} COSTS[] = {
    {"OpenAI, a first turn",
     "{\"input_tokens\":10000,\"input_tokens_details\":{\"cached_tokens\":0,\"cache_write_tokens\":9984},"
     "\"output_tokens\":100}",
     5, 0.5, 6.25, 30, 16 * 5e-6 + 9984 * 6.25e-6 + 100 * 30e-6},
    {"OpenAI, a later turn",
     "{\"input_tokens\":12000,\"input_tokens_details\":{\"cached_tokens\":9984,\"cache_write_tokens\":1920},"
     "\"output_tokens\":100}",
     5, 0.5, 6.25, 30, 96 * 5e-6 + 9984 * 0.5e-6 + 1920 * 6.25e-6 + 100 * 30e-6},
    {"OpenRouter, Anthropic",
     "{\"prompt_tokens\":25612,\"completion_tokens\":40,\"prompt_tokens_details\":{\"cached_tokens\":20000,"
     "\"cache_write_tokens\":5600}}",
     3, 0.3, 3.75, 15, 12 * 3e-6 + 20000 * 0.3e-6 + 5600 * 3.75e-6 + 40 * 15e-6},
    {"DeepSeek: a write costs what input does",
     "{\"prompt_tokens\":1030,\"completion_tokens\":6,\"prompt_cache_hit_tokens\":1024,\"prompt_cache_miss_tokens\":6}",
     0.28, 0.028, NAN, 0.42, 6 * 0.28e-6 + 1024 * 0.028e-6 + 6 * 0.42e-6},
    {"xAI", "{\"prompt_tokens\":199,\"completion_tokens\":10,\"prompt_tokens_details\":{\"cached_tokens\":163}}", 3,
     0.75, NAN, 15, 36 * 3e-6 + 163 * 0.75e-6 + 10 * 15e-6},
};

TEST(costs_match_sums_made_by_hand)
{
    for (size_t i = 0; i < COUNT_OF(COSTS); i++) {
        struct usage u = read_usage(COSTS[i].usage, COSTS[i].provider);
        struct deployment d = {.price = {COSTS[i].input * 1e-6, COSTS[i].cached * 1e-6, COSTS[i].output * 1e-6, NAN,
                                         COSTS[i].cache_write * 1e-6}};
        double usd = spending_cost(&d, &u);
        if (!(fabs(usd - COSTS[i].usd) < 1e-12))
            fail_msg("%s: %.9f USD, not %.9f", COSTS[i].provider, usd, COSTS[i].usd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_provider_reports_in_its_own_fields),
        cmocka_unit_test(clients_of_both_apis_get_the_same_counts),
        cmocka_unit_test(costs_match_sums_made_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
