/* pure: the table of the providers' prompt caches. */
#include "proxy/terms/prompt_cache.h"

#include <string.h>

#define MINUTE 60u
#define HOUR 3600u

/* From the providers' documentation, 2026-11. DEFAULT_LIFE: it does not say. OpenAI keeps prefixes for 5 to 10 minutes,
 * from GPT-5.6 on for 30 or more; DeepSeek for hours; OpenRouter stays with a vendor for 10 minutes, and Anthropic
 * keeps a prefix for 5. */
#define DEFAULT_LIFE (5 * MINUTE)

#define GPT(MODEL)                             \
    {.provider = "openai",                     \
     .model = MODEL,                           \
     .chat = CACHE_HINT_PROMPT_CACHE_KEY,      \
     .responses = CACHE_HINT_PROMPT_CACHE_KEY, \
     .life_s = 30 * MINUTE,                    \
     .min_tokens = 1024,                       \
     .write_factor = 1.25}

static const struct prompt_cache TABLE[] = {
    GPT("gpt-5.6"),
    GPT("gpt-5.7"),
    GPT("gpt-5.8"),
    GPT("gpt-5.9"),
    GPT("gpt-6"),
    {.provider = "openai",
     .chat = CACHE_HINT_PROMPT_CACHE_KEY,
     .responses = CACHE_HINT_PROMPT_CACHE_KEY,
     .life_s = DEFAULT_LIFE,
     .min_tokens = 1024},
    {.provider = "codex-oauth", .responses = CACHE_HINT_PROMPT_CACHE_KEY, .life_s = DEFAULT_LIFE, .min_tokens = 1024},
    {.provider = "mistral", .chat = CACHE_HINT_PROMPT_CACHE_KEY, .life_s = DEFAULT_LIFE},
    {.provider = "xai",
     .chat = CACHE_HINT_GROK_CONV_ID,
     .responses = CACHE_HINT_PROMPT_CACHE_KEY,
     .life_s = DEFAULT_LIFE},
    {.provider = "openrouter",
     .model = "anthropic/",
     .chat = CACHE_HINT_SESSION_ID,
     .life_s = 5 * MINUTE,
     .min_tokens = 1024,
     .write_factor = 1.25,
     .breakpoints = true},
    {.provider = "openrouter", .chat = CACHE_HINT_SESSION_ID, .life_s = DEFAULT_LIFE},
    {.provider = "deepseek", .life_s = 2 * HOUR, .min_tokens = 64},
    {.provider = "groq", .life_s = 2 * HOUR, .min_tokens = 128},
    {.provider = "gemini", .model = "gemini-2", .life_s = DEFAULT_LIFE, .min_tokens = 2048},
    {.provider = "gemini", .life_s = DEFAULT_LIFE, .min_tokens = 4096},
    {0},
};

static const struct prompt_cache UNKNOWN = {.provider = "", .life_s = DEFAULT_LIFE};

const struct prompt_cache *prompt_cache_unknown(void)
{
    return &UNKNOWN;
}

static bool begins_with(const char *text, const char *start)
{
    return !start || strncmp(text, start, strlen(start)) == 0;
}

const struct prompt_cache *prompt_cache_find(const struct provider *provider, const char *api_base, const char *model)
{
    if (!provider_is_at_home(provider, api_base))
        return &UNKNOWN;
    for (const struct prompt_cache *c = TABLE; c->provider; c++)
        if (strcmp(c->provider, provider->prefix) == 0 && begins_with(model, c->model))
            return c;
    return &UNKNOWN;
}

enum hint_place prompt_cache_place(const struct prompt_cache *cache, enum wire wire)
{
    return wire == WIRE_CHAT ? cache->chat : wire == WIRE_RESPONSES ? cache->responses : CACHE_HINT_NONE;
}

const char *hint_field(enum hint_place place)
{
    static const char *const names[] = {[CACHE_HINT_PROMPT_CACHE_KEY] = "prompt_cache_key",
                                        [CACHE_HINT_SESSION_ID] = "session_id",
                                        [CACHE_HINT_GROK_CONV_ID] = NULL};
    return names[place];
}
