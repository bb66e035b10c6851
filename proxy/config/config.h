/* config: pure. LiteLLM's config.yaml as the proxy uses it. Immutable once loaded. NAN, unless noted, means not set. */
#ifndef POINTSMAN_CONFIG_H
#define POINTSMAN_CONFIG_H

#include "common/markov.h"
#include "proxy/terms/failure_patterns.h"
#include "proxy/terms/prompt_cache.h"
#include "proxy/terms/strategy_id.h"

/* Counts by failure kind, from LiteLLM's policies. */
struct failure_policy {
    struct {
        bool given;
        int times;
    } of[FAILURE_KINDS];
};

/* What a request may need beyond text; sets of these are or-ed into an `unsigned`. */
enum capability {
    CAPABILITY_TOOLS = 1,
    CAPABILITY_IMAGES = 2,
    CAPABILITY_FORMAT = 4, /* structured output: response_format, text.format */
};

/* USD per token; NAN: not given. */
struct price {
    double input, cached_input, output, reasoning, cache_write;
};

/* Prices for requests with more prompt tokens than `above`; NAN: those of the tier below. */
struct price_tier {
    double above;
    struct price price;
};

/* Token counts of a call; `cached` (read from the provider's cache) and `cache_write` are parts of `input`, `reasoning`
 * of `output`. Negative: unknown, counts as 0. */
struct token_counts {
    double input, cached, output, reasoning, cache_write;
};

/* Values of a deployment that come from the table of known models, not from the file. */
enum known_value {
    KNOWN_INPUT = 1,
    KNOWN_OUTPUT = 2,
    KNOWN_CACHE_READ = 4,
    KNOWN_CACHE_WRITE = 8,
    KNOWN_REASONING = 16,
    KNOWN_TIERS = 32, /* some of them */
    KNOWN_WINDOW = 64,
};

/* One entry of `model_list`. */
struct deployment {
    unsigned index;       /* index in config.deployments, and in all per-deployment arrays */
    unsigned line;        /* line in the file */
    char *id;             /* model_info.id, else "<model_name>/<provider prefix>/<n-th of the group, from 1>" */
    char *alias;          /* model_name */
    bool wildcard;        /* it has a '*': one deployment serves many models */
    char *model;          /* litellm_params.model as written */
    char *upstream_model; /* the model name sent to the provider; with a '*' see config_upstream_model() */
    const struct provider *provider;
    const struct prompt_cache *prompt_cache; /* what is known of the server's; NULL: nothing */
    char *api_base;                          /* without a trailing slash; NULL for PROVIDER_ECHO */
    char *api_key;                           /* locked memory (secret_keep()); NULL: none set or needed */
    unsigned wires;        /* set of enum wire: the provider's APIs, minus Responses with use_chat_completions_api */
    int order;             /* lower first; INT_MAX: not given */
    double weight;         /* traffic share within one order; default 1; 0: only after all others failed */
    int64_t rpm, tpm;      /* limits per minute; 0: none */
    int64_t max_in_flight; /* concurrent calls; 0: no limit */
    int timeout_ms;        /* ms, whole call, or silence within a stream; 0: none */
    int stream_timeout_ms; /* ms to the first content of a stream; 0: none */
    struct retry_policy retry; /* the provider's, or as its variable overrides it */
    int num_retries; /* further attempts on other deployments after a failure here; negative: the configuration's */
    struct price price;
    struct price_tier *tiers; /* ascending; NULL: none */
    unsigned tier_count;
    bool whole_replies;       /* its server has no streams: a client's stream is made of a whole reply */
    int64_t max_input_tokens; /* context window, tokens, at most context_length; 0: unknown */
    int64_t context_length;   /* configured limit on it, tokens; 0: none */
    unsigned lacks;           /* set of enum capability: declared missing */
    char *known_as;           /* its row in the table of known models; NULL: none */
    unsigned known;           /* set of enum known_value */
    double cost_discount;     /* already taken off its prices: 0 to 1 */
    double cost_margin;       /* already added to them: 0.1 is 10 % */
    /* Declared values, used until calls show the real ones. */
    double quality;                                      /* of its answers, 0 to 100; NAN: unknown */
    double expected_ttft_ms, expected_tokens_per_second; /* 0: unknown */
    char *instructions; /* SIGN_IN_CHATGPT: replaces the client's instructions; NULL: does not */
    char *originator;   /* SIGN_IN_CHATGPT: value of the originator header */
    char *not_ready;    /* why the configuration and environment make it unusable ("GEMINI_API_KEY is not set"); NULL:
                           usable */
};

