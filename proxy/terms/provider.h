/* provider: pure. The table of providers, by the prefix of LiteLLM's `model` ("gemini/…"). A new provider is a new row.
 */
#ifndef POINTSMAN_PROVIDER_H
#define POINTSMAN_PROVIDER_H

#include "proxy/terms/wire.h"

enum provider_kind {
    PROVIDER_HTTP, /* an OpenAI-compatible server */
    PROVIDER_ECHO, /* the proxy itself replies, without an LLM */
};

/* How calls are authenticated: a row of upstream/sign_in.c and one of config/login.c implement each kind. */
enum sign_in {
    SIGN_IN_KEY,     /* by the deployment's api_key, if it has one */
    SIGN_IN_CHATGPT, /* by the ChatGPT login of the user's Codex CLI (upstream/login.h) */
    SIGN_INS
};

/* Fields of a chat request that a server accepts but ignores: the request is changed to have the same effect. */
enum provider_ignores {
    IGNORES_MAX_COMPLETION_TOKENS = 1, /* max_tokens is sent */
    IGNORES_TOOL_CHOICE = 2,           /* for "none" no tools are sent */
    IGNORES_CACHE = 4,                 /* in no row: the field `cache`, which is for the proxy */
    IGNORES_STREAM = 8,                /* in no row: a deployment without streams is asked for a whole reply */
};

/* Repeated calls to the same deployment after a transient failure; the waits before them double from first_ms to
 * most_ms. All 0: the next deployment is tried at once. See route/retry.h. */
struct retry_policy {
    unsigned times;
    int first_ms, most_ms;
};

struct provider {
    const char *prefix; /* "gemini" */
    enum provider_kind kind;
    const char *api_base;   /* default base URL, to which "/chat/completions" is appended; NULL: api_base is required */
    const char *key_env[3]; /* variables for the key, the first that is set counts; NULL-terminated */
    enum sign_in sign_in;
    bool key_required;       /* a deployment without a key is not ready */
    unsigned wires;          /* set of enum wire; 0: an API that the proxy does not support: never ready */
    bool local;              /* on the user's machine, may be down or lack the model: has health checks */
    bool truncates_prompts;  /* Ollama: silently truncates prompts beyond the context window with which it loaded the
                                model; health checks read that */
    unsigned ignores;        /* set of enum provider_ignores */
    bool thought_signatures; /* Gemini: tool calls must be sent with its signature or a placeholder */
    bool returns_reasoning;  /* thinking models refuse calls that are sent without their reasoning */
    bool streams_only;       /* every reply is a stream */
    bool chatgpt_fields;     /* accepts only a part of a Responses request (bridge/chatgpt.h) */
    bool subscription;       /* has a quota instead of prices: never hedged to, although it may be free */
    bool openai_models;      /* has OpenAI's models */
    const char *base_path;   /* appended to an api_base without it, because LiteLLM's base for Ollama lacks it; NULL:
                                none */
    const char *base_env;    /* variable for the base URL if the configuration has none; NULL: none */
    const char *switch_env;  /* not ready unless this variable is "1"; NULL: none */
    struct retry_policy retry;
    const char *retries_env; /* variable that overrides retry.times; NULL: none */
};

/* Returns the row for a prefix; NULL: none. */
const struct provider *provider_find(struct slice prefix);
/* Returns the row for deployments of unknown providers, which are never ready. It is not in provider_table(). */
const struct provider *provider_unknown(void);
/* Returns whether the base URL is the provider's own server on the internet. Its paths are known, so a 404 there means
 * the model. */
bool provider_is_at_home(const struct provider *provider, const char *api_base);
/* Returns the rows; the last one has the prefix NULL. */
const struct provider *provider_table(void);

/* Splits LiteLLM's `model` ("huggingface/groq/openai/gpt-oss-120b") into the provider and the name to send, which is
 * appended to `name`. Hugging Face's "huggingface/<inference provider>/<org>/<model>" becomes "<org>/<model>:<inference
 * provider>" for its router. A model without a known prefix is OpenAI's. false: `name` has failed, or the name is
 * empty. */
MUST_CHECK bool provider_resolve(const char *model, const struct provider **provider, struct buf *name);

/* Appends the name to send for a model of this provider, without the provider's prefix. false: see provider_resolve().
 */
MUST_CHECK bool provider_name(const struct provider *p, struct slice model, struct buf *name);

#endif
