/* config_private: what the files behind config.h share: the table of keys, and a load in progress.
 *
 *   YAML tree ──config_read──▶ settings, sources ──config_deployment──▶ deployments ──config_groups──▶ groups
 */
#ifndef POINTSMAN_CONFIG_PRIVATE_H
#define POINTSMAN_CONFIG_PRIVATE_H

#include "common/yaml.h"
#include "proxy/config/config.h"

enum config_section {
    SECTION_FILE,   /* the top level */
    SECTION_ENTRY,  /* one entry of model_list */
    SECTION_PARAMS, /* its litellm_params */
    SECTION_INFO,   /* its model_info */
    SECTION_ROUTER,
    SECTION_RETRIES, /* router_settings.retry_policy, and each entry of model_group_retry_policy */
    SECTION_ALLOWED, /* router_settings.allowed_fails_policy */
    SECTION_LITELLM,
    SECTION_GENERAL,
    SECTION_STRATEGY, /* router_settings.routing_strategy_args */
    SECTION_COUNT,
};

enum key_type {
    KEY_TEXT,         /* struct config_text; os.environ/NAME is followed */
    KEY_SECRET,       /* the same, but its value is never shown */
    KEY_LABEL,        /* the same; a number will do */
    KEY_BOOL,         /* bool */
    KEY_TEXT_OR_BOOL, /* struct config_text: the text, "true" or "false" */
    KEY_COUNT,        /* int64_t */
    KEY_NUMBER,       /* double */
    KEY_SECONDS,      /* int, in milliseconds */
    KEY_LIST,         /* const struct yaml_node * */
    KEY_MAPPING,      /* const struct yaml_node * */
    KEY_ANY,          /* not looked at */
};

enum key_use {
    KEY_USED,
    KEY_HARMLESS, /* taken without a word: nothing that was asked for goes missing */
    KEY_WARNS,    /* taken with a warning that says what will not happen */
};

struct config_key {
    enum config_section section;
    enum key_use use;
    enum key_type type;
    const char *name;    /* one name; where it is not KEY_USED several, separated by blanks, "x_*" for all in x_ */
    const char *initial; /* the default as people read it */
    const char *doc;     /* one sentence; of KEY_WARNS: what will not happen */
    double min, max;     /* of numbers */
    size_t offset;       /* of the field in the section's struct */
};

/* A text from the file. It is borrowed from the tree or the environment. */
struct config_text {
    const char *text;     /* NULL: not given, or its variable is not set */
    const char *variable; /* of os.environ/NAME, else NULL */
    unsigned line;        /* 0: not given */
};

/* One entry of model_list as it stands in the file. */
struct deployment_source {
    struct config_text alias;
    const struct yaml_node *params, *info;
    struct config_text model, api_base, api_key, id, requires_env, instructions, originator;
    int64_t order, rpm, tpm, max_in_flight, max_input_tokens, num_retries; /* num_retries -1: not given */
    double weight, input_cost, cached_input_cost, output_cost;
    double quality, expected_ttft_ms, expected_tokens_per_second;
    bool tools, images, format;        /* false: declared to be missing */
    int timeout_ms, stream_timeout_ms; /* -1: not given */
    bool chat_only, strict;
    unsigned line;
};

/* A policy as it stands in the file, by LiteLLM's classes of errors; -1: not given. */
struct policy_source {
    int64_t auth, timeout, rate_limit, bad_request, content_policy, internal;
};

enum { FROM_ROUTER, FROM_LITELLM, FROM_COUNT };

/* What a list of fallbacks is for. */
enum fallback_use { FALLBACK_ANY, FALLBACK_CONTEXT, FALLBACK_CONTENT, FALLBACK_USES };