/* Deployments that share a model_name, in file order. */
struct model_group {
    char *alias;
    const struct deployment **deployments;
    unsigned count;
    const struct model_group **fallbacks; /* groups to try after this one, in order */
    unsigned fallback_count;
    /* Context-window and content-policy fallbacks: for a prompt that is too long, or that a provider's policy refuses.
     * Unlisted groups: deployments of the first named group, the other named groups as fallbacks. NULL: none. */
    const struct model_group *on_context, *on_content_filter;
    struct failure_policy retries; /* the group's own; missing values come from the configuration */
    double max_cost_usd;           /* cost limit from proxy start to end; NAN: none */
    bool wildcard;                 /* the alias has a '*': serves names without a group of their own */
    bool strict;        /* direct alias: exactly one deployment, no fallback, provider errors passed through */
    double min_quality; /* lowest declared quality of a usable deployment; undeclared ones qualify; 0: no minimum */
};

/* Settings of the strategies: router_settings.routing_strategy_args. */
struct strategy_settings {
    /* risk-adjusted: risk coefficients of the normalized observations; tau: softmax temperature. */
    struct risk_weights {
        double cost, ttft, total_latency, tokens_per_second, error, token_pressure, queue_depth, quality;
    } weights;
    double tau;
    /* expected-cost: values in USD. */
    double value_of_time;          /* per second */
    double quality_point;          /* per point of quality below 100 */
    double failure;                /* of a request that fails after all attempts */
    double expected_output_tokens; /* tokens of a reply, until replies were measured */
    double move_factor; /* a conversation leaves its deployment if it costs this many times the best one's cost */
    /* ms; observations of this age count half. */
    int half_life_ms, error_half_life_ms;
};

/* The Redis of the cache of replies. */
struct redis_settings {
    char *host; /* NULL: no Redis */
    unsigned port, db;
    char *username; /* NULL: none */
    char *password; /* in locked memory; NULL: none */
    int timeout_ms; /* ms for an answer */
};

/* The cache of replies: litellm_settings.cache and cache_params. */
struct cache_settings {
    bool on;
    int ttl_ms;           /* ms that an answer is kept */
    unsigned max_size_mb; /* MB in memory */
    unsigned wires;       /* set of enum wire: the APIs whose requests use it */
    bool default_on;      /* false: only requests that ask for it use it */
    bool any_temperature; /* also requests whose temperature is absent or above 0 */
    int again_ms;         /* ms in which the same request of a conversation gets a new answer; 0: never */
    char *namespace;      /* part of every key; NULL: none */
    struct redis_settings redis;
    char *embedding_model;       /* alias whose deployment makes the vectors of questions; NULL: none */
    double similarity_threshold; /* of observations that count for an entry */
    unsigned max_vectors;
};

/* Sets the defaults. */
void strategy_settings_init(struct strategy_settings *s);

