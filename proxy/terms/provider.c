/* pure: the table of providers, and the meaning of LiteLLM's `model`. */
#include "proxy/terms/provider.h"

#include <string.h>

/* APIs besides Chat Completions, from the providers' documentation: text completions, embeddings, all of OpenAI's. */
#define TEXT (WIRE_CHAT | WIRE_COMPLETIONS)
#define VECTORS (WIRE_CHAT | WIRE_EMBEDDINGS)
#define CLASSIC (TEXT | VECTORS)
#define ALL (CLASSIC | WIRE_RESPONSES)
/* A company's service: its name, where it gives keys (NULL: not known), APIs, base URL, and the variables for the key.
 */
#define CLOUD(PREFIX, TITLE, KEY_PAGE, WIRES, BASE, ...) \
    {.prefix = PREFIX,                                   \
     .title = TITLE,                                     \
     .api_base = BASE,                                   \
     .key_env = {__VA_ARGS__},                           \
     .key_page = KEY_PAGE,                               \
     .key_required = true,                               \
     .wires = WIRES}

/* An agent of the user behind Chat Completions, with the environment variables of the LiteLLM fork that supports it. */
#define CODEX_AGENT(PREFIX)                      \
    {.prefix = PREFIX,                           \
     .title = "codex-agent",                     \
     .base_path = "/v1",                         \
     .key_env = {"CODEX_AGENT_API_KEY"},         \
     .wires = WIRE_CHAT,                         \
     .base_env = "CODEX_AGENT_API_BASE",         \
     .switch_env = "LITELLM_ENABLE_CODEX_AGENT", \
     .retry = {2, 120, 1500},                    \
     .retries_env = "CODEX_AGENT_MAX_RETRIES"}

/* Prefixes and variables are LiteLLM's. Base URLs for OpenAI's clients are from the providers' documentation, or else
 * LiteLLM's. The first row is for names without a prefix. */
