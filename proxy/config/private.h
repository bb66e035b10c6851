/* config_private: what the files behind config.h share: the table of keys, and a load in progress.
 *
 *   YAML tree ──schema_read──▶ settings, sources ──config_deployment──▶ deployments ──config_groups──▶ groups
 */
#ifndef POINTSMAN_CONFIG_PRIVATE_H
#define POINTSMAN_CONFIG_PRIVATE_H

#include "common/schema.h"
#include "proxy/config/config.h"

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
    SECTION_GENERAL,
    SECTION_STRATEGY, /* router_settings.routing_strategy_args */
    SECTION_COUNT,
};

/* One entry of model_list as it stands in the file. */
struct deployment_source {
    struct deployment deployment; /* what the file says as the deployment has it */
    struct schema_text alias;
    const struct yaml_node *params, *info;
    struct schema_text model, api_base, api_key, id, requires_env, instructions, originator;
    bool tools, images, format; /* false: declared to be missing */
    bool chat_only, strict;
    struct schema_numbers input_above, cached_above, output_above; /* prices, by "200k" */
    const struct yaml_node *tiered_pricing;
};

/* One entry of tiered_pricing as it stands in the file. */
struct tier_source {
    const struct yaml_node *range;
    struct price price;
};

/* A policy as it stands in the file, by LiteLLM's classes of errors; SCHEMA_UNSET: not given. */
struct policy_source {
    int auth, timeout, rate_limit, bad_request, content_policy, internal;
};

enum { FROM_ROUTER, FROM_LITELLM, FROM_COUNT };

/* What a list of fallbacks is for. */
enum fallback_use { FALLBACK_ANY, FALLBACK_CONTEXT, FALLBACK_CONTENT, FALLBACK_USES };

struct config_settings {
    struct config config; /* what the file says as the configuration has it */
    const struct yaml_node *model_list, *router, *litellm, *general;
    struct schema_text routing_strategy, risk_strategy, master_key, ssl_verify, outgoing_proxy;
    int max_fallbacks; /* SCHEMA_UNSET: all count */
    const struct yaml_node *fallbacks[FALLBACK_USES][FROM_COUNT], *default_fallbacks[FROM_COUNT];
    const struct yaml_node *for_all[FALLBACK_USES][FROM_COUNT]; /* in these lists: the entry of "*" */
    const struct yaml_node *retry_policy, *group_retry_policy, *group_max_cost, *allowed_fails_policy;
    const struct yaml_node *adaptive_router;
    const struct yaml_node *group_alias, *custom_provider_map, *group_quality, *strategy_args;
};

struct config_loader {
    const struct config_options *options;
    struct schema_reader reader;
    bool no_memory;
    struct config *config;
    struct config_settings settings;
    struct deployment_source *sources; /* beside config->deployments */
};

/* The sections are those of enum config_section. */
extern const struct schema CONFIG_KEYS;

/* Each adds one line, "file:line: …"; line 0 leaves the line out. */
#define config_error(l, ...) schema_error(&(l)->reader, __VA_ARGS__)
#define config_warn(l, ...) schema_warn(&(l)->reader, __VA_ARGS__)
/* A non-empty variable, else NULL. */
#define config_env(l, name) schema_env(&(l)->reader, name)
/* An error of a lack of memory; the configuration is then in pieces, and nothing more may be made of them. */
void config_no_memory(struct config_loader *l);
/* The text of a scalar, os.environ/NAME followed; false with an error about `what` when it is not text. */
bool config_read_text(struct config_loader *l, const char *what, const struct yaml_node *n, struct schema_text *out);

/* A kept copy of a key; equal keys are kept once. NULL with an error when there is no room for it. */
char *config_secret(struct config_loader *l, const char *text);
/* Gives a deployment its prices and their tiers. false after an error. */
bool config_prices(struct config_loader *l, const struct deployment_source *s, struct deployment *d);
/* Fills config->deployments[index] from its source; `nth` of its group, from 1. false after an error. */
bool config_deployment(struct config_loader *l, unsigned index, unsigned nth);
/* Fills what a deployment's way to sign in needs, the token endpoint's URL among it. false after an error. */
bool config_login(struct config_loader *l, const struct deployment_source *s, struct deployment *d);
/* Warns of custom_provider_map's entries that are not built in. */
void config_custom_providers(struct config_loader *l);
/* Sets the strategy and its settings. */
void config_strategy(struct config_loader *l);
/* Makes the groups and their other names, and reads the numbers that are given by group. */
void config_groups(struct config_loader *l);
/* Gives a group's other names what the group has, unless they were given their own. */
void config_other_names(struct config_loader *l);
/* The group of that name, to be filled; NULL when there is none. */
struct model_group *config_find_group(struct config *c, const char *alias);
/* Gives the groups, which are all there, the fallbacks of all uses that name them. */
void config_fallbacks(struct config_loader *l);
/* Gives the groups without fallbacks those that are for all. */
void config_default_fallbacks(struct config_loader *l);
/* Sets where the authorities are that certify providers' servers. */
void config_authorities(struct config_loader *l);
/* Sets the proxy through which calls leave this machine. */
void config_outgoing(struct config_loader *l);
/* Names what has no price if spending is limited. */
void config_spending(struct config_loader *l);
/* Reads retry_policy, allowed_fails_policy, and, once the groups are there, model_group_retry_policy. */
void config_policies(struct config_loader *l);

/* The reference of all keys as Markdown; doc/configuration.md holds it between its markers. */
bool config_reference(struct buf *out);

#endif
