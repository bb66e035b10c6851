/* pure. The table of providers, and what LiteLLM's `model` means by it. */
#include "proxy/upstream/provider.h"

#include <string.h>

#define BOTH (WIRE_CHAT | WIRE_RESPONSES)

/* Prefixes and variables are LiteLLM's; bases are the ones that the providers' own documentation gives for OpenAI's
 * clients. The first row is the one for names without a prefix. */
static const struct provider TABLE[] = {
    {"openai", PROVIDER_HTTP, "https://api.openai.com/v1", {"OPENAI_API_KEY"}, true, BOTH, false, NULL},
    {"gemini", PROVIDER_HTTP, "https://generativelanguage.googleapis.com/v1beta/openai",
     {"GEMINI_API_KEY", "GOOGLE_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"huggingface", PROVIDER_HTTP, "https://router.huggingface.co/v1", {"HF_TOKEN", "HUGGINGFACE_API_KEY"}, true,
     WIRE_CHAT, false, NULL},
    {"ollama", PROVIDER_HTTP, "http://127.0.0.1:11434/v1", {NULL}, false, WIRE_CHAT, true, "/v1"},
    {"ollama_chat", PROVIDER_HTTP, "http://127.0.0.1:11434/v1", {NULL}, false, WIRE_CHAT, true, "/v1"},
    {"lm_studio", PROVIDER_HTTP, "http://127.0.0.1:1234/v1", {"LM_STUDIO_API_KEY"}, false, WIRE_CHAT, true, NULL},
    {"anthropic", PROVIDER_HTTP, "https://api.anthropic.com/v1", {"ANTHROPIC_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"cerebras", PROVIDER_HTTP, "https://api.cerebras.ai/v1", {"CEREBRAS_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"cohere", PROVIDER_HTTP, "https://api.cohere.ai/compatibility/v1", {"COHERE_API_KEY"}, true, WIRE_CHAT, false,
     NULL},
    {"cohere_chat", PROVIDER_HTTP, "https://api.cohere.ai/compatibility/v1", {"COHERE_API_KEY"}, true, WIRE_CHAT, false,
     NULL},
    {"deepinfra", PROVIDER_HTTP, "https://api.deepinfra.com/v1/openai", {"DEEPINFRA_API_KEY"}, true, WIRE_CHAT, false,
     NULL},
    {"deepseek", PROVIDER_HTTP, "https://api.deepseek.com/v1", {"DEEPSEEK_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"fireworks_ai", PROVIDER_HTTP, "https://api.fireworks.ai/inference/v1",
     {"FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"groq", PROVIDER_HTTP, "https://api.groq.com/openai/v1", {"GROQ_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"mistral", PROVIDER_HTTP, "https://api.mistral.ai/v1", {"MISTRAL_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"moonshot", PROVIDER_HTTP, "https://api.moonshot.ai/v1", {"MOONSHOT_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"nvidia_nim", PROVIDER_HTTP, "https://integrate.api.nvidia.com/v1", {"NVIDIA_NIM_API_KEY"}, true, WIRE_CHAT, false,
     NULL},
    {"openrouter", PROVIDER_HTTP, "https://openrouter.ai/api/v1", {"OPENROUTER_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"perplexity", PROVIDER_HTTP, "https://api.perplexity.ai", {"PERPLEXITYAI_API_KEY"}, true, WIRE_CHAT, false, NULL},
    {"together_ai", PROVIDER_HTTP, "https://api.together.xyz/v1", {"TOGETHERAI_API_KEY", "TOGETHER_API_KEY"}, true,
     WIRE_CHAT, false, NULL},
    {"xai", PROVIDER_HTTP, "https://api.x.ai/v1", {"XAI_API_KEY"}, true, WIRE_CHAT, false, NULL},
    /* Servers that are wherever the configuration says. */
    {"hosted_vllm", PROVIDER_HTTP, NULL, {"HOSTED_VLLM_API_KEY"}, false, BOTH, false, NULL},
    {"openai_like", PROVIDER_HTTP, NULL, {"OPENAI_LIKE_API_KEY"}, false, WIRE_CHAT, false, NULL},
    {"custom_openai", PROVIDER_HTTP, NULL, {"OPENAI_LIKE_API_KEY"}, false, WIRE_CHAT, false, NULL},
    {"litellm_proxy", PROVIDER_HTTP, NULL, {"LITELLM_PROXY_API_KEY"}, false, BOTH, false, NULL},
    /* Other protocols or other ways to sign in. */
    {"azure", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"azure_ai", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"bedrock", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"databricks", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"replicate", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"sagemaker", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"vertex_ai", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    {"watsonx", PROVIDER_HTTP, NULL, {NULL}, false, 0, false, NULL},
    /* "codex-echo" of the demo mode. */
    {"echo", PROVIDER_ECHO, NULL, {NULL}, false, WIRE_CHAT, false, NULL},
    {0},
};

const struct provider *provider_table(void)
{
    return TABLE;
}

const struct provider *provider_find(struct slice prefix)
{
    for (const struct provider *p = TABLE; p->prefix; p++)
        if (slice_is(prefix, p->prefix))
            return p;
    return NULL;
}

/* The slice up to the first '/', which is taken off `rest` with it; empty without one. */
static struct slice take_segment(struct slice *rest)
{
    const char *slash = rest->len ? memchr(rest->ptr, '/', rest->len) : NULL;
    if (!slash)
        return (struct slice){0};
    struct slice head = {rest->ptr, (size_t)(slash - rest->ptr)};
    rest->ptr += head.len + 1;
    rest->len -= head.len + 1;
    return head;
}

/* "groq/openai/gpt-oss-120b" is "openai/gpt-oss-120b:groq" on the router; "openai/gpt-oss-120b" lets it choose. */
static bool huggingface_name(struct slice model, struct buf *name)
{
    struct slice rest = model;
    struct slice inference_provider = take_segment(&rest);
    if (inference_provider.len == 0 || !memchr(rest.ptr, '/', rest.len))
        return buf_add_slice(name, model);
    return buf_add_slice(name, rest) && buf_add_char(name, ':') && buf_add_slice(name, inference_provider);
}

bool provider_resolve(const char *model, const struct provider **provider, struct buf *name)
{
    struct slice rest = slice_of(model);
    const struct provider *p = provider_find(take_segment(&rest));
    if (!p) {
        p = TABLE;
        rest = slice_of(model);
    }
    *provider = p;
    if (rest.len == 0)
        return false;
    if (strcmp(p->prefix, "huggingface") == 0)
        return huggingface_name(rest, name);
    return buf_add_slice(name, rest);
}
