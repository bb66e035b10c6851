/* provider: pure. The table of providers, by the prefix of LiteLLM's `model` ("gemini/…"). A new provider is a new row.
 */
#ifndef POINTSMAN_PROVIDER_H
#define POINTSMAN_PROVIDER_H

#include "proxy/terms/wire.h"

enum provider_kind {
    PROVIDER_HTTP, /* an OpenAI-compatible server */
    PROVIDER_ECHO, /* the proxy itself replies, without an LLM */
};

/* How calls are authenticated. Each kind has a row in upstream/sign_in.c and one in config/login.c. */
enum sign_in {
    SIGN_IN_KEY,     /* by the deployment's api_key, if it has one */
    SIGN_IN_CHATGPT, /* by the ChatGPT login of the user's Codex CLI (upstream/login.h) */
    SIGN_INS
};

/* Fields of a chat request that a server accepts but ignores. The proxy changes the request for the same effect. */
enum provider_ignores {
    IGNORES_MAX_COMPLETION_TOKENS = 1, /* max_tokens is sent instead */
    IGNORES_TOOL_CHOICE = 2,           /* if it is "none", no tools are sent */
    IGNORES_CACHE = 4,                 /* the field `cache`, which is meant for the proxy; no provider's row has this */
    IGNORES_STREAM = 8,                /* in no row: a deployment without streams is asked for a whole reply */
};

/* Repeated calls to the same deployment after a transient failure: how many, the wait before the first one, and the
 * longest wait; the waits double. All 0: the next deployment is tried at once. See route/retry.h. */
struct retry_policy {
    unsigned times;
    int first_ms, most_ms;
};

struct provider {
    const char *prefix; /* "gemini" */
    const char *title;  /* its name for people, "Gemini"; NULL: a provider that is not supported */
    enum provider_kind kind;
    const char *api_base;   /* default base URL, to which "/chat/completions" is appended; NULL: api_base is required */
    const char *key_env[3]; /* variables for the key; the first one that is set is used; NULL-terminated */
    const char *key_start;  /* how all of its keys begin, "AIza"; NULL: differs, or not known */
    const char *key_page;   /* URL where it gives keys; NULL: none, or not known */
    const char *key_note;   /* a sentence about its keys, for the start form; NULL: none */
    enum sign_in sign_in;
    bool key_required;       /* a deployment without a key is not ready */
    unsigned wires;          /* its APIs, a set of enum wire; 0: none that the proxy supports, so it is never ready */
    bool local;              /* runs on the user's machine, and may be down or lack the model: has health checks */
    bool truncates_prompts;  /* Ollama: silently truncates prompts longer than the context window with which it loaded
                                the model; health checks get the size of that window */
    unsigned ignores;        /* set of enum provider_ignores */
    bool thought_signatures; /* Gemini: requires its signature, or a placeholder, with each tool call of the history */
    bool returns_reasoning;  /* its thinking models refuse a history whose tool calls lack their reasoning */
    bool streams_only;       /* every reply is a stream */
    bool chatgpt_fields;     /* accepts only a part of a Responses request (bridge/chatgpt.h) */
    bool subscription;       /* has a quota instead of prices: never used for a hedge, even if its price is 0 */
    bool openai_models;      /* its models are OpenAI's */
    const char *base_path;   /* appended to an api_base that does not end in it, as in LiteLLM's settings for Ollama;
                                NULL: none */
    const char *base_env;    /* variable for the base URL if the configuration has none; NULL: none */
    const char *switch_env;  /* not ready unless this variable is "1"; NULL: none */
    struct retry_policy retry;
    const char *retries_env; /* variable that overrides retry.times; NULL: none */
};

/* Returns the row for a prefix; NULL: none. */
const struct provider *provider_find(struct slice prefix);
/* Returns the row for deployments of unknown providers, which are never ready. It is not in provider_table(). */
const struct provider *provider_unknown(void);
/* Returns whether the base URL is that of the provider's own server on the internet. A 404 of such a server is about
 * the model, because its paths are known to exist. */
bool provider_is_at_home(const struct provider *provider, const char *api_base);
/* Returns the first row that has this variable for its key; NULL: none. */
const struct provider *provider_of_key(struct slice variable);
/* Returns the row whose key_start is the longest that the key begins with; NULL: none. */
const struct provider *provider_by_key_start(struct slice key);
/* Returns the rows; the last one has the prefix NULL. */
const struct provider *provider_table(void);

/* Splits LiteLLM's `model` into the provider and the name to send, which is appended to `name`. For Hugging Face's
 * router, "huggingface/groq/openai/gpt-oss-120b" becomes "openai/gpt-oss-120b:groq". A model without a known prefix is
 * OpenAI's. false: `name` failed, or the name is empty. */
MUST_CHECK bool provider_resolve(const char *model, const struct provider **provider, struct buf *name);

/* Appends the name to send for a model of this provider, without the provider's prefix. false: see provider_resolve().
 */
MUST_CHECK bool provider_name(const struct provider *p, struct slice model, struct buf *name);

#endif
