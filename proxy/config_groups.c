/* pure. Puts deployments of one model_name into a group, gives groups their other names and their fallbacks. */
#include "proxy/config_private.h"

#include <stdlib.h>
#include <string.h>

#define STRICT_SUFFIX "-direct"

static struct model_group *find_group(struct config *c, const char *alias)
{
    for (unsigned i = 0; i < c->group_count; i++)
        if (strcmp(c->groups[i].alias, alias) == 0)
            return &c->groups[i];
    return NULL;
}

static struct model_group *add_group(struct config_loader *l, const char *alias, unsigned room)
{
    struct config *c = l->config;
    struct model_group *g = &c->groups[c->group_count];
    *g = (struct model_group){.alias = strdup(alias)};
    g->deployments = calloc(room ? room : 1, sizeof(struct deployment *));
    c->group_count++;
    if (g->alias && g->deployments)
        return g;
    config_error(l, 0, "out of memory");
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a > b && strcmp(text + a - b, end) == 0;
}

/* The groups in the order of their first deployment. */
static bool make_groups(struct config_loader *l)
{
    struct config *c = l->config;
    for (unsigned i = 0; i < c->deployment_count; i++) {
        const struct deployment *d = &c->deployments[i];
        struct model_group *g = find_group(c, d->alias);
        if (!g && !(g = add_group(l, d->alias, c->deployment_count - i)))
            return false;
        g->deployments[g->count++] = d;
        g->strict |= l->sources[i].strict;
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
        struct config_text target = {0};
        const struct yaml_node *value = n->kind == YAML_MAPPING ? yaml_get(n, "model") : n;
        if (!config_read_text(l, WHAT, value ? value : n, &target))
            continue;
        const struct model_group *g = target.text ? find_group(c, target.text) : NULL;
        if (!g) {
            config_error(l, n->line, "%s: there is no model_name \"%s\"", WHAT, target.text ? target.text : "");
        } else if (find_group(c, n->key)) {
            config_warn(l, n->key_line, "%s: \"%s\" is a model_name already; left out", WHAT, n->key);
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

static bool has_fallback(const struct model_group *g, const struct model_group *other)
{
    for (unsigned i = 0; i < g->fallback_count; i++)
        if (g->fallbacks[i] == other)
            return true;
    return false;
}

/* Gives the group the fallbacks of a list of names, unless it has some or is strict. */
static void set_fallbacks(struct config_loader *l, struct model_group *g, const struct yaml_node *list)
{
    if (g->fallbacks || g->strict)
        return;
    g->fallbacks = calloc(l->config->group_count, sizeof *g->fallbacks);
    if (!g->fallbacks) {
        config_error(l, 0, "out of memory");
        return;
    }
    for (const struct yaml_node *n = list->children; n; n = n->next) {
        const struct model_group *other = n->scalar ? find_group(l->config, n->scalar) : NULL;
        if (other && other != g && !has_fallback(g, other))
            g->fallbacks[g->fallback_count++] = other;
    }
}

/* Whether the list holds names of groups alone. */
static bool check_names(struct config_loader *l, const char *what, const struct yaml_node *list)
{
    unsigned before = l->errors;
    if (list->kind != YAML_SEQUENCE)
        config_error(l, list->line, "%s: expected a list of model_names, [one, two]", what);
    for (const struct yaml_node *n = list->children; list->kind == YAML_SEQUENCE && n; n = n->next) {
        struct config_text t;
        if (config_read_text(l, what, n, &t) && !find_group(l->config, n->scalar))
            config_error(l, n->line, "%s: there is no model_name \"%s\" to fall back to", what, n->scalar);
    }
    return l->errors == before;
}

/* fallbacks: a list of mappings, "- alias: [other, …]". *all receives the list for "*", LiteLLM's other way to write
 * default_fallbacks. */
static void read_fallbacks(struct config_loader *l, const char *what, const struct yaml_node *list,
                           const struct yaml_node **all)
{
    for (const struct yaml_node *entry = list ? list->children : NULL; entry; entry = entry->next) {
        if (entry->kind != YAML_MAPPING) {
            config_error(l, entry->line, "%s: expected \"- alias: [other, …]\"", what);
            continue;
        }
        for (const struct yaml_node *n = entry->children; n; n = n->next) {
            struct model_group *g = find_group(l->config, n->key);
            if (!check_names(l, what, n))
                continue;
            if (strcmp(n->key, "*") == 0)
                *all = n;
            else if (!g)
                config_warn(l, n->key_line, "%s: there is no model_name \"%.64s\"", what, n->key);
            else if (g->strict)
                config_warn(l, n->key_line, "%s: \"%s\" is strict and has no fallback", what, g->alias);
            else
                set_fallbacks(l, g, n);
        }
    }
}

/* A name from model_group_alias falls back as the group it stands for. It may also have been given its own. */
static void share_fallbacks(struct config_loader *l)
{
    const struct yaml_node *n = l->settings.group_alias ? l->settings.group_alias->children : NULL;
    for (; n; n = n->next) {
        struct model_group *other = find_group(l->config, n->key);
        const struct model_group *g = other ? find_group(l->config, other->deployments[0]->alias) : NULL;
        if (!g || other == g || other->fallbacks || !g->fallbacks)
            continue;
        other->fallbacks = calloc(l->config->group_count, sizeof *other->fallbacks);
        if (!other->fallbacks) {
            config_error(l, 0, "out of memory");
            return;
        }
        memcpy(other->fallbacks, g->fallbacks, g->fallback_count * sizeof *g->fallbacks);
        other->fallback_count = g->fallback_count;
    }
}

/* Explicit fallbacks first, the router's before LiteLLM's; then the defaults for whoever has none. */
static void make_fallbacks(struct config_loader *l)
{
    static const char *const WHAT[FROM_COUNT] = {"router_settings.fallbacks", "litellm_settings.fallbacks"};
    static const char *const DEFAULT[FROM_COUNT] = {"router_settings.default_fallbacks",
                                                    "litellm_settings.default_fallbacks"};
    const struct yaml_node *all[FROM_COUNT] = {NULL};
    for (unsigned from = 0; from < FROM_COUNT; from++)
        read_fallbacks(l, WHAT[from], l->settings.fallbacks[from], &all[from]);
    share_fallbacks(l);
    for (unsigned from = 0; from < FROM_COUNT; from++) {
        const struct yaml_node *list = l->settings.default_fallbacks[from];
        if (list && check_names(l, DEFAULT[from], list))
            all[from] = list;
        for (unsigned i = 0; all[from] && i < l->config->group_count; i++)
            set_fallbacks(l, &l->config->groups[i], all[from]);
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
        config_error(l, 0, "out of memory");
        return;
    }
    if (!make_groups(l))
        return;
    make_other_names(l);
    make_fallbacks(l);
}
