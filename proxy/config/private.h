/* config_private: pure. Shared by the files of proxy/config: the table of keys, and a load in progress.
 *
 *   YAML tree ──schema_read──▶ settings, sources ──config_deployment──▶ deployments ──config_groups──▶ groups
 */
#ifndef POINTSMAN_CONFIG_PRIVATE_H
#define POINTSMAN_CONFIG_PRIVATE_H

#include "common/log_files.h"
#include "common/schema.h"
#include "proxy/config/config.h"
#include "proxy/terms/failure_patterns.h"

enum config_section {
    SECTION_FILE,   /* the top level */
    SECTION_ENTRY,  /* one entry of model_list */
    SECTION_PARAMS, /* its litellm_params */
    SECTION_INFO,   /* its model_info */
    SECTION_TIER,   /* one entry of model_info.tiered_pricing */
    SECTION_ROUTER,
    SECTION_RETRIES, /* router_settings.retry_policy, and each entry of model_group_retry_policy */
    SECTION_ALLOWED, /* router_settings.allowed_fails_policy */
    SECTION_LITELLM,
    SECTION_CACHE, /* litellm_settings.cache_params */
    SECTION_GENERAL,
    SECTION_TELEMETRY, /* general_settings.telemetry */
    SECTION_DEBUG_LOG,
    SECTION_SESSION_LOG,
    SECTION_STRATEGY,   /* router_settings.routing_strategy_args */
    SECTION_ERROR_RULE, /* one entry of router_settings.error_rules */
    SECTION_COUNT,
};

/* One entry of model_list as read from the file. */
struct deployment_source {
    struct deployment deployment; /* fields that are stored as read */
    struct schema_text alias;
    const struct yaml_node *params, *info;
    struct schema_text model, base_model, api_base, api_key, id, requires_env, instructions, originator;
    bool tools, images, format; /* false: declared missing */
    bool chat_only, strict, fake_stream, native_streaming;
    struct schema_numbers input_above, cached_above, cache_write_above,
        output_above; /* prices above a prompt length, "200k" */
    const struct yaml_node *tiered_pricing;
};

/* One entry of tiered_pricing as read from the file. */
struct tier_source {
    const struct yaml_node *range;
    struct price price;
};

/* A policy as read from the file, by LiteLLM's error classes; SCHEMA_UNSET: not given. */
struct policy_source {
    int auth, timeout, rate_limit, bad_request, content_policy, internal;
};

/* One entry of error_rules as read from the file. */
struct error_rule_source {
    struct schema_text provider, deployment, words, expression, leave_out;
    int status, cooldown_ms; /* SCHEMA_UNSET: not given */
    unsigned then, as;       /* enum failure_then, enum failure_kind; 0: not given */
};

enum { FROM_ROUTER, FROM_LITELLM, FROM_COUNT };

/* Purpose of a list of fallbacks. */
enum fallback_use { FALLBACK_ANY, FALLBACK_CONTEXT, FALLBACK_CONTENT, FALLBACK_USES };

struct config_settings {
    struct config config; /* fields that are stored as read */
    const struct yaml_node *model_list, *router, *litellm, *general;
    struct schema_text routing_strategy, risk_strategy, master_key, ssl_verify, outgoing_proxy, session_file, baseline;
    struct schema_text key_store, database_url, time_zone, ledger_retention;
    int max_fallbacks; /* SCHEMA_UNSET: no limit */
    const struct yaml_node *fallbacks[FALLBACK_USES][FROM_COUNT], *default_fallbacks[FROM_COUNT];
    const struct yaml_node *for_all[FALLBACK_USES][FROM_COUNT]; /* the entry of "*" in these lists */
    const struct yaml_node *retry_policy, *group_retry_policy, *group_max_cost, *allowed_fails_policy;
    const struct yaml_node *adaptive_router, *cache_params, *telemetry, *debug_log, *session_log;
    bool cache;
    const struct yaml_node *cost_discounts, *cost_margins;
    const struct yaml_node *group_alias, *custom_provider_map, *group_quality, *strategy_args, *error_rules;
};

struct config_loader {
    const struct config_options *options;
    struct schema_reader reader;
    bool no_memory;
    struct config *config;
    struct config_settings settings;
    struct deployment_source *sources; /* parallel to config->deployments */
    struct price_table *prices;        /* known models; NULL: not opened */
    bool prices_tried;                 /* opening it was tried */
};

/* Sections: enum config_section. */
extern const struct schema CONFIG_KEYS;
/* The rows of SECTION_CACHE. */
extern const struct schema_row CONFIG_CACHE_KEYS[];
/* The rows of the sections of model_list. */
extern const struct schema_row CONFIG_MODEL_KEYS[];

