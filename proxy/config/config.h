/* config: LiteLLM's config.yaml as the proxy understands it. Immutable once loaded. */
#ifndef POINTSMAN_CONFIG_H
#define POINTSMAN_CONFIG_H

#include "common/markov.h"
#include "proxy/terms/provider.h"
#include "proxy/terms/strategy_id.h"

/* How often something may happen, by enum failure_kind, as LiteLLM's policies say it by its classes of errors. */
struct failure_policy {
    struct {
        bool given;
        int times;
    } of[FAILURE_KINDS];
};

/* What a request may ask of a model beyond text; a set is an `unsigned` of these or-ed together. */
enum capability {
    CAPABILITY_TOOLS = 1,
    CAPABILITY_IMAGES = 2,
    CAPABILITY_FORMAT = 4, /* structured output: response_format, text.format */
};

/* USD per token; NAN: not given. */
struct price {
    double input, cached_input, output, reasoning;
};

/* What replaces prices, as far as it gives them, for a call whose prompt has more tokens than that. */
struct price_tier {
    double above;
    struct price price;
};

/* What a call's cost depends on; cached is a part of input, reasoning of output. */
struct token_counts {
    double input, cached, output, reasoning;
};

/* One entry of `model_list`. */
struct deployment {
    unsigned index;       /* its place in config.deployments: what health and counters are kept by */
    unsigned line;        /* in the file */
    char *id;             /* model_info.id, else "<model_name>/<provider prefix>/<n-th of the group, from 1>" */
    char *alias;          /* model_name */
    char *model;          /* litellm_params.model as written */
    char *upstream_model; /* what the provider is asked for */
    const struct provider *provider;
    char *api_base;            /* without a trailing slash; NULL for PROVIDER_ECHO */
    char *api_key;             /* secret_keep()ed; NULL when none is set or needed */
    unsigned wires;            /* the provider's, less what use_chat_completions_api takes away */
    int order;                 /* lower first; INT_MAX when not given */
    double weight;             /* share among equals of a group; 1 when not given; 0: only when all others failed */
    int64_t rpm, tpm;          /* per minute; 0: no limit given */
    int64_t max_in_flight;     /* calls at once; 0: no limit given */
    int timeout_ms;            /* whole call, or silence within a stream; the default is filled in; 0: none */
    int stream_timeout_ms;     /* to the first content of a stream; the default is filled in; 0: none */
    struct retry_policy retry; /* the provider's, as the environment changes it */
    int num_retries; /* further attempts on others after one that failed here; negative: the configuration's */
    struct price price;
    struct price_tier *tiers; /* the lowest first; NULL: none */
    unsigned tier_count;
    int64_t max_input_tokens; /* context window; 0: unknown */
    unsigned lacks;           /* set of enum capability: declared to be missing */
    /* Declared, until its calls show more. */
    double quality;                                      /* of its answers, 0 … 100; NAN: unknown */
    double expected_ttft_ms, expected_tokens_per_second; /* 0: unknown */
    char *instructions; /* SIGN_IN_CHATGPT: sent in place of the client's own; NULL: those are sent */
    char *originator;   /* SIGN_IN_CHATGPT: the header of that name */
    char *not_ready;    /* why this deployment can't serve, known from configuration and environment alone
                           ("GEMINI_API_KEY is not set"); NULL when it can */
};

/* Deployments that share a model_name, in file order. */
struct model_group {
    char *alias;
    const struct deployment **deployments;
    unsigned count;
    const struct model_group **fallbacks; /* groups to go to when this one is used up, in order */
    unsigned fallback_count;
    /* Where a prompt that is too long, or that a provider's policy refuses, goes on: a group that is in no list, whose
     * deployments are those of the first group that was named, and whose fallbacks are the others. NULL: nowhere. */
    const struct model_group *on_context, *on_content_filter;
    struct failure_policy retries; /* its own; what is not given here is the configuration's */
    double max_cost_usd;           /* of its calls, from the proxy's start; NAN: no limit */
    bool strict;        /* a direct probe: exactly one deployment, no fallback, its errors shown as they are */
    double min_quality; /* what a deployment must be declared with, if it is declared at all; 0: nothing is asked */
};