struct config {
    char *path;
    struct deployment *deployments;
    unsigned deployment_count;
    struct model_group *groups; /* in order of first appearance */
    unsigned group_count;
    struct model_group *prompt_fallbacks; /* targets of on_context and on_content_filter */
    unsigned prompt_fallback_count;
    char *outgoing_proxy; /* outbound proxy, "http://host:port", for calls to other machines; NULL: none */
    char *outgoing_login; /* its "user:password", percent-encoded, in locked memory; NULL: none */
    char *ca_file;        /* PEM file of CA certificates, in addition to the system's; NULL: none */
    char *token_url;      /* SIGN_IN_CHATGPT: token endpoint; NULL: the default */
    char *master_key;     /* in locked memory */
    enum strategy_id strategy;
    enum strategy_id risk_strategy; /* on the risk router's port */
    struct strategy_settings strategy_settings;
    struct markov_settings adaptive; /* the adaptive router */
    struct cache_settings cache;
    struct failure_pattern *error_rules; /* the user's rows, in their order */
    unsigned error_rule_count;
    int num_retries;                   /* further attempts of a request after the first */
    int extra_retries;                 /* largest excess over num_retries set by any policy or deployment */
    struct failure_policy retries;     /* replaces num_retries after such a failure */
    int timeout_ms, stream_timeout_ms; /* ms, defaults for deployments */
    int connect_timeout_ms;            /* ms, for a server to show that it is alive; above 0 */
    int cooldown_ms;                   /* ms, cooldown after a failure whose kind has no own time */
    int allowed_fails;                 /* consecutive failures allowed before a cooldown */
    struct failure_policy allowed;     /* replaces allowed_fails for such a failure */
    bool keep_state;                   /* save the deployments' state between runs */
    bool no_cooldowns;                 /* no failure starts a cooldown */
    bool connect_ahead;                /* preconnect to providers */
    bool hold_streams;                 /* buffer a stream until it is complete */
    int hedge_after_ms;                /* ms without a first token before a hedge starts; 0: never */
    double hedge_max_cost_usd;         /* highest estimated cost of a hedge */
    int64_t max_body_memory_mb;        /* MB, all request bodies together; 0: from the machine's memory */
    double max_cost_usd;               /* cost limit of all calls from proxy start to end; NAN: none */
    unsigned warnings;                 /* number reported while loading */
};

struct config_options {
    const char *path;
    /* Looks up a variable: getenv() in the proxy, a table in tests. */
    const char *(*env)(const char *name, void *ctx);
    void *env_ctx;
    bool demo; /* add the built-in group "codex-echo" */
    /* The table of known models (price_table.h), opened if a deployment may be in it; NULL: none. */
    const char *price_table;
    /* Receives each warning ("file:line: …"); errors go into `error`. May be NULL. */
    void (*warn)(const char *message, void *ctx);
    void *warn_ctx;
};

/* Loads and checks a configuration. The master key is LITELLM_API_KEY, else LITELLM_MASTER_KEY, else
 * general_settings.master_key; it is required. Wrong types and fallbacks to missing groups are errors: file, line, key,
 * what to do. Unknown keys are warnings; equal warnings are reported once. A deployment that is unusable (no key,
 * unknown provider) stays, with `not_ready`. NULL: one line per error in `error`. Free with config_free(). */
struct config *config_load(const struct config_options *options, struct buf *error);
void config_free(struct config *c);
/* Returns the group of this alias; NULL: none. */
const struct model_group *config_group(const struct config *c, struct slice alias);
/* Returns the group that serves a model name: its own, else the matching wildcard with the most characters; NULL: none.
 * *star (may be NULL): the part of the name that the '*' stands for; empty without a wildcard. */
const struct model_group *config_match(const struct config *c, struct slice name, struct slice *star);
/* Returns the model name to send to the provider; with a '*', writes it to `name` with `star` in its place. NULL: out
 * of memory. */
const char *config_upstream_model(const struct deployment *d, struct slice star, struct buf *name);
/* Returns the prices for a prompt of this many tokens. Unset prices: cached input and cache writes cost as input,
 * reasoning as output.
 * NAN: unknown. */
struct price deployment_price(const struct deployment *d, double prompt_tokens);
/* Returns the cost of a call in USD; NAN: a needed price is unknown. Cached tokens and cache writes above the
 * input do not count, nor does reasoning above the output. */
double deployment_cost(const struct deployment *d, const struct token_counts *tokens);
/* Appends groups, order, and what is not ready and why, for --check-config. false: `out` failed. */
bool config_describe(const struct config *c, struct buf *out);

#endif
