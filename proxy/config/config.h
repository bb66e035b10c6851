/* config: pure. The proxy's configuration, LiteLLM's config.yaml, loaded and checked. Immutable once loaded; it owns
 * its texts and arrays. NAN, unless noted, means not set. */
#ifndef POINTSMAN_CONFIG_H
#define POINTSMAN_CONFIG_H

#include "common/log_files.h"
#include "common/markov.h"
#include "proxy/terms/failure_patterns.h"
#include "proxy/terms/prompt_cache.h"
#include "proxy/terms/strategy_id.h"

/* A number of retries or allowed failures for each kind of failure, from LiteLLM's policies. */
struct failure_policy {
    struct {
        bool given;
        int times;
    } of[FAILURE_KINDS];
};

/* Features beyond text that a request may need. A set of them is an `unsigned` with their bits. */
enum capability {
    CAPABILITY_TOOLS = 1,
    CAPABILITY_IMAGES = 2,
    CAPABILITY_FORMAT = 4, /* structured output: response_format, text.format */
};

/* USD per token; NAN: not given. */
struct price {
    double input, cached_input, output, reasoning, cache_write;
};

/* Prices for requests with more than `above` prompt tokens; NAN: as in the tier below. */
struct price_tier {
    double above;
    struct price price;
};

/* Token counts of a call; `cached` (read from the provider's prompt cache) and `cache_write` (written to it) are parts
 * of `input`, `reasoning` of `output`. Negative: unknown, counts as 0. */
struct token_counts {
    double input, cached, output, reasoning, cache_write;
};

/* The values of a deployment that are from the table of known models, not from the file. */
enum known_value {
    KNOWN_INPUT = 1,
    KNOWN_OUTPUT = 2,
    KNOWN_CACHE_READ = 4,
    KNOWN_CACHE_WRITE = 8,
    KNOWN_REASONING = 16,
    KNOWN_TIERS = 32, /* at least one price of a tier */
    KNOWN_WINDOW = 64,
};

/* One entry of `model_list`. */
struct deployment {
    unsigned index;       /* index in config.deployments, and in all per-deployment arrays */
    unsigned line;        /* in the file */
    char *id;             /* model_info.id, else "<model_name>/<provider prefix>/<n-th of the group, from 1>" */
    char *alias;          /* model_name */
    bool wildcard;        /* `alias` has a '*': the deployment serves all models that match */
    char *model;          /* litellm_params.model as written */
    char *upstream_model; /* the model name sent to the provider; with a '*' see config_upstream_model() */
    const struct provider *provider;
    const struct prompt_cache *prompt_cache; /* properties of its prompt cache; not NULL once loaded */
    char *api_base;                          /* without a trailing slash; NULL for PROVIDER_ECHO */
    char *api_key;                           /* locked memory (secret_keep()); NULL: none set or needed */
    unsigned wires;   /* set of enum wire: the provider's APIs, without Responses if use_chat_completions_api is set */
    int order;        /* lower first; INT_MAX: not given */
    double weight;    /* traffic share among deployments of one order; default 1; 0: only after all others failed */
    int64_t rpm, tpm; /* limits per minute; 0: none */
    int64_t max_in_flight;     /* concurrent calls; 0: no limit */
    int timeout_ms;            /* ms; limit of a whole call, or of silence in a stream; 0: none */
    int stream_timeout_ms;     /* ms; limit until the first content of a stream; 0: none */
    struct retry_policy retry; /* the provider's, with `times` from its retries_env if that is set */
    int num_retries; /* attempts on other deployments after a failure of this one; negative: the configuration's */
    struct price price;
    struct price_tier *tiers; /* ascending; NULL: none */
    unsigned tier_count;
    bool whole_replies;       /* its server has no streams: a client's stream is made of a whole reply */
    int64_t max_input_tokens; /* context window, tokens, at most context_length; 0: unknown */
    int64_t context_length;   /* model_info.context_length: limit of the context window, tokens; 0: none */
    unsigned lacks;           /* set of enum capability: those declared, or known, as missing */
    char *known_as;           /* key of its row in the table of known models; NULL: none */
    unsigned known;           /* set of enum known_value */
    double cost_discount;     /* 0 to 1; its prices already include it */
    double cost_margin;       /* 0.1 is 10 %; its prices already include it */
    /* Declared values. Those that calls can measure are used until there are measurements. */
    double quality;                                      /* quality of its answers, 0 to 100; NAN: unknown */
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
    /* Context-window and content-policy fallback: for a prompt that is too long, or that a provider's policy refuses.
     * Each is a group of its own in config.prompt_fallbacks: it has the deployments of the first named group, and the
     * other named groups as fallbacks. NULL: none. */
    const struct model_group *on_context, *on_content_filter;
    struct failure_policy retries; /* the group's own; for missing values, config.retries applies */
    double max_cost_usd;           /* USD; cost limit from the proxy's start to its end; NAN: none */
    bool wildcard;                 /* the alias has a '*': serves names without a group of their own */
    bool strict;        /* direct alias: exactly one deployment, no fallback, provider errors passed through */
    double min_quality; /* deployments with a lower declared quality are skipped; 0: no minimum */
};

