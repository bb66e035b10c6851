/* pure: token counts in the fields of the providers. */
#include "proxy/terms/usage.h"

#include <math.h>

static int64_t count_of(const struct json *doc, uint32_t object, const char *key)
{
    int64_t value;
    uint32_t node = json_is(doc, object, JSON_OBJECT) ? json_get(doc, object, key) : JSON_NONE;
    return node && json_int64(doc, node, &value) && value >= 0 ? value : -1;
}

enum count { INPUT, CACHED, MISSED, WRITTEN, OUTPUT, REASONING, COUNTS };

/* Where a provider reports a count: in the usage object, or in an object of it. Of each count the first that is there
 * is read. */
enum place { TOP, INPUT_DETAILS, OUTPUT_DETAILS, PLACES };

static const struct {
    enum count count;
    enum place place;
    const char *name;
} FIELDS[] = {
    {INPUT, TOP, "prompt_tokens"},
    {INPUT, TOP, "input_tokens"},
    {OUTPUT, TOP, "completion_tokens"},
    {OUTPUT, TOP, "output_tokens"},
    {CACHED, INPUT_DETAILS, "cached_tokens"}, /* OpenAI and most others */
    {CACHED, TOP, "prompt_cache_hit_tokens"}, /* DeepSeek */
    {CACHED, TOP, "cached_tokens"},           /* Moonshot */
    {CACHED, TOP, "cache_read_input_tokens"}, /* Anthropic, LiteLLM */
    {MISSED, TOP, "prompt_cache_miss_tokens"},
    {WRITTEN, INPUT_DETAILS, "cache_write_tokens"},    /* OpenAI from GPT-5.6 on, OpenRouter */
    {WRITTEN, INPUT_DETAILS, "cache_creation_tokens"}, /* LiteLLM */
    {WRITTEN, TOP, "cache_creation_input_tokens"},     /* Anthropic, LiteLLM */
    {REASONING, OUTPUT_DETAILS, "reasoning_tokens"},
};

static uint32_t either(const struct json *doc, uint32_t object, const char *first, const char *second)
{
    uint32_t node = json_get(doc, object, first);
    return node ? node : json_get(doc, object, second);
}

/* Anthropic's input_tokens are those that were neither read from the cache nor written to it. Everyone else counts the
 * whole prompt. */
static bool excludes_cache(const struct json *doc, uint32_t object, uint32_t details)
{
    return !details && !json_get(doc, object, "prompt_tokens") &&
           (count_of(doc, object, "cache_read_input_tokens") >= 0 ||
            count_of(doc, object, "cache_creation_input_tokens") >= 0);
}

/* Gemini leaves its thinking out of completion_tokens, but not out of the total. */
static void add_thinking(struct usage *u, int64_t total)
{
    if (u->reasoning >= 0 || u->input < 0 || u->output < 0 || total <= u->input + u->output)
        return;
    u->reasoning = total - u->input - u->output;
    u->output += u->reasoning;
}

bool usage_read(const struct json *doc, uint32_t object, struct usage *usage)
{
    if (!json_is(doc, object, JSON_OBJECT))
        return false;
    const uint32_t places[PLACES] = {
        [TOP] = object,
        [INPUT_DETAILS] = either(doc, object, "prompt_tokens_details", "input_tokens_details"),
        [OUTPUT_DETAILS] = either(doc, object, "completion_tokens_details", "output_tokens_details"),
    };
    int64_t counts[COUNTS] = {-1, -1, -1, -1, -1, -1};
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (counts[FIELDS[i].count] < 0 && places[FIELDS[i].place])
            counts[FIELDS[i].count] = count_of(doc, places[FIELDS[i].place], FIELDS[i].name);
    if (counts[INPUT] < 0 && counts[OUTPUT] < 0)
        return false;
    if (counts[INPUT] >= 0 && excludes_cache(doc, object, places[INPUT_DETAILS]))
        counts[INPUT] += (counts[CACHED] > 0 ? counts[CACHED] : 0) + (counts[WRITTEN] > 0 ? counts[WRITTEN] : 0);
    if (counts[CACHED] < 0 && counts[MISSED] >= 0 && counts[INPUT] >= counts[MISSED])
        counts[CACHED] = counts[INPUT] - counts[MISSED];
    *usage = (struct usage){
        .input = counts[INPUT],
        .cached_input = counts[CACHED],
        .cache_write = counts[WRITTEN],
        .output = counts[OUTPUT],
        .reasoning = counts[REASONING],
        .estimated = json_is(doc, json_get(doc, object, "estimated"), JSON_TRUE), /* our own mark */
    };
    add_thinking(usage, count_of(doc, object, "total_tokens"));
    return true;
}

int64_t usage_tokens(size_t bytes, double bytes_per_token)
{
    return (int64_t)ceil((double)bytes / (bytes_per_token > 0 ? bytes_per_token : USAGE_BYTES_PER_TOKEN));
}

struct usage usage_estimate(size_t prompt_bytes, size_t reply_bytes, double bytes_per_token)
{
    struct usage u = USAGE_UNKNOWN;
    u.estimated = true;
    if (prompt_bytes)
        u.input = usage_tokens(prompt_bytes, bytes_per_token);
    u.output = usage_tokens(reply_bytes, bytes_per_token);
    return u;
}
