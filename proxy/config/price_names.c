/* pure. The names under which a model is in the table of prices. */
#include "proxy/config/price_table.h"

#include <stdio.h>
#include <string.h>

/* LiteLLM's names of one provider. */
static const struct {
    const char *name, *provider;
} SAME[] = {
    {"ai21_chat", "ai21"},
    {"cohere_chat", "cohere"},
    {"fireworks_ai-embedding-models", "fireworks_ai"},
    {"text-completion-codestral", "codestral"},
    {"text-completion-inception", "inception"},
    {"text-completion-openai", "openai"},
};

const char *price_table_provider(struct slice litellm_provider)
{
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        if (slice_is(litellm_provider, SAME[i].name))
            litellm_provider = slice_of(SAME[i].provider);
    const struct provider *p = provider_find(litellm_provider);
    bool sold = p && p->wires && p->api_base && !p->local && !p->subscription;
    return sold ? p->prefix : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "gpt-5-2025-08-07" without the date. */
static struct slice without_date(struct slice name)
{
    static const char FORM[] = "-dddd-dd-dd";
    size_t len = sizeof FORM - 1;
    if (name.len <= len)
        return name;
    const char *end = name.ptr + name.len - len;
    for (size_t i = 0; i < len; i++)
        if (FORM[i] == 'd' ? !is_digit(end[i]) : end[i] != FORM[i])
            return name;
    return (struct slice){name.ptr, name.len - len};
}

/* "gemini-2.0-flash-001" without the version. */
static struct slice without_version(struct slice name)
{
    size_t len = name.len;
    while (len && is_digit(name.ptr[len - 1]))
        len--;
    return len > 1 && len < name.len && name.ptr[len - 1] == '-' ? (struct slice){name.ptr, len - 1} : name;
}

/* "ft:gpt-4o-2024-08-06:org::id" without the last three parts. */
static struct slice without_owner(struct slice name)
{
    size_t len = name.len;
    for (int parts = 0; parts < 3; parts++) {
        while (len && name.ptr[len - 1] != ':')
            len--;
        if (len == 0)
            return name;
        len--;
    }
    return len > 3 ? (struct slice){name.ptr, len} : name;
}

static struct slice base_name(const struct provider *provider, struct slice name)
{
    if (strcmp(provider->prefix, "gemini") == 0)
        return without_version(name);
    return slice_starts(name, "ft:") ? without_owner(name) : without_date(name);
}

/* Finds "provider/name". Longer names than PRICE_KEY_MAX have no rows. */
static bool find(struct price_table *t, const char *provider, struct slice name, struct price_row *row)
{
    char key[PRICE_KEY_MAX + 1];
    if (name.len > PRICE_KEY_MAX)
        return false;
    int len = snprintf(key, sizeof key, "%s/%.*s", provider, SLICE_ARGS(name));
    return len > 0 && (size_t)len < sizeof key && price_table_find(t, (struct slice){key, (size_t)len}, row);
}

/* Who passes on whose prices: OpenRouter those of vendors that serve their models themselves, Hugging Face those of the
 * inference provider. Without a row of their own, their models have the row of that provider. */
static const struct passed_on {
    const char *seller, *part, *provider;
} PASSED_ON[] = {
    {"openrouter", "anthropic", "anthropic"},
    {"openrouter", "cohere", "cohere"},
    {"openrouter", "google", "gemini"},
    {"openrouter", "mistralai", "mistral"},
    {"openrouter", "openai", "openai"},
    {"openrouter", "perplexity", "perplexity"},
    {"openrouter", "x-ai", "xai"},
    {"huggingface", "cerebras", "cerebras"},
    {"huggingface", "cohere", "cohere"},
    {"huggingface", "fireworks-ai", "fireworks_ai"},
    {"huggingface", "groq", "groq"},
    {"huggingface", "hyperbolic", "hyperbolic"},
    {"huggingface", "nebius", "nebius"},
    {"huggingface", "novita", "novita"},
    {"huggingface", "nscale", "nscale"},
    {"huggingface", "ovhcloud", "ovhcloud"},
    {"huggingface", "sambanova", "sambanova"},
    {"huggingface", "scaleway", "scaleway"},
    {"huggingface", "together", "together_ai"},
};

/* "openai/gpt-5.5" of OpenRouter, or "openai/gpt-oss-120b:groq" of Hugging Face: the part that says whose it is, and
 * the name there. A variant of OpenRouter's (":free") has prices of its own. false: neither. */
static bool split(const char *seller, struct slice name, struct slice *part, struct slice *rest)
{
    const char *slash = memchr(name.ptr, '/', name.len), *colon = memchr(name.ptr, ':', name.len);
    bool suffix = strcmp(seller, "huggingface") == 0;
    if (!slash || suffix != (colon != NULL))
        return false;
    const char *at = suffix ? colon : slash;
    struct slice before = {name.ptr, (size_t)(at - name.ptr)}, after = {at + 1, name.len - before.len - 1};
    *part = suffix ? after : before;
    *rest = suffix ? before : after;
    return true;
}

/* Anthropic's names have '-' where OpenRouter's have '.'. */
static bool find_dashed(struct price_table *t, const char *provider, struct slice name, struct price_row *row)
{
    char dashed[PRICE_KEY_MAX];
    if (name.len > sizeof dashed)
        return false;
    for (size_t i = 0; i < name.len; i++)
        dashed[i] = name.ptr[i] == '.' ? '-' : name.ptr[i];
    return find(t, provider, (struct slice){dashed, name.len}, row);
}

static bool find_passed_on(struct price_table *t, const char *seller, struct slice name, struct price_row *row)
{
    struct slice part, rest;
    if (!split(seller, name, &part, &rest))
        return false;
    for (size_t i = 0; i < sizeof PASSED_ON / sizeof *PASSED_ON; i++)
        if (strcmp(PASSED_ON[i].seller, seller) == 0 && slice_is(part, PASSED_ON[i].part))
            return find(t, PASSED_ON[i].provider, rest, row) || find_dashed(t, PASSED_ON[i].provider, rest, row);
    return false;
}

bool price_table_model(struct price_table *t, const struct provider *provider, struct slice name, struct price_row *row)
{
    const char *prefix = price_table_provider(slice_of(provider->prefix));
    struct slice base = base_name(provider, name);
    char twice[PRICE_KEY_MAX + 1];
    if (!prefix || name.len == 0)
        return false;
    if (find(t, prefix, name, row) || (base.len < name.len && find(t, prefix, base, row)))
        return true;
    int len = name.len <= PRICE_KEY_MAX ? snprintf(twice, sizeof twice, "%s/%.*s", prefix, SLICE_ARGS(name)) : -1;
    if (len > 0 && (size_t)len < sizeof twice && find(t, prefix, (struct slice){twice, (size_t)len}, row))
        return true;
    return find_passed_on(t, prefix, name, row);
}