/* Settings of the strategies: router_settings.routing_strategy_args. */
struct strategy_settings {
    /* risk-adjusted: coefficients of the normalized observations in the risk; `tau`: softmax temperature. */
    struct risk_weights {
        double cost, ttft, total_latency, tokens_per_second, error, token_pressure, queue_depth, quality;
    } weights;
    double tau;
    /* expected-cost: USD, unless noted. */
    double value_of_time;          /* per second */
    double quality_point;          /* per point of quality below 100 */
    double failure;                /* cost of a request that fails after all attempts */
    double expected_output_tokens; /* tokens of a reply, used until replies were measured */
    double move_factor; /* a conversation leaves its deployment if that costs this many times as much as the best one */
    /* ms; observations of this age have half their weight. */
    int half_life_ms, error_half_life_ms;
};

/* The Redis server of the reply cache. */
struct redis_settings {
    char *host; /* NULL: no Redis */
    unsigned port, db;
    char *username; /* NULL: none */
    char *password; /* in locked memory; NULL: none */
    int timeout_ms; /* ms; longest wait for an answer */
};

/* The reply cache: litellm_settings.cache and cache_params. */
struct cache_settings {
    bool on;
    int ttl_ms;           /* ms; life of a cached reply */
    unsigned max_size_mb; /* MB; limit in memory */
    unsigned wires;       /* set of enum wire: the APIs whose requests use it */
    bool default_on;      /* false: only requests that ask for it use it */
    bool any_temperature; /* also requests whose temperature is absent or above 0 */
    int again_ms;         /* ms; if a conversation repeats a request within this time, it gets a new answer; 0: never */
    char *namespace;      /* part of every key; NULL: none */
    struct redis_settings redis;
    char *embedding_model;       /* alias whose deployments make the vectors of questions; NULL: no comparison */
    bool semantic_serves;        /* proven entries answer similar questions; false: they are only compared */
    double semantic_max_error;   /* highest error rate of a proven entry; see semantic.h */
    double similarity_threshold; /* lowest similarity of the pairs that an entry counts */
    unsigned max_vectors;        /* questions in memory */
};

/* Sets the defaults. */
void strategy_settings_init(struct strategy_settings *s);

struct config {
    char *path;
    struct deployment *deployments;
    unsigned deployment_count;
    struct model_group *groups; /* in order of first appearance */
    unsigned group_count;
    struct model_group *prompt_fallbacks; /* the groups that on_context and on_content_filter point to */
    unsigned prompt_fallback_count;
    char *outgoing_proxy;   /* outbound proxy for calls to other machines, "http://host:port"; NULL: none */
    char *outgoing_login;   /* its "user:password", percent-encoded, in locked memory; NULL: none */
    char *ca_file;          /* PEM file of CA certificates, in addition to the system's; NULL: none */
    char *key_store;        /* file of the virtual keys; NULL: there are none */
    char *ledger_retention; /* a duration; NULL: for ever */
    char *time_zone;        /* of the periods of their budgets; NULL: UTC */
    char *token_url;        /* SIGN_IN_CHATGPT: token endpoint; NULL: the default */
    char *master_key;       /* in locked memory */
    enum strategy_id strategy;
    enum strategy_id risk_strategy; /* on the risk router's port */
    struct strategy_settings strategy_settings;
    struct markov_settings adaptive; /* the adaptive router */
    struct cache_settings cache;
    struct failure_pattern *error_rules; /* router_settings.error_rules, in their order */
    unsigned error_rule_count;
    const struct deployment *baseline; /* what costs are compared with; NULL: nothing */
    int budget_status;                 /* HTTP status if the budget of a virtual key is used up */
    int num_retries;                   /* attempts of a request after the first one */
    int extra_retries;                 /* largest number by which a policy or deployment exceeds num_retries */
    struct failure_policy retries;     /* replaces num_retries, by the kind of the failure */
    int timeout_ms, stream_timeout_ms; /* ms, defaults for deployments */
    int connect_timeout_ms;            /* ms; time for a server to show that it is alive; above 0 */
    int cooldown_ms;                   /* ms; cooldown after failures of a kind that has no time of its own */
    int allowed_fails;                 /* consecutive failures allowed before a cooldown */
    struct failure_policy allowed;     /* replaces allowed_fails, by the kind of the failure */
    bool keep_state;                   /* save the deployments' state between runs */
    bool no_cooldowns;                 /* no failure starts a cooldown */
    bool connect_ahead;                /* preconnect to providers */
    bool strict_budget;                /* virtual keys hold the most that a request can cost */
    bool hold_streams;                 /* buffer a stream until it is complete */
    int hedge_after_ms;                /* ms; a hedge starts if there is no first token by then; 0: never */
    double hedge_max_cost_usd;         /* USD; highest estimated cost of a hedge */
    int64_t max_body_memory_mb;        /* MB for all request bodies together; 0: derived from the machine's memory */
    double max_cost_usd;               /* USD; cost limit of all calls from the proxy's start to its end; NAN: none */
    int64_t log_total_bytes;           /* bytes; cap over all files of the logs together */
    int log_files;                     /* number of these files, at most */
    bool debug_log;                    /* write the debug log */
    char session_file[LOG_NAME_SIZE];  /* name of the session log; "": none is written */
    unsigned warnings;                 /* number of warnings while loading */
};

