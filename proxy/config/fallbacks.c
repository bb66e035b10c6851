/* pure. Sets the groups' fallbacks: general, context-window and content-policy. */
#include "proxy/config/private.h"

#include <stdlib.h>
#include <string.h>

/* The lists' keys, by use and section. */
static const char *const LISTS[FALLBACK_USES][FROM_COUNT] = {
    [FALLBACK_ANY] = {"router_settings.fallbacks", "litellm_settings.fallbacks"},
    [FALLBACK_CONTEXT] = {"router_settings.context_window_fallbacks", "litellm_settings.context_window_fallbacks"},
    [FALLBACK_CONTENT] = {"router_settings.content_policy_fallbacks", "litellm_settings.content_policy_fallbacks"},
};

/* The group's field for this use. */
static const struct model_group **prompt_fallback_of(struct model_group *g, enum fallback_use use)
{
    return use == FALLBACK_CONTEXT ? &g->on_context : &g->on_content_filter;
}

static bool has_fallbacks(struct model_group *g, enum fallback_use use)
{
    return use == FALLBACK_ANY ? g->fallbacks != NULL : *prompt_fallback_of(g, use) != NULL;
}

static bool is_among(const struct model_group *const *groups, unsigned count, const struct model_group *g)
{
    for (unsigned i = 0; i < count; i++)
        if (groups[i] == g)
            return true;
    return false;
}

/* The groups in a list, without duplicates and `g` itself, at most max_fallbacks. Free the array. NULL: out of memory,
 * reported. */
static const struct model_group **named_groups(struct config_loader *l, const struct model_group *g,
                                               const struct yaml_node *list, unsigned *count)
{
    const struct model_group **groups = calloc(l->config->group_count, sizeof *groups);
    *count = 0;
    if (!groups) {
        config_no_memory(l);
        return NULL;
    }
    const int max = l->settings.max_fallbacks;
    for (const struct yaml_node *n = list->children; n && (max < 0 || *count < (unsigned)max); n = n->next) {
        const struct model_group *other = n->scalar ? config_find_group(l->config, n->scalar) : NULL;
        if (other && other != g && !other->wildcard && !is_among(groups, *count, other))
            groups[(*count)++] = other;
    }
    return groups;
}

/* Builds a prompt fallback from the groups. Takes ownership of `groups`. */
static void set_prompt_fallback(struct config_loader *l, struct model_group *g, enum fallback_use use,
                                const struct model_group **groups, unsigned count)
{
    struct model_group *fallback = &l->config->prompt_fallbacks[l->config->prompt_fallback_count];
    char *alias = count ? strdup(g->alias) : NULL;
    if (!alias) {
        if (count)
            config_no_memory(l);
        free(groups);
        return;
    }
    *fallback = (struct model_group){.alias = alias,
                                     .deployments = groups[0]->deployments,
                                     .count = groups[0]->count,
                                     .fallbacks = groups,
                                     .fallback_count = count - 1};
    memmove(groups, groups + 1, (count - 1) * sizeof *groups);
    *prompt_fallback_of(g, use) = fallback;
    l->config->prompt_fallback_count++;
}

/* Sets the group's fallbacks from a list of names, unless it has some or is strict. */
static void set_fallbacks(struct config_loader *l, struct model_group *g, enum fallback_use use,
                          const struct yaml_node *list)
{
    unsigned count;
    if (has_fallbacks(g, use) || g->strict)
        return;
    const struct model_group **groups = named_groups(l, g, list, &count);
    if (!groups)
        return;
    if (use == FALLBACK_ANY) {
        g->fallbacks = groups;
        g->fallback_count = count;
    } else {
        set_prompt_fallback(l, g, use, groups, count);
    }
}

/* Whether the list contains names of existing groups only; reports the others. */
static bool check_names(struct config_loader *l, const char *what, const struct yaml_node *list)
{
    unsigned before = l->reader.error_count;
    if (list->kind != YAML_SEQUENCE)
        config_error(l, list->line, "%s: expected a list of model_names, [one, two]", what);
    for (const struct yaml_node *n = list->children; list->kind == YAML_SEQUENCE && n; n = n->next) {
        struct schema_text t = {0};
        if (!config_read_text(l, what, n, &t))
            continue;
        if (config_is_wildcards(l, n->scalar))
            config_warn(l, n->line,
                        "%s: \"%s\" is served by a wildcard: give it a model_list entry of its own; ignored", what,
                        n->scalar);
        else if (!config_find_group(l->config, n->scalar))
            config_error(l, n->line, "%s: there is no model_name \"%s\" to fall back to", what, n->scalar);
    }
    return l->reader.error_count == before;
}

/* Reads a list of mappings, "- alias: [other, …]". *all receives the list of "*", the default. */
static void read_fallbacks(struct config_loader *l, enum fallback_use use, unsigned from, const struct yaml_node **all)
{
    const char *what = LISTS[use][from];
    const struct yaml_node *list = l->settings.fallbacks[use][from];
    for (const struct yaml_node *entry = list ? list->children : NULL; entry; entry = entry->next) {
        if (entry->kind != YAML_MAPPING) {
            config_error(l, entry->line, "%s: expected \"- alias: [other, …]\"", what);
            continue;
        }
        for (const struct yaml_node *n = entry->children; n; n = n->next) {
            struct model_group *g = config_find_group(l->config, n->key);
            if (!check_names(l, what, n))
                continue;
            if (strcmp(n->key, "*") == 0)
                *all = n;
            else if (!g)
                config_warn(l, n->key_line, "%s: there is no model_name \"%.64s\"", what, n->key);
            else if (g->strict)
                config_warn(l, n->key_line, "%s: \"%s\" is strict and has no fallback", what, g->alias);
            else
                set_fallbacks(l, g, use, n);
        }
    }
}

void config_fallbacks(struct config_loader *l)
{
    l->config->prompt_fallbacks = calloc(2 * (size_t)l->config->group_count + 1, sizeof *l->config->prompt_fallbacks);
    if (!l->config->prompt_fallbacks) {
        config_no_memory(l);
        return;
    }
    for (enum fallback_use use = 0; use < FALLBACK_USES; use++)
        for (unsigned from = 0; from < FROM_COUNT; from++) /* router_settings first, because they win */
            read_fallbacks(l, use, from, &l->settings.for_all[use][from]);
}

void config_default_fallbacks(struct config_loader *l)
{
    static const char *const DEFAULT[FROM_COUNT] = {"router_settings.default_fallbacks",
                                                    "litellm_settings.default_fallbacks"};
    for (unsigned from = 0; from < FROM_COUNT; from++) {
        const struct yaml_node *list = l->settings.default_fallbacks[from];
        if (list && check_names(l, DEFAULT[from], list))
            l->settings.for_all[FALLBACK_ANY][from] = list;
        for (enum fallback_use use = 0; use < FALLBACK_USES; use++)
            for (unsigned i = 0; l->settings.for_all[use][from] && i < l->config->group_count; i++)
                set_fallbacks(l, &l->config->groups[i], use, l->settings.for_all[use][from]);
    }
}
