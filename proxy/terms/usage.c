/* pure: Token counts in either wire's words. */
#include "proxy/terms/usage.h"

#include <math.h>

static int64_t count_of(const struct json *doc, uint32_t object, const char *key)
{
    int64_t value;
    uint32_t node = json_is(doc, object, JSON_OBJECT) ? json_get(doc, object, key) : JSON_NONE;
    return node && json_int64(doc, node, &value) && value >= 0 ? value : -1;
}

static int64_t first_known(int64_t a, int64_t b)
{
    return a >= 0 ? a : b;
}

bool usage_read(const struct json *doc, uint32_t object, struct usage *usage)
{
    if (!json_is(doc, object, JSON_OBJECT))
        return false;
    struct usage u = USAGE_UNKNOWN;
    u.estimated = json_is(doc, json_get(doc, object, "estimated"), JSON_TRUE); /* our own mark */
    u.input = first_known(count_of(doc, object, "prompt_tokens"), count_of(doc, object, "input_tokens"));
    u.output = first_known(count_of(doc, object, "completion_tokens"), count_of(doc, object, "output_tokens"));
    uint32_t in = json_get(doc, object, "prompt_tokens_details"),
             out = json_get(doc, object, "completion_tokens_details");
    if (!in)
        in = json_get(doc, object, "input_tokens_details");
    if (!out)
        out = json_get(doc, object, "output_tokens_details");
    u.cached_input = first_known(count_of(doc, in, "cached_tokens"),
                                 count_of(doc, object, "prompt_cache_hit_tokens")); /* DeepSeek's word */
    u.reasoning = count_of(doc, out, "reasoning_tokens");
    /* Gemini leaves its thinking out of completion_tokens, but not out of the total. */
    int64_t total = count_of(doc, object, "total_tokens");
    if (u.reasoning < 0 && u.input >= 0 && u.output >= 0 && total > u.input + u.output) {
        u.reasoning = total - u.input - u.output;
        u.output += u.reasoning;
    }
    if (u.input < 0 && u.output < 0)
        return false;
    *usage = u;
    return true;
}

static int64_t tokens_of(size_t bytes, double bytes_per_token)
{
    return (int64_t)ceil((double)bytes / (bytes_per_token > 0 ? bytes_per_token : USAGE_BYTES_PER_TOKEN));
}

struct usage usage_estimate(size_t prompt_bytes, size_t reply_bytes, double bytes_per_token)
{
    struct usage u = USAGE_UNKNOWN;
    u.estimated = true;
    if (prompt_bytes)
        u.input = tokens_of(prompt_bytes, bytes_per_token);
    u.output = tokens_of(reply_bytes, bytes_per_token);
    return u;
}