/* Each reports one line, "file:line: …"; line 0 is omitted. */
#define config_error(l, ...) schema_error(&(l)->reader, __VA_ARGS__)
#define config_warn(l, ...) schema_warn(&(l)->reader, __VA_ARGS__)
/* The value of a non-empty variable, else NULL. */
#define config_env(l, name) schema_env(&(l)->reader, name)
/* Reports that memory ran out. The configuration is then incomplete; nothing more may be built from it. */
void config_no_memory(struct config_loader *l);
/* Reads a scalar's text; follows os.environ/NAME. false: an error about `what`. */
bool config_read_text(struct config_loader *l, const char *what, const struct yaml_node *n, struct schema_text *out);

/* Returns a copy of a key in locked memory; equal keys share one copy. NULL: an error is reported. Freed by
 * config_free(). */
char *config_secret(struct config_loader *l, const char *text);
/* Sets a deployment's prices and tiers. false: an error is reported. */
bool config_prices(struct config_loader *l, const struct deployment_source *s, struct deployment *d);
/* Returns the deployment's prices for prompts above that many tokens, added if missing. NULL: an error is reported. */
struct price *config_tier(struct config_loader *l, struct deployment *d, double above, unsigned line);
/* Fills what the file does not give from the table of known models. false: an error is reported. */
bool config_known(struct config_loader *l, const struct deployment_source *s, struct deployment *d);
/* Closes the table of known models. */
void config_close_prices(struct config_loader *l);
/* Applies discounts and margins to the deployment's prices. */
void config_discount(struct config_loader *l, struct deployment *d);
/* Warns about discounts and margins of unknown providers. */
void config_check_discounts(struct config_loader *l);
/* Fills config->deployments[index] from its source, the `nth` of its group, from 1. false: an error is reported. */
bool config_deployment(struct config_loader *l, unsigned index, unsigned nth);
/* Sets what the deployment's sign-in needs, including the token endpoint. false: an error is reported. */
bool config_login(struct config_loader *l, const struct deployment_source *s, struct deployment *d);
/* Warns about custom_provider_map entries that are not built in. */
void config_custom_providers(struct config_loader *l);
/* Sets the strategy and its settings. */
void config_strategy(struct config_loader *l);
/* Builds the groups and their aliases (model_group_alias), and reads settings given per group. */
void config_groups(struct config_loader *l);
/* Copies a group's settings to its aliases unless they have their own. */
void config_other_names(struct config_loader *l);
/* Returns the group of this name, to be filled; NULL: none. */
struct model_group *config_find_group(struct config *c, const char *alias);
/* Whether the name is a wildcard, or only a wildcard serves it. Such a name can't be a fallback or an alias's target.
 */
bool config_is_wildcards(struct config_loader *l, const char *name);
/* Sets the groups' fallbacks. All groups must exist. */
void config_fallbacks(struct config_loader *l);
/* Sets the default fallbacks of groups without their own. */
void config_default_fallbacks(struct config_loader *l);
/* Sets baseline. */
void config_baseline(struct config_loader *l);
/* Sets key_store, time_zone and ledger_retention. */
void config_key_store(struct config_loader *l);
/* Sets session_file. */
void config_session_log(struct config_loader *l);
/* Sets ca_file. */
void config_ca_file(struct config_loader *l);
/* Sets config->cache. `params` NULL: the defaults. config_free_cache() frees what it owns; config_free() does. */
void config_cache(struct config_loader *l, bool on, const struct yaml_node *params);
void config_free_cache(struct config *c);
/* Checks what the cache's settings name. The groups must exist. */
void config_check_cache(struct config_loader *l);
/* The keys of a Redis, as read from the file. */
struct redis_source {
    struct schema_text host, port, username, password, url;
    bool ssl;
};
/* Sets where the Redis is, from these and the variables REDIS_*. */
void config_redis(struct config_loader *l, const struct redis_source *s, struct redis_settings *redis);
/* Sets the outbound proxy. */
void config_outgoing_proxy(struct config_loader *l);
/* Warns about models without prices if spending is limited. */
void config_spending(struct config_loader *l);
/* Reads retry_policy, allowed_fails_policy and, once the groups exist, model_group_retry_policy. */
void config_policies(struct config_loader *l);
/* Reads error_rules. The deployments must exist. */
void config_error_rules(struct config_loader *l);
/* Frees them; config_free() does. */
void config_free_error_rules(struct config *c);
/* Appends a line for each. */
void config_describe_error_rules(const struct config *c, struct buf *out);

/* Appends the Markdown reference of all keys, which doc/configuration.md includes. false: `out` failed. */
bool config_reference(struct buf *out);

#endif