/* What a deployment takes from an environment variable. */
enum variable_use {
    VARIABLE_OTHER,  /* not needed by a deployment alone: a setting of the whole configuration */
    VARIABLE_KEY,    /* its key */
    VARIABLE_NEED,   /* its base URL, its model, or the outbound proxy on the way there */
    VARIABLE_SWITCH, /* not ready unless it is set */
    VARIABLE_SPARE,  /* nothing that it needs: another name of its key's variable, or an option with a default */
};

struct config_options {
    const char *path;
    /* Looks up an environment variable: getenv() in the proxy, a table in tests. */
    const char *(*env)(const char *name, void *ctx);
    /* Receives each variable that a deployment uses, whether it is set or not; gets env_ctx. May be NULL. The
     * deployment is not complete yet: only its alias, model and provider are set. */
    void (*uses)(const char *variable, enum variable_use use, const struct deployment *d, void *ctx);
    void *env_ctx;
    bool demo; /* add the built-in group "codex-echo" */
    /* Path of the table of known models (price_table.h), which is opened if a deployment may be in it; NULL: none. */
    const char *price_table;
    /* Receives each warning ("file:line: …"); may be NULL. Errors go into `error` instead. */
    void (*warn)(const char *message, void *ctx);
    bool silent_readiness; /* no warnings about deployments that are not ready */
    void *warn_ctx;
};

/* Loads and checks a configuration. The master key is LITELLM_API_KEY, else LITELLM_MASTER_KEY, else
 * general_settings.master_key; it is required. Wrong types and fallbacks to missing groups are errors, which name file,
 * line, key, and what to do. Unknown keys are warnings; equal warnings are reported once. A deployment that is unusable
 * (no key, unknown provider) stays in the configuration, with `not_ready` set. NULL: one line per error in `error`.
 * Free with config_free(). */
struct config *config_load(const struct config_options *options, struct buf *error);
void config_free(struct config *c);
/* Returns the group of this alias; NULL: none. */
const struct model_group *config_group(const struct config *c, struct slice alias);
/* Returns the group that serves a model name: the group of that alias, else the matching wildcard with the most
 * characters; NULL: none. Sets *star, if `star` is not NULL, to the part of the name that matched the '*'; empty
 * without a wildcard. */
const struct model_group *config_match(const struct config *c, struct slice name, struct slice *star);
/* Returns the model name to send to the provider; with a '*', writes it to `name` with `star` in its place. NULL: out
 * of memory. */
const char *config_upstream_model(const struct deployment *d, struct slice star, struct buf *name);
/* Returns the prices, in USD per token, for a prompt of this many tokens. Without a price of their own, cached input
 * and cache writes get the price of input, and reasoning that of output. NAN: unknown. */
struct price deployment_price(const struct deployment *d, double prompt_tokens);
/* Returns the cost of a call in USD; NAN: a needed price is unknown. Ignores cached and written tokens beyond the
 * input, and reasoning tokens beyond the output. */
double deployment_cost(const struct deployment *d, const struct token_counts *tokens);
/* Appends a description for --check-config: the groups, the order of their deployments, and why some are not ready.
 * false: `out` failed. */
bool config_describe(const struct config *c, struct buf *out);

#endif
