/* pure. Discounts and margins: LiteLLM's cost_discount_config and cost_margin_config, and cost_discount of a
 * deployment. Prices are changed once, when the configuration is loaded. */
#include "proxy/config/private.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

static const struct schema_row PART = {.type = SCHEMA_NUMBER, .min = 0, .max = 1};
static const struct schema_row MARGIN = {.type = SCHEMA_NUMBER, .min = 0, .max = 100};

/* The model's name as the file has it, without the provider. */
static const char *model_name(const struct deployment *d)
{
    size_t len = strlen(d->provider->prefix);
    return strncmp(d->model, d->provider->prefix, len) == 0 && d->model[len] == '/' ? d->model + len + 1 : d->model;
}

/* How well a key, "provider" or "provider/pattern", matches: 0: not, 1: the provider, else by the pattern's literal
 * characters, most for a pattern without wildcards. */
static size_t match(const char *key, const struct deployment *d)
{
    size_t len = strlen(d->provider->prefix), literal = 0;
    if (strncmp(key, d->provider->prefix, len) != 0 || (key[len] && key[len] != '/'))
        return 0;
    if (!key[len])
        return 1;
    const char *pattern = key + len + 1;
    if (!strpbrk(pattern, "*?["))
        return strcmp(pattern, model_name(d)) == 0 ? SIZE_MAX : 0;
    if (fnmatch(pattern, model_name(d), FNM_NOESCAPE) != 0)
        return 0;
    for (const char *c = pattern; *c; c++)
        literal += *c != '*' && *c != '?';
    return 2 + literal;
}

static const struct yaml_node *best(const struct yaml_node *mapping, const struct deployment *d)
{
    const struct yaml_node *found = NULL;
    size_t most = 0;
    for (const struct yaml_node *n = mapping ? mapping->children : NULL; n; n = n->next) {
        size_t how = match(n->key, d);
        if (how > most) {
            found = n;
            most = how;
        }
    }
    return found;
}

static double discount(struct config_loader *l, const struct deployment *d)
{
    double part = 0;
    if (!isnan(d->cost_discount))
        return d->cost_discount;
    const struct yaml_node *n = best(l->settings.cost_discounts, d);
    if (n)
        (void)schema_read_value(&l->reader, "litellm_settings.cost_discount_config", &PART, n, &part);
    return part;
}

/* "openai: 0.1", "openai: {percentage: 0.1, fixed_amount: 0.01}", or the same for "global". */
static double margin(struct config_loader *l, const struct deployment *d)
{
    static const char WHAT[] = "litellm_settings.cost_margin_config";
    const struct yaml_node *all = l->settings.cost_margins, *n = yaml_get(all, d->provider->prefix);
    double part = 0;
    n = n ? n : yaml_get(all, "global");
    if (n && n->kind == YAML_MAPPING) {
        const struct yaml_node *fixed = yaml_get(n, "fixed_amount");
        if (fixed)
            config_warn(l, fixed->line, "%s: fixed_amount has no effect here: only tokens are priced", WHAT);
        n = yaml_get(n, "percentage");
    }
    if (n)
        (void)schema_read_value(&l->reader, WHAT, &MARGIN, n, &part);
    return part;
}

static void scale(struct price *p, double factor)
{
    p->input *= factor;
    p->cached_input *= factor;
    p->output *= factor;
    p->reasoning *= factor;
    p->cache_write *= factor;
}

void config_discount(struct config_loader *l, struct deployment *d)
{
    d->cost_discount = discount(l, d);
    d->cost_margin = margin(l, d);
    double factor = (1 - d->cost_discount) * (1 + d->cost_margin);
    if (factor == 1)
        return;
    scale(&d->price, factor);
    for (unsigned i = 0; i < d->tier_count; i++)
        scale(&d->tiers[i].price, factor);
}

/* A key that names no provider is probably misspelt. */
static void check_names(struct config_loader *l, const char *what, const struct yaml_node *mapping)
{
    for (const struct yaml_node *n = mapping ? mapping->children : NULL; n; n = n->next) {
        struct slice prefix = {n->key, strcspn(n->key, "/")};
        if (!provider_find(prefix) && !slice_is(prefix, "global"))
            config_warn(l, n->key_line, "%s: \"%.100s\": unknown provider", what, n->key);
    }
}

void config_check_discounts(struct config_loader *l)
{
    check_names(l, "litellm_settings.cost_discount_config", l->settings.cost_discounts);
    check_names(l, "litellm_settings.cost_margin_config", l->settings.cost_margins);
}