static const struct provider TABLE[] = {
    {.prefix = "openai",
     .title = "OpenAI",
     .api_base = "https://api.openai.com/v1",
     .key_env = {"OPENAI_API_KEY"},
     .key_start = "sk-",
     .key_page = "https://platform.openai.com/api-keys",
     .key_required = true,
     .openai_models = true,
     .wires = ALL},
    {.prefix = "gemini",
     .title = "Gemini",
     .api_base = "https://generativelanguage.googleapis.com/v1beta/openai",
     .key_env = {"GEMINI_API_KEY", "GOOGLE_API_KEY"},
     .key_start = "AIza",
     .key_page = "https://aistudio.google.com/apikey",
     .key_required = true,
     .wires = VECTORS,
     .thought_signatures = true},
    {.prefix = "huggingface",
     .title = "Hugging Face",
     .api_base = "https://router.huggingface.co/v1",
     .key_env = {"HF_TOKEN", "HUGGINGFACE_API_KEY"},
     .key_start = "hf_",
     .key_page = "https://huggingface.co/settings/tokens",
     .key_note = "A fine-grained token with the “Inference Providers” permission is enough.",
     .key_required = true,
     .wires = WIRE_CHAT},
    {.prefix = "ollama",
     .title = "Ollama",
     .api_base = "http://127.0.0.1:11434/v1",
     .base_path = "/v1",
     .wires = CLASSIC,
     .local = true,
     .truncates_prompts = true,
     .ignores = IGNORES_MAX_COMPLETION_TOKENS | IGNORES_TOOL_CHOICE},
    {.prefix = "ollama_chat",
     .title = "Ollama",
     .api_base = "http://127.0.0.1:11434/v1",
     .base_path = "/v1",
     .wires = CLASSIC,
     .local = true,
     .truncates_prompts = true,
     .ignores = IGNORES_MAX_COMPLETION_TOKENS | IGNORES_TOOL_CHOICE},
    {.prefix = "lm_studio",
     .title = "LM Studio",
     .api_base = "http://127.0.0.1:1234/v1",
     .key_env = {"LM_STUDIO_API_KEY"},
     .wires = CLASSIC,
     .local = true},
    {.prefix = "llamafile",
     .title = "llamafile",
     .api_base = "http://127.0.0.1:8080/v1",
     .key_env = {"LLAMAFILE_API_KEY"},
     .wires = CLASSIC,
     .local = true},
    CLOUD("ai21", "AI21", NULL, WIRE_CHAT, "https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    CLOUD("ai21_chat", "AI21", NULL, WIRE_CHAT, "https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    CLOUD("aihubmix", "AIHubMix", NULL, VECTORS, "https://aihubmix.com/v1", "AIHUBMIX_API_KEY"),
    CLOUD("aiml", "AI/ML API", NULL, VECTORS, "https://api.aimlapi.com/v1", "AIML_API_KEY", "AIMLAPI_KEY"),
    {.prefix = "anthropic",
     .title = "Anthropic",
     .api_base = "https://api.anthropic.com/v1",
     .key_env = {"ANTHROPIC_API_KEY"},
     .key_start = "sk-ant-",
     .key_page = "https://console.anthropic.com/settings/keys",
     .key_required = true,
     .wires = WIRE_CHAT},
    CLOUD("baseten", "Baseten", NULL, WIRE_CHAT, "https://inference.baseten.co/v1", "BASETEN_API_KEY"),
    CLOUD("bigmodel", "BigModel", NULL, VECTORS, "https://open.bigmodel.cn/api/paas/v4", "BIGMODEL_API_KEY"),
    CLOUD("cerebras", "Cerebras", "https://cloud.cerebras.ai", TEXT, "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    CLOUD("chutes", "Chutes", NULL, WIRE_CHAT, "https://llm.chutes.ai/v1", "CHUTES_API_KEY"),
    CLOUD("codestral", "Codestral", "https://console.mistral.ai/codestral", WIRE_CHAT,
          "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
    CLOUD("cohere", "Cohere", "https://dashboard.cohere.com/api-keys", VECTORS,
          "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    CLOUD("cohere_chat", "Cohere", "https://dashboard.cohere.com/api-keys", VECTORS,
          "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    CLOUD("cometapi", "CometAPI", NULL, VECTORS, "https://api.cometapi.com/v1", "COMETAPI_KEY", "COMETAPI_API_KEY"),
    CLOUD("dashscope", "DashScope", NULL, VECTORS, "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
          "DASHSCOPE_API_KEY"),
    CLOUD("deepinfra", "DeepInfra", "https://deepinfra.com/dash/api_keys", CLASSIC,
          "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    {.prefix = "deepseek",
     .title = "DeepSeek",
     .api_base = "https://api.deepseek.com/v1",
     .key_env = {"DEEPSEEK_API_KEY"},
     .key_page = "https://platform.deepseek.com/api_keys",
     .key_required = true,
     .wires = WIRE_CHAT,
     .returns_reasoning = true},
    CLOUD("featherless_ai", "Featherless AI", NULL, TEXT, "https://api.featherless.ai/v1", "FEATHERLESS_AI_API_KEY",
          "FEATHERLESS_API_KEY"),
    CLOUD("fireworks_ai", "Fireworks AI", "https://app.fireworks.ai/settings/users/api-keys", CLASSIC,
          "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
    CLOUD("friendliai", "FriendliAI", NULL, TEXT, "https://api.friendli.ai/serverless/v1", "FRIENDLIAI_API_KEY",
          "FRIENDLI_TOKEN"),
    CLOUD("github", "GitHub Models", "https://github.com/settings/tokens", VECTORS,
          "https://models.github.ai/inference", "GITHUB_API_KEY"),
    CLOUD("gmi", "GMI Cloud", NULL, WIRE_CHAT, "https://api.gmi-serving.com/v1", "GMI_API_KEY"),
    {.prefix = "groq",
     .title = "Groq",
     .api_base = "https://api.groq.com/openai/v1",
     .key_env = {"GROQ_API_KEY"},
     .key_start = "gsk_",
     .key_page = "https://console.groq.com/keys",
     .key_required = true,
     .wires = WIRE_CHAT},
    CLOUD("helicone", "Helicone", NULL, WIRE_CHAT, "https://ai-gateway.helicone.ai", "HELICONE_API_KEY"),
    CLOUD("hyperbolic", "Hyperbolic", NULL, TEXT, "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
    CLOUD("inception", "Inception", NULL, WIRE_CHAT, "https://api.inceptionlabs.ai/v1", "INCEPTION_API_KEY"),
    CLOUD("lambda_ai", "Lambda", NULL, TEXT, "https://api.lambda.ai/v1", "LAMBDA_API_KEY"),
    CLOUD("meta_llama", "Llama API", NULL, WIRE_CHAT, "https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
    CLOUD("minimax", "MiniMax", NULL, WIRE_CHAT, "https://api.minimax.io/v1", "MINIMAX_API_KEY"),
    CLOUD("mistral", "Mistral", "https://console.mistral.ai/api-keys", VECTORS, "https://api.mistral.ai/v1",
          "MISTRAL_API_KEY"),
    CLOUD("modelscope", "ModelScope", NULL, VECTORS, "https://api-inference.modelscope.cn/v1", "MODELSCOPE_API_KEY"),
    {.prefix = "moonshot",
     .title = "Moonshot",
     .api_base = "https://api.moonshot.ai/v1",
     .key_env = {"MOONSHOT_API_KEY"},
     .key_page = "https://platform.moonshot.ai/console/api-keys",
     .key_required = true,
     .wires = WIRE_CHAT,
     .returns_reasoning = true},
    CLOUD("morph", "Morph", NULL, WIRE_CHAT, "https://api.morphllm.com/v1", "MORPH_API_KEY"),
    CLOUD("nano-gpt", "NanoGPT", NULL, WIRE_CHAT, "https://nano-gpt.com/api/v1", "NANOGPT_API_KEY"),
    CLOUD("nebius", "Nebius", NULL, CLASSIC, "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
    CLOUD("novita", "Novita AI", "https://novita.ai/settings/key-management", CLASSIC,
          "https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
    CLOUD("nscale", "Nscale", NULL, WIRE_CHAT, "https://inference.api.nscale.com/v1", "NSCALE_API_KEY"),
    CLOUD("nvidia_nim", "NVIDIA NIM", "https://build.nvidia.com", CLASSIC, "https://integrate.api.nvidia.com/v1",
          "NVIDIA_NIM_API_KEY"),
    {.prefix = "openrouter",
     .title = "OpenRouter",
     .api_base = "https://openrouter.ai/api/v1",
     .key_env = {"OPENROUTER_API_KEY"},
     .key_start = "sk-or-",
     .key_page = "https://openrouter.ai/settings/keys",
     .key_required = true,
     .wires = CLASSIC},
    CLOUD("ovhcloud", "OVHcloud", NULL, VECTORS, "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
          "OVHCLOUD_API_KEY"),
    CLOUD("perplexity", "Perplexity", "https://www.perplexity.ai/settings/api", WIRE_CHAT, "https://api.perplexity.ai",
          "PERPLEXITYAI_API_KEY"),
    CLOUD("poe", "Poe", "https://poe.com/api_key", WIRE_CHAT, "https://api.poe.com/v1", "POE_API_KEY"),
    CLOUD("publicai", "Public AI", NULL, WIRE_CHAT, "https://api.publicai.co/v1", "PUBLICAI_API_KEY"),
    CLOUD("sambanova", "SambaNova", "https://cloud.sambanova.ai/apis", VECTORS, "https://api.sambanova.ai/v1",
          "SAMBANOVA_API_KEY"),
    CLOUD("scaleway", "Scaleway", "https://console.scaleway.com/iam/api-keys", VECTORS, "https://api.scaleway.ai/v1",
          "SCW_SECRET_KEY"),
    CLOUD("synthetic", "Synthetic", NULL, TEXT, "https://api.synthetic.new/openai/v1", "SYNTHETIC_API_KEY"),
    CLOUD("together_ai", "Together AI", "https://api.together.ai/settings/api-keys", CLASSIC,
          "https://api.together.xyz/v1", "TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
    CLOUD("v0", "v0", NULL, WIRE_CHAT, "https://api.v0.dev/v1", "V0_API_KEY"),
    CLOUD("veniceai", "Venice AI", NULL, VECTORS, "https://api.venice.ai/api/v1", "VENICE_AI_API_KEY"),
    CLOUD("vercel_ai_gateway", "Vercel AI Gateway", NULL, VECTORS, "https://ai-gateway.vercel.sh/v1",
          "VERCEL_AI_GATEWAY_API_KEY"),
    CLOUD("volcengine", "Volcengine", NULL, VECTORS, "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY",
          "ARK_API_KEY"),
    CLOUD("wandb", "W&B Inference", "https://wandb.ai/authorize", WIRE_CHAT, "https://api.inference.wandb.ai/v1",
          "WANDB_API_KEY"),
    {.prefix = "xai",
     .title = "xAI",
     .api_base = "https://api.x.ai/v1",
     .key_env = {"XAI_API_KEY"},
     .key_start = "xai-",
     .key_page = "https://console.x.ai",
     .key_required = true,
     .wires = WIRE_CHAT},
    CLOUD("xiaomi_mimo", "Xiaomi MiMo", NULL, WIRE_CHAT, "https://api.xiaomimimo.com/v1", "XIAOMI_MIMO_API_KEY"),
    CLOUD("zai", "Z.ai", "https://z.ai/manage-apikey/apikey-list", WIRE_CHAT, "https://api.z.ai/api/paas/v4",
          "ZAI_API_KEY"),
    {.prefix = "codex-oauth",
     .title = "ChatGPT login",
     .api_base = "https://chatgpt.com/backend-api/codex",
     .sign_in = SIGN_IN_CHATGPT,
     .streams_only = true,
     .chatgpt_fields = true,
     .subscription = true,
     .openai_models = true,
     .wires = WIRE_RESPONSES},
    /* Servers whose address is in the configuration. */
    {.prefix = "hosted_vllm", .title = "vLLM", .key_env = {"HOSTED_VLLM_API_KEY"}, .wires = ALL},
    {.prefix = "openai_like",
     .title = "OpenAI-compatible server",
     .key_env = {"OPENAI_LIKE_API_KEY"},
     .wires = CLASSIC},
    {.prefix = "custom_openai",
     .title = "OpenAI-compatible server",
     .key_env = {"OPENAI_LIKE_API_KEY"},
     .wires = CLASSIC},
    {.prefix = "litellm_proxy", .title = "LiteLLM proxy", .key_env = {"LITELLM_PROXY_API_KEY"}, .wires = ALL},
    CODEX_AGENT("codex-agent"),
    CODEX_AGENT("codex_cli_agent"),
    /* Not supported: other APIs or sign-ins. */
    {.prefix = "azure"},
    {.prefix = "azure_ai"},
    {.prefix = "bedrock"},
    {.prefix = "chatgpt"},
    {.prefix = "cloudflare"},
    {.prefix = "databricks"},
    {.prefix = "gigachat"},
    {.prefix = "github_copilot"},
    {.prefix = "oci"},
    {.prefix = "replicate"},
    {.prefix = "sagemaker"},
    {.prefix = "sagemaker_chat"},
    {.prefix = "snowflake"},
    {.prefix = "vertex_ai"},
    {.prefix = "vertex_ai_beta"},
    {.prefix = "watsonx"},
    /* "codex-echo", for the demo. */
    {.prefix = "echo", .title = "Demo", .kind = PROVIDER_ECHO, .wires = WIRE_CHAT},
    {0},
};

static const struct provider UNKNOWN = {.prefix = "unknown"};

const struct provider *provider_unknown(void)
{
    return &UNKNOWN;
}

bool provider_is_at_home(const struct provider *provider, const char *api_base)
{
    return provider->api_base && !provider->local && api_base && strcmp(provider->api_base, api_base) == 0;
}

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

const struct provider *provider_of_key(struct slice variable)
{
    for (const struct provider *p = TABLE; p->prefix; p++)
        for (unsigned i = 0; p->key_env[i]; i++)
            if (slice_is(variable, p->key_env[i]))
                return p;
    return NULL;
}

const struct provider *provider_by_key_start(struct slice key)
{
    const struct provider *found = NULL;
    for (const struct provider *p = TABLE; p->prefix; p++)
        if (p->key_start && slice_starts(key, p->key_start) &&
            (!found || strlen(p->key_start) > strlen(found->key_start)))
            found = p;
    return found;
}

/* Returns what precedes the first '/', and removes both from `rest`; empty: no '/'. */
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

/* Appends the router's name: "openai/gpt-oss-120b:groq" for "groq/openai/gpt-oss-120b". For "openai/gpt-oss-120b" the
 * router chooses the inference provider. */
static bool huggingface_name(struct slice model, struct buf *name)
{
    struct slice rest = model;
    struct slice inference_provider = take_segment(&rest);
    if (inference_provider.len == 0 || !memchr(rest.ptr, '/', rest.len))
        return buf_add_slice(name, model);
    return buf_add_slice(name, rest) && buf_add_char(name, ':') && buf_add_slice(name, inference_provider);
}

bool provider_name(const struct provider *p, struct slice model, struct buf *name)
{
    struct slice rest = model;
    if (!slice_is(take_segment(&rest), p->prefix))
        rest = model;
    if (rest.len == 0)
        return false;
    if (strcmp(p->prefix, "huggingface") == 0)
        return huggingface_name(rest, name);
    return buf_add_slice(name, rest);
}

bool provider_resolve(const char *model, const struct provider **provider, struct buf *name)
{
    struct slice rest = slice_of(model);
    const struct provider *p = provider_find(take_segment(&rest));
    *provider = p ? p : TABLE;
    return provider_name(*provider, slice_of(model), name);
}
