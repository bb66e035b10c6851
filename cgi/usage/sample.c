/* pure: a made-up week of requests. */
#include "cgi/usage/sample.h"

#include <time.h>

#define DAYS 7
#define HOUR_MS 3600000
#define PER_MILLION 1e-6

/* USD per million tokens. */
static const struct model {
    const char *alias, *provider, *name;
    double input, cached, output, ttft_ms;
} models[] = {
    {"codex-default", "gemini", "gemini/gemini-2.5-flash", 0.30, 0.03, 2.50, 420},
    {"codex-light", "ollama", "ollama/qwen3-coder", 0, 0, 0, 650},
    {"codex-default", "openai", "openai/gpt-5-mini", 0.25, 0.025, 2.00, 560},
    {"codex-heavy", "openai", "openai/gpt-5.5", 1.25, 0.125, 10.00, 900},
    {"codex-light", "huggingface", "huggingface/Qwen/Qwen3-Coder-480B", 0.40, 0.40, 1.60, 780},
};
#define MODELS (sizeof models / sizeof *models)
#define BASELINE 3

static const char *const segments[] = {"tools", "environment", "history"};

/* A linear congruential generator (Knuth, MMIX): the same week each time. */
static unsigned draw(uint64_t *seed, unsigned below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % below;
}

static double cost(const struct model *m, int64_t input, int64_t cached, int64_t output)
{
    return ((double)(input - cached) * m->input + (double)cached * m->cached + (double)output * m->output) *
           PER_MILLION;
}

static void write_time(int64_t ms, struct buf *out)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    char text[32];
    if (gmtime_r(&s, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        buf_add_format(out, "{\"timestamp\":\"%s.%03dZ\",", text, (int)(ms % 1000));
}

/* The attempts: some first fail at another provider. */
static void write_attempts(const struct model *m, uint64_t *seed, struct buf *out)
{
    static const char *const outcomes[][2] = {{"rate_limit", "429"}, {"overloaded", "529"}, {"timeout", "0"}};
    const struct model *other = &models[draw(seed, MODELS)];
    BUF_ADD(out, "\"attempts\":[");
    if (other != m && draw(seed, 30) == 0) {
        const char *const *outcome = outcomes[draw(seed, 3)];
        buf_add_format(out,
                       "{\"deployment\":\"%s/%s\",\"provider\":\"%s\",\"outcome\":\"%s\",\"status\":%s,\"ms\":240},",
                       other->alias, other->provider, other->provider, outcome[0], outcome[1]);
    }
    buf_add_format(out, "{\"deployment\":\"%s/%s\",\"outcome\":\"ok\",\"status\":200,\"ms\":900}],", m->alias,
                   m->provider);
}

/* One turn of a conversation, whose prompt has so many tokens, most of them those of the turn before. */
static void write_turn(const struct model *m, uint64_t conversation, unsigned turn, int64_t input, uint64_t *seed,
                       struct buf *out)
{
    bool changed = turn > 1 && draw(seed, 20) == 0;
    int64_t cached = turn == 1 || changed || m->cached == m->input ? 0 : input * (70 + draw(seed, 26)) / 100;
    int64_t output = 120 + draw(seed, 1400);
    double ttft_ms = m->ttft_ms * (0.7 + draw(seed, 90) / 100.0);
    buf_add_format(out,
                   "\"request_id\":\"sample-%llx-%u\",\"alias\":\"%s\",\"deployment\":\"%s/%s\",\"provider\":\"%s\","
                   "\"model\":\"%s\",\"client\":{\"name\":\"codex_exec\",\"version\":\"0.169.0\"},"
                   "\"conversation\":\"%016llx\",\"turn\":%u,",
                   (unsigned long long)conversation, turn, m->alias, m->alias, m->provider, m->provider, m->name,
                   (unsigned long long)conversation, turn);
    if (changed)
        buf_add_format(out, "\"prefix_changed\":\"%s\",", segments[draw(seed, 3)]);
    buf_add_format(out,
                   "\"segments\":{\"instructions\":3400,\"tools\":2900,\"environment\":900,\"history\":%lld,"
                   "\"tool_output\":%lld},",
                   (long long)(input - 7200) / 3, (long long)(input - 7200) * 2 / 3);
    write_attempts(m, seed, out);
    buf_add_format(out,
                   "\"stream\":true,\"ttft_ms\":%.0f,\"total_ms\":%.0f,\"tokens\":{\"input\":%lld,\"cached\":%lld,"
                   "\"output\":%lld},\"cost_usd\":%.9f,\"baseline_usd\":%.9f,\"uncached_usd\":%.9f,\"status\":200,"
                   "\"end\":\"completed\"}\n",
                   ttft_ms, ttft_ms + (double)output * (9 + draw(seed, 8)), (long long)input, (long long)cached,
                   (long long)output, cost(m, input, cached, output), cost(&models[BASELINE], input, cached, output),
                   cost(m, input, 0, output));
}

static void write_conversation(int64_t time_ms, int64_t end_ms, uint64_t id, uint64_t *seed, struct buf *out)
{
    unsigned turns = 5 + draw(seed, 14), kind = draw(seed, 10);
    const struct model *m = &models[kind < 4 ? 0 : kind < 6 ? 1 : kind < 7 ? 2 : kind < 9 ? 3 : 4];
    int64_t input = 9000 + draw(seed, 4000);
    for (unsigned turn = 1; turn <= turns && time_ms < end_ms; turn++) {
        write_time(time_ms, out);
        write_turn(m, id, turn, input, seed, out);
        time_ms += 20000 + draw(seed, 70000);
        input += 600 + draw(seed, 5200);
    }
}

void sample_write(int64_t now_ms, struct buf *out)
{
    uint64_t seed = 20, id = 0x5a3b1e0000000000;
    for (int64_t days_ago = DAYS - 1; days_ago >= 0; days_ago--) {
        int64_t begin_ms = now_ms - days_ago * 24 * HOUR_MS - 9 * HOUR_MS;
        unsigned conversations = 3 + draw(&seed, 6);
        for (unsigned i = 0; i < conversations; i++)
            write_conversation(begin_ms + i * HOUR_MS + draw(&seed, HOUR_MS / 2), now_ms, id += 0x9e3779b9, &seed, out);
    }
}