/* What the strategies are told: router_settings.routing_strategy_args. */
struct strategy_settings {
    /* risk-adjusted: weights of the normalized observations, and how much chance plays a part (softmax's temperature).
     */
    struct risk_weights {
        double cost, ttft, total_latency, tokens_per_second, error, token_pressure, queue_depth, quality;
    } weights;
    double tau;
    /* expected-cost: what things are worth, in USD. */
    double value_of_time;          /* per second */
    double quality_point;          /* per point of quality below 100 */
    double failure;                /* of a request that fails after all attempts */
    double expected_output_tokens; /* of a reply, until replies were seen */
    double move_factor; /* a conversation leaves a deployment that costs so many times what the best one does */
    /* Observations of this age count half. */
    int half_life_ms, error_half_life_ms;
};

/* The settings that hold if nothing is configured. */
void strategy_settings_init(struct strategy_settings *s);

struct config {
    char *path;
    struct deployment *deployments;
    unsigned deployment_count;
    struct model_group *groups; /* in the order of their first appearance */
    unsigned group_count;
    struct model_group *detours; /* those of on_context and on_content_filter */
    unsigned detour_count;
    char *outgoing_proxy; /* "http://host:port" through which calls to other machines go,
tunnelled; NULL: straight */
    char *outgoing_login; /* "user:password" for it, percent-encoded, secret_keep()ed; NULL: none */
    char *ca_file;        /* PEM: authorities that may certify providers, besides the system's; NULL: none */
    char *token_url;      /* SIGN_IN_CHATGPT: of the token endpoint; NULL: the usual one */
    char *master_key;     /* secret_keep()ed */
    enum strategy_id strategy;
    enum strategy_id risk_strategy; /* at the risk router's port */
    struct strategy_settings strategy_settings;
    struct markov_settings adaptive; /* the adaptive router */
    int num_retries;                 /* further attempts after the first, over all deployments of a request's plan */
    int more_retries; /* by how much the largest of all that stands in its place somewhere goes beyond it */
    struct failure_policy retries;     /* in place of num_retries after such a failure */
    int timeout_ms, stream_timeout_ms; /* defaults for deployments that give none */
    int connect_timeout_ms;            /* for a server to show that it is alive; above 0 */
    int cooldown_ms;                   /* default cooldown after a failure that has none of its own */
    int allowed_fails;                 /* failures in a row that are forgiven before a cooldown */
    struct failure_policy allowed;     /* in its place for such failures */
    bool keep_state;                   /* what is known of the deployments is kept from one start to the next */
    bool no_cooldowns;                 /* no failure starts one */
    bool connect_ahead;                /* connections to providers are opened before they are needed */
    bool hold_streams;                 /* a stream is given to the client once it is whole */
    int hedge_after_ms;                /* without a first token, before another deployment is asked too; 0: never */
    double hedge_max_cost_usd;         /* what that one may cost */
    int64_t max_body_memory_mb;        /* of all requests' bodies together; 0: by the machine's memory */
    double max_cost_usd;               /* of all calls, from the proxy's start; NAN: no limit */
    unsigned warnings;                 /* how many were reported while loading */
};

struct config_options {
    const char *path;
    /* Looks a variable up; getenv() in the proxy, a table in tests. */
    const char *(*env)(const char *name, void *ctx);
    void *env_ctx;
    bool demo; /* add the built-in group "codex-echo" */
    /* Receives each warning ("file:line: …"); errors go into `error`. May be NULL. */
    void (*warn)(const char *message, void *ctx);
    void *warn_ctx;
};

/* Loads and checks a configuration. The master key is LITELLM_API_KEY, else LITELLM_MASTER_KEY, else
 * general_settings.master_key; none at all is an error, as are a wrong type and a fallback to a group that is not there
 * (each with file, line, key and what to do). An unknown key warns; equal warnings are given once. A deployment that
 * can't serve (its key is not set, its provider is unknown) is kept, with `not_ready`. NULL with one line per error in
 * `error`. Free with config_free(). */
struct config *config_load(const struct config_options *options, struct buf *error);
void config_free(struct config *c);
/* The group of that name; NULL when there is none. */
const struct model_group *config_group(const struct config *c, struct slice alias);
/* The prices of a call whose prompt has that many tokens. Cached tokens without a price of their own cost what input
 * does, tokens of reasoning what output does. NAN: unknown. */
struct price deployment_price(const struct deployment *d, double prompt_tokens);
/* What a call costs in USD; NAN if a price that it needs is unknown. Cached tokens beyond the input don't count, nor
 * does reasoning beyond the output. */
double deployment_cost(const struct deployment *d, const struct token_counts *tokens);
/* Prints groups, order, and what is not ready and why, for people (--check-config). */
bool config_describe(const struct config *c, struct buf *out);

#endif
