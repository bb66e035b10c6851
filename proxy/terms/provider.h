/* provider: the table of providers, by the prefix of LiteLLM's `model` ("gemini/…"). Adding one is adding a row. */
#ifndef POINTSMAN_PROVIDER_H
#define POINTSMAN_PROVIDER_H

#include "proxy/terms/wire.h"

enum provider_kind {
    PROVIDER_HTTP, /* an OpenAI-compatible server, reached through libcurl */
    PROVIDER_ECHO, /* answered by the proxy itself: no model behind it */
};

/* How calls are authenticated; what each kind does are a row of upstream/sign_in.c and one of config/login.c. */
enum sign_in {
    SIGN_IN_KEY,     /* with the deployment's api_key, if it has one */
    SIGN_IN_CHATGPT, /* with the ChatGPT login of the user's Codex CLI (upstream/login.h) */
    SIGN_INS
};

/* Fields of a chat request that a server accepts and ignores: it gets the same in a way that it understands. */
enum provider_ignores {
    IGNORES_MAX_COMPLETION_TOKENS = 1, /* knows max_tokens */
    IGNORES_TOOL_CHOICE = 2,           /* for "none" it gets no tools */
    IGNORES_CACHE = 4,                 /* no row's: the field `cache`, which is for the proxy */
};

/* Further calls to the same deployment after a failure that may pass; the waits before them double from first_ms to
 * most_ms. All 0: the next deployment is tried at once. See route/retry.h. */
struct retry_policy {
    unsigned times;
    int first_ms, most_ms;
};

struct provider {
    const char *prefix; /* "gemini" */
    enum provider_kind kind;
    const char *api_base;   /* default base that "/chat/completions" is appended to; NULL: api_base is required */
    const char *key_env[3]; /* variables that hold the key, first set one wins; NULL-terminated */
    enum sign_in sign_in;
    bool key_required; /* without a key a deployment is not ready */
    unsigned wires;    /* set of enum wire; 0: known by name, but not spoken here: never ready */
    bool local;        /* a server on the user's own machine that may be down or lack the model: it is probed */
    bool cuts_prompts; /* Ollama: what goes beyond the context that a model was loaded with is cut off without a word;
                          how large that is, is asked for */
    unsigned ignores;  /* set of enum provider_ignores */
    bool thought_signatures; /* Gemini: calls of tools must bear its signature, or a placeholder for it */
    bool returns_reasoning; /* its thinking models refuse calls that come back without the reasoning that led to them */
    bool streams_only;      /* its replies are event streams, whatever the client asks for */
    bool chatgpt_fields;    /* takes a part of a Responses request only (bridge/chatgpt.h) */
    bool subscription;      /* has a quota, not prices: no second attempt goes there, though it may be free of charge */
    bool openai_models;     /* serves OpenAI's models */
    const char
        *base_path; /* added to an api_base that does not end in it: LiteLLM's base for Ollama has none; or NULL */
    const char *base_env;   /* variable that holds the base where the configuration gives none; or NULL */
    const char *switch_env; /* never ready unless this variable is "1"; NULL: needs no switch */
    struct retry_policy retry;
    const char *retries_env; /* variable that replaces retry.times; or NULL */
};

/* The row for a prefix; NULL when there is none. */
const struct provider *provider_find(struct slice prefix);
/* The row of a deployment whose provider has none: never ready. It is not among the rows for listing. */
const struct provider *provider_unknown(void);
/* Whether the base is the provider's own server on the internet, whose paths are known: 404 there means the model. */
bool provider_is_at_home(const struct provider *provider, const char *api_base);
/* The rows, for listing; ends at a row whose prefix is NULL. */
const struct provider *provider_table(void);

/* Splits LiteLLM's `model` ("huggingface/groq/openai/gpt-oss-120b") into its provider and the name that the provider is
 * asked for. Hugging Face's "huggingface/<inference provider>/<org>/<model>" becomes "<org>/<model>:<inference
 * provider>" on the router's OpenAI endpoint. A name without a known prefix is OpenAI's. `name` is appended to; false:
 * no memory or an empty name. */
MUST_CHECK bool provider_resolve(const char *model, const struct provider **provider, struct buf *name);

/* The same for a provider that is settled: appends the name that it is asked for. The provider's own prefix is taken
 * off.
 */
MUST_CHECK bool provider_name(const struct provider *p, struct slice model, struct buf *name);

#endif
