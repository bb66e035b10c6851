/* pure: the table of providers, and the meaning of LiteLLM's `model`. */
#include "proxy/terms/provider.h"

#include <string.h>

/* APIs besides Chat Completions, from the providers' documentation: text completions, embeddings, all of OpenAI's. */
#define TEXT (WIRE_CHAT | WIRE_COMPLETIONS)
#define VECTORS (WIRE_CHAT | WIRE_EMBEDDINGS)
#define CLASSIC (TEXT | VECTORS)
#define ALL (CLASSIC | WIRE_RESPONSES)
/* A company's service: its base URL, and the variables for the key. */
#define CLOUD(PREFIX, WIRES, BASE, ...) \
    {.prefix = PREFIX, .api_base = BASE, .key_env = {__VA_ARGS__}, .key_required = true, .wires = WIRES}

/* An agent of the user behind Chat Completions, with the environment variables of the LiteLLM fork that supports it. */
#define CODEX_AGENT(PREFIX)                      \
    {.prefix = PREFIX,                           \
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
     .api_base = "https://api.openai.com/v1",
     .key_env = {"OPENAI_API_KEY"},
     .key_required = true,
     .openai_models = true,
     .wires = ALL},
    {.prefix = "gemini",
     .api_base = "https://generativelanguage.googleapis.com/v1beta/openai",
     .key_env = {"GEMINI_API_KEY", "GOOGLE_API_KEY"},
     .key_required = true,
     .wires = VECTORS,
     .thought_signatures = true},
    CLOUD("huggingface", WIRE_CHAT, "https://router.huggingface.co/v1", "HF_TOKEN", "HUGGINGFACE_API_KEY"),
    {.prefix = "ollama",
     .api_base = "http://127.0.0.1:11434/v1",
     .base_path = "/v1",
     .wires = CLASSIC,
     .local = true,
     .truncates_prompts = true,
     .ignores = IGNORES_MAX_COMPLETION_TOKENS | IGNORES_TOOL_CHOICE},
    {.prefix = "ollama_chat",
     .api_base = "http://127.0.0.1:11434/v1",
     .base_path = "/v1",
     .wires = CLASSIC,
     .local = true,
     .truncates_prompts = true,
     .ignores = IGNORES_MAX_COMPLETION_TOKENS | IGNORES_TOOL_CHOICE},
    {.prefix = "lm_studio",
     .api_base = "http://127.0.0.1:1234/v1",
     .key_env = {"LM_STUDIO_API_KEY"},
     .wires = CLASSIC,
     .local = true},
    {.prefix = "llamafile",
     .api_base = "http://127.0.0.1:8080/v1",
     .key_env = {"LLAMAFILE_API_KEY"},
     .wires = CLASSIC,
     .local = true},
    CLOUD("ai21", WIRE_CHAT, "https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    CLOUD("ai21_chat", WIRE_CHAT, "https://api.ai21.com/studio/v1", "AI21_API_KEY"),
    CLOUD("aihubmix", VECTORS, "https://aihubmix.com/v1", "AIHUBMIX_API_KEY"),
    CLOUD("aiml", VECTORS, "https://api.aimlapi.com/v1", "AIML_API_KEY", "AIMLAPI_KEY"),
    CLOUD("anthropic", WIRE_CHAT, "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    CLOUD("baseten", WIRE_CHAT, "https://inference.baseten.co/v1", "BASETEN_API_KEY"),
    CLOUD("bigmodel", VECTORS, "https://open.bigmodel.cn/api/paas/v4", "BIGMODEL_API_KEY"),
    CLOUD("cerebras", TEXT, "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    CLOUD("chutes", WIRE_CHAT, "https://llm.chutes.ai/v1", "CHUTES_API_KEY"),
    CLOUD("codestral", WIRE_CHAT, "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
    CLOUD("cohere", VECTORS, "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    CLOUD("cohere_chat", VECTORS, "https://api.cohere.ai/compatibility/v1", "COHERE_API_KEY"),
    CLOUD("cometapi", VECTORS, "https://api.cometapi.com/v1", "COMETAPI_KEY", "COMETAPI_API_KEY"),
    CLOUD("dashscope", VECTORS, "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    CLOUD("deepinfra", CLASSIC, "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    {.prefix = "deepseek",
     .api_base = "https://api.deepseek.com/v1",
     .key_env = {"DEEPSEEK_API_KEY"},
     .key_required = true,
     .wires = WIRE_CHAT,
     .returns_reasoning = true},
    CLOUD("featherless_ai", TEXT, "https://api.featherless.ai/v1", "FEATHERLESS_AI_API_KEY", "FEATHERLESS_API_KEY"),
    CLOUD("fireworks_ai", CLASSIC, "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY",
          "FIREWORKS_AI_API_KEY"),
    CLOUD("friendliai", TEXT, "https://api.friendli.ai/serverless/v1", "FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"),
    CLOUD("github", VECTORS, "https://models.github.ai/inference", "GITHUB_API_KEY"),
    CLOUD("gmi", WIRE_CHAT, "https://api.gmi-serving.com/v1", "GMI_API_KEY"),
    CLOUD("groq", WIRE_CHAT, "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    CLOUD("helicone", WIRE_CHAT, "https://ai-gateway.helicone.ai", "HELICONE_API_KEY"),
    CLOUD("hyperbolic", TEXT, "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
    CLOUD("inception", WIRE_CHAT, "https://api.inceptionlabs.ai/v1", "INCEPTION_API_KEY"),
    CLOUD("lambda_ai", TEXT, "https://api.lambda.ai/v1", "LAMBDA_API_KEY"),
    CLOUD("meta_llama", WIRE_CHAT, "https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
    CLOUD("minimax", WIRE_CHAT, "https://api.minimax.io/v1", "MINIMAX_API_KEY"),
    CLOUD("mistral", VECTORS, "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    CLOUD("modelscope", VECTORS, "https://api-inference.modelscope.cn/v1", "MODELSCOPE_API_KEY"),
    {.prefix = "moonshot",
     .api_base = "https://api.moonshot.ai/v1",
     .key_env = {"MOONSHOT_API_KEY"},
     .key_required = true,
     .wires = WIRE_CHAT,
     .returns_reasoning = true},
    CLOUD("morph", WIRE_CHAT, "https://api.morphllm.com/v1", "MORPH_API_KEY"),
    CLOUD("nano-gpt", WIRE_CHAT, "https://nano-gpt.com/api/v1", "NANOGPT_API_KEY"),
    CLOUD("nebius", CLASSIC, "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
    CLOUD("novita", CLASSIC, "https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
    CLOUD("nscale", WIRE_CHAT, "https://inference.api.nscale.com/v1", "NSCALE_API_KEY"),
    CLOUD("nvidia_nim", CLASSIC, "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    CLOUD("openrouter", CLASSIC, "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    CLOUD("ovhcloud", VECTORS, "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", "OVHCLOUD_API_KEY"),
    CLOUD("perplexity", WIRE_CHAT, "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
    CLOUD("poe", WIRE_CHAT, "https://api.poe.com/v1", "POE_API_KEY"),
    CLOUD("publicai", WIRE_CHAT, "https://api.publicai.co/v1", "PUBLICAI_API_KEY"),
    CLOUD("sambanova", VECTORS, "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    CLOUD("scaleway", VECTORS, "https://api.scaleway.ai/v1", "SCW_SECRET_KEY"),
    CLOUD("synthetic", TEXT, "https://api.synthetic.new/openai/v1", "SYNTHETIC_API_KEY"),
    CLOUD("together_ai", CLASSIC, "https://api.together.xyz/v1", "TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
    CLOUD("v0", WIRE_CHAT, "https://api.v0.dev/v1", "V0_API_KEY"),
    CLOUD("veniceai", VECTORS, "https://api.venice.ai/api/v1", "VENICE_AI_API_KEY"),
    CLOUD("vercel_ai_gateway", VECTORS, "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY"),
    CLOUD("volcengine", VECTORS, "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY", "ARK_API_KEY"),
    CLOUD("wandb", WIRE_CHAT, "https://api.inference.wandb.ai/v1", "WANDB_API_KEY"),
    CLOUD("xai", WIRE_CHAT, "https://api.x.ai/v1", "XAI_API_KEY"),
    CLOUD("xiaomi_mimo", WIRE_CHAT, "https://api.xiaomimimo.com/v1", "XIAOMI_MIMO_API_KEY"),
    CLOUD("zai", WIRE_CHAT, "https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
    {.prefix = "codex-oauth",
     .api_base = "https://chatgpt.com/backend-api/codex",
     .sign_in = SIGN_IN_CHATGPT,
     .streams_only = true,
     .chatgpt_fields = true,
     .subscription = true,
     .openai_models = true,
     .wires = WIRE_RESPONSES},
    /* Servers whose address is in the configuration. */
    {.prefix = "hosted_vllm", .key_env = {"HOSTED_VLLM_API_KEY"}, .wires = ALL},
    {.prefix = "openai_like", .key_env = {"OPENAI_LIKE_API_KEY"}, .wires = CLASSIC},
    {.prefix = "custom_openai", .key_env = {"OPENAI_LIKE_API_KEY"}, .wires = CLASSIC},
    {.prefix = "litellm_proxy", .key_env = {"LITELLM_PROXY_API_KEY"}, .wires = ALL},
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
    {.prefix = "echo", .kind = PROVIDER_ECHO, .wires = WIRE_CHAT},
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
