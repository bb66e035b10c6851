/* pure. Reads LiteLLM's policies, which set numbers per error class: retries, and failures allowed before a cooldown.
 */
#include "proxy/config/private.h"

#include <stddef.h>

/* LiteLLM's error classes as failure kinds. An exhausted quota is not a rate limit: its cooldown is known. */
static const struct class {
    size_t offset;
    enum failure_kind kind;
} CLASSES[] = {
    {offsetof(struct policy_source, auth), FAILURE_AUTH},
    {offsetof(struct policy_source, timeout), FAILURE_TIMEOUT},
    {offsetof(struct policy_source, rate_limit), FAILURE_RATE_LIMIT},
    {offsetof(struct policy_source, bad_request), FAILURE_BAD_REQUEST},
    {offsetof(struct policy_source, content_policy), FAILURE_CONTENT_FILTER},
    {offsetof(struct policy_source, internal), FAILURE_SERVER},
    {offsetof(struct policy_source, internal), FAILURE_OVERLOADED},
    {offsetof(struct policy_source, internal), FAILURE_CONNECT},
    {offsetof(struct policy_source, internal), FAILURE_CUT},
    {offsetof(struct policy_source, internal), FAILURE_EMPTY},
    {offsetof(struct policy_source, internal), FAILURE_MALFORMED},
    {offsetof(struct policy_source, internal), FAILURE_PROTOCOL},
};

static void read_policy(struct config_loader *l, enum config_section section, const struct yaml_node *mapping,
                        struct failure_policy *policy)
{
    struct policy_source source;
    schema_init(&CONFIG_KEYS, SECTION_RETRIES, &source); /* its rows cover all classes */
    schema_read(&l->reader, &CONFIG_KEYS, section, mapping, &source);
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++) {
        int times = *(const int *)(const void *)((const char *)&source + CLASSES[i].offset);
        if (times < 0)
            continue;
        policy->of[CLASSES[i].kind].given = true;
        policy->of[CLASSES[i].kind].times = times;
    }
}

static void read_group_policies(struct config_loader *l)
{
    static const char WHAT[] = "router_settings.model_group_retry_policy";
    const struct yaml_node *n = l->settings.group_retry_policy ? l->settings.group_retry_policy->children : NULL;
    for (; n; n = n->next) {
        struct model_group *g = config_find_group(l->config, n->key);
        if (n->kind != YAML_MAPPING)
            config_error(l, n->line, "%s: expected \"alias: {TimeoutErrorRetries: 1, …}\"", WHAT);
        else if (!g)
            config_warn(l, n->key_line, "%s: there is no model_name \"%.64s\"", WHAT, n->key);
        else
            read_policy(l, SECTION_RETRIES, n, &g->retries);
    }
}

static void note_retries(struct config *c, int times)
{
    if (times > c->num_retries + c->extra_retries)
        c->extra_retries = times - c->num_retries;
}

static void note_policy(struct config *c, const struct failure_policy *policy)
{
    for (unsigned k = 0; k < FAILURE_KINDS; k++)
        if (policy->of[k].given)
            note_retries(c, policy->of[k].times);
}

void config_policies(struct config_loader *l)
{
    struct config *c = l->config;
    read_policy(l, SECTION_RETRIES, l->settings.retry_policy, &c->retries);
    read_policy(l, SECTION_ALLOWED, l->settings.allowed_fails_policy, &c->allowed);
    read_group_policies(l);
    note_policy(c, &c->retries);
    for (unsigned i = 0; i < c->group_count; i++)
        note_policy(c, &c->groups[i].retries);
    for (unsigned i = 0; i < c->deployment_count; i++)
        note_retries(c, c->deployments[i].num_retries);
}
