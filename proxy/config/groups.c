/* pure. Groups deployments by model_name, and adds the groups' aliases (model_group_alias). */
#include "proxy/config/private.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define STRICT_SUFFIX "-direct"

struct model_group *config_find_group(struct config *c, const char *alias)
{
    for (unsigned i = 0; i < c->group_count; i++)
        if (strcmp(c->groups[i].alias, alias) == 0)
            return &c->groups[i];
    return NULL;
}

bool config_is_wildcards(struct config_loader *l, const char *name)
{
    const struct model_group *g = config_find_group(l->config, name);
    if (!g)
        g = config_match(l->config, slice_of(name), NULL);
    return g && g->wildcard;
}

static struct model_group *add_group(struct config_loader *l, const char *alias, unsigned room)
{
    struct config *c = l->config;
    struct model_group *g = &c->groups[c->group_count];
    *g = (struct model_group){.alias = strdup(alias), .max_cost_usd = NAN};
    g->deployments = calloc(room ? room : 1, sizeof(struct deployment *));
    c->group_count++;
    if (g->alias && g->deployments)
        return g;
    config_no_memory(l);
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a > b && strcmp(text + a - b, end) == 0;
}

/* Builds the groups in order of their first deployment. */
static bool make_groups(struct config_loader *l)
{
    struct config *c = l->config;
    for (unsigned i = 0; i < c->deployment_count; i++) {
        const struct deployment *d = &c->deployments[i];
        struct model_group *g = config_find_group(c, d->alias);
        if (!g && !(g = add_group(l, d->alias, c->deployment_count - i)))
            return false;
        g->deployments[g->count++] = d;
        g->strict |= l->sources[i].strict;
        g->wildcard = d->wildcard;
    }
    for (unsigned i = 0; i < c->group_count; i++) {
        struct model_group *g = &c->groups[i];
        if (g->strict && g->count > 1)
            config_error(l, g->deployments[1]->line,
                         "model_info.strict: \"%s\" has %u deployments; a strict group has one", g->alias, g->count);
        g->strict |= g->count == 1 && ends_with(g->alias, STRICT_SUFFIX);
    }
    return true;
}

/* model_group_alias: "name: alias", or "name: {model: alias, hidden: …}". */
static void make_other_names(struct config_loader *l)
{
    static const char WHAT[] = "router_settings.model_group_alias";
    struct config *c = l->config;
    const struct yaml_node *n = l->settings.group_alias ? l->settings.group_alias->children : NULL;
    for (; n; n = n->next) {
        struct schema_text target = {0};
        const struct yaml_node *value = n->kind == YAML_MAPPING ? yaml_get(n, "model") : n;
        if (!config_read_text(l, WHAT, value ? value : n, &target))
            continue;
        const struct model_group *g = target.text ? config_find_group(c, target.text) : NULL;
        if (target.text && config_is_wildcards(l, target.text)) {
            config_warn(l, n->line,
                        "%s: \"%s\" is served by a wildcard: give it a model_list entry of its own; ignored", WHAT,
                        target.text);
        } else if (!g) {
            config_error(l, n->line, "%s: there is no model_name \"%s\"", WHAT, target.text ? target.text : "");
        } else if (config_find_group(c, n->key)) {
            config_warn(l, n->key_line, "%s: \"%s\" is already a model_name; ignored", WHAT, n->key);
        } else {
            struct model_group *other = add_group(l, n->key, g->count);
            if (!other)
                return;
            memcpy(other->deployments, g->deployments, g->count * sizeof *g->deployments);
            other->count = g->count;
            other->strict = g->strict;
        }
    }
}

/* Reads "alias: number" and stores the number in the group. */
static void read_numbers(struct config_loader *l, const char *what, const struct yaml_node *mapping, double max,
                         size_t offset)
{
    const struct schema_row row = {.type = SCHEMA_NUMBER, .max = max};
    for (const struct yaml_node *n = mapping ? mapping->children : NULL; n; n = n->next) {
        struct model_group *g = config_find_group(l->config, n->key);
        if (!g)
            config_warn(l, n->key_line, "%s: there is no model_name \"%.64s\"", what, n->key);
        else
            (void)schema_read_value(&l->reader, what, &row, n, (char *)g + offset);
    }
}

void config_groups(struct config_loader *l)
{
    struct config *c = l->config;
    unsigned room = c->deployment_count;
    for (const struct yaml_node *n = l->settings.group_alias ? l->settings.group_alias->children : NULL; n; n = n->next)
        room++;
    c->groups = calloc(room ? room : 1, sizeof *c->groups);
    if (!c->groups) {
        config_no_memory(l);
        return;
    }
    if (!make_groups(l))
        return;
    make_other_names(l);
    read_numbers(l, "router_settings.model_group_quality", l->settings.group_quality, 100,
                 offsetof(struct model_group, min_quality));
    read_numbers(l, "router_settings.model_group_max_cost_usd", l->settings.group_max_cost, 1e9,
                 offsetof(struct model_group, max_cost_usd));
}

static bool share_fallbacks(struct config_loader *l, const struct model_group *g, struct model_group *other)
{
    if (other->fallbacks || !g->fallbacks)
        return true;
    other->fallbacks = calloc(l->config->group_count, sizeof *other->fallbacks);
    if (!other->fallbacks) {
        config_no_memory(l);
        return false;
    }
    memcpy(other->fallbacks, g->fallbacks, g->fallback_count * sizeof *g->fallbacks);
    other->fallback_count = g->fallback_count;
    return true;
}

void config_other_names(struct config_loader *l)
{
    for (unsigned i = 0; i < l->config->group_count; i++) {
        struct model_group *other = &l->config->groups[i];
        struct model_group *g = config_find_group(l->config, other->deployments[0]->alias);
        if (g == other)
            continue;
        if (!share_fallbacks(l, g, other))
            return;
        if (!other->on_context)
            other->on_context = g->on_context;
        if (!other->on_content_filter)
            other->on_content_filter = g->on_content_filter;
        if (!other->min_quality)
            other->min_quality = g->min_quality;
        for (unsigned k = 0; k < FAILURE_KINDS; k++)
            if (!other->retries.of[k].given)
                other->retries.of[k] = g->retries.of[k];
        g->max_cost_usd =
            fmin(g->max_cost_usd, other->max_cost_usd); /* they share one account; fmin() ignores NAN, no limit */
    }
}