struct config_settings {
    const struct yaml_node *model_list, *router, *litellm, *general;
    struct config_text routing_strategy, risk_strategy, master_key, ssl_verify, outgoing_proxy;
    int64_t num_retries, allowed_fails, max_fallbacks;
    int timeout_ms, stream_timeout_ms, cooldown_ms; /* stream_timeout_ms -1: not given */
    bool disable_cooldowns, keep_state, hold_streams, connect_ahead;
    int64_t hedge_after_ms;
    double hedge_max_cost_usd;
    double max_cost_usd, max_budget; /* the same by LiteLLM's name; NAN: not given */
    const struct yaml_node *fallbacks[FALLBACK_USES][FROM_COUNT], *default_fallbacks[FROM_COUNT];
    const struct yaml_node *retry_policy, *group_retry_policy, *group_max_cost, *allowed_fails_policy;
    const struct yaml_node *adaptive_router;
    const struct yaml_node *group_alias, *custom_provider_map, *group_quality, *strategy_args;
};

struct config_loader {
    const struct config_options *options;
    struct buf *error;
    unsigned errors;
    bool no_memory;
    struct config *config;
    struct config_settings settings;
    struct deployment_source *sources; /* beside config->deployments */
};

/* The rows; ends at a row without a name. */
const struct config_key *config_keys(void);
/* "litellm_params", "" for the top level. */
const char *config_section_name(enum config_section section);
/* "a whole number from 0 to 100", for errors and for the reference. */
void config_key_expects(const struct config_key *key, char *out, size_t size);

/* Each adds one line, "file:line: …"; line 0 leaves the line out. */
void config_error(struct config_loader *l, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same of a lack of memory; the configuration is then in pieces, and nothing more may be made of them. */
void config_no_memory(struct config_loader *l);
void config_warn(struct config_loader *l, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* Reads a section's keys into its struct (see the offsets in the table); absent keys leave their fields alone. */
void config_read(struct config_loader *l, enum config_section section, const struct yaml_node *mapping, void *into);
/* The text of a scalar, os.environ/NAME followed; false with an error about `what` when it is not text. */
bool config_read_text(struct config_loader *l, const char *what, const struct yaml_node *n, struct config_text *out);
/* An amount of money, 0 and more; false with an error about `what`. */
bool config_read_usd(struct config_loader *l, const char *what, const struct yaml_node *n, double *out);
/* A non-empty variable, else NULL. */
const char *config_env(const struct config_loader *l, const char *name);

/* A kept copy of a key; equal keys are kept once. NULL with an error when there is no room for it. */
char *config_secret(struct config_loader *l, const char *text);
/* Whether a key can go into a header: printable ASCII without blanks. */
bool config_key_is_clean(const char *key);
/* Fills config->deployments[index] from its source; `nth` of its group, from 1. false after an error. */
bool config_deployment(struct config_loader *l, unsigned index, unsigned nth);
/* Fills what a deployment's way to sign in needs, the token endpoint's URL among it. false after an error. */
bool config_login(struct config_loader *l, const struct deployment_source *s, struct deployment *d);
/* Warns of custom_provider_map's entries that are not built in. */
void config_custom_providers(struct config_loader *l);
/* A number from `min` to `max`; false with an error about `what` when it is none. */
bool config_read_number(struct config_loader *l, const char *what, const struct yaml_node *n, double min, double max,
                        double *out);
/* Sets the strategy and its settings. */
void config_strategy(struct config_loader *l);
/* Makes the groups, their other names and their fallbacks. */
void config_groups(struct config_loader *l);
/* The group of that name, to be filled; NULL when there is none. */
struct model_group *config_find_group(struct config *c, const char *alias);
/* Gives the groups, which are all there, their fallbacks of all uses. */
void config_fallbacks(struct config_loader *l);
/* Sets where the authorities are that certify providers' servers. */
void config_authorities(struct config_loader *l);
/* Sets the proxy through which calls leave this machine. */
void config_outgoing(struct config_loader *l);
/* Sets the spending limits, and names what has no price where there are any. */
void config_spending(struct config_loader *l);
/* Reads retry_policy, allowed_fails_policy, and, once the groups are there, model_group_retry_policy. */
void config_policies(struct config_loader *l);

/* The reference of all keys as Markdown; doc/configuration.md holds it between its markers. */
bool config_reference(struct buf *out);

#endif
