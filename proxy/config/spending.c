/* pure. The spending limits, and which models have no price to be counted by. */
#include "proxy/config/private.h"

#include <math.h>
#include <string.h>

#define NAMES_MAX 8 /* models that a warning names */

static void read_group_limits(struct config_loader *l)
{
    static const char WHAT[] = "router_settings.model_group_max_cost_usd";
    const struct yaml_node *n = l->settings.group_max_cost ? l->settings.group_max_cost->children : NULL;
    for (; n; n = n->next) {
        struct model_group *g = config_find_group(l->config, n->key);
        if (!g)
            config_warn(l, n->key_line, "%s: there is no model_name \"%.64s\"", WHAT, n->key);
        else
            (void)config_read_usd(l, WHAT, n, &g->max_cost_usd);
    }
    /* Another name of a group spends from the same purse. */
    for (unsigned i = 0; i < l->config->group_count; i++) {
        struct model_group *other = &l->config->groups[i];
        struct model_group *g = config_find_group(l->config, other->deployments[0]->alias);
        if (g && g != other && !isnan(other->max_cost_usd))
            g->max_cost_usd = fmin(g->max_cost_usd, other->max_cost_usd);
    }
}

static bool lacks_price(const struct deployment *d)
{
    return d->provider->kind != PROVIDER_ECHO && !d->not_ready && (isnan(d->input_cost) || isnan(d->output_cost));
}

/* Whether a limit is on calls that the deployment may serve. */
static bool is_limited(const struct config *c, const struct deployment *d)
{
    if (!isnan(c->max_cost_usd))
        return true;
    for (unsigned i = 0; i < c->group_count; i++) {
        const struct model_group *g = &c->groups[i];
        bool serves = strcmp(g->alias, d->alias) == 0;
        for (unsigned f = 0; f < g->fallback_count; f++)
            serves |= strcmp(g->fallbacks[f]->alias, d->alias) == 0;
        if (serves && !isnan(g->max_cost_usd))
            return true;
    }
    return false;
}

/* Each model once, however many deployments it has. */
static bool was_named(const struct config *c, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (lacks_price(&c->deployments[i]) && strcmp(c->deployments[i].model, c->deployments[index].model) == 0)
            return true;
    return false;
}

void config_spending(struct config_loader *l)
{
    struct config *c = l->config;
    struct buf names;
    unsigned count = 0;
    buf_init(&names, 16u << 10);
    c->max_cost_usd = isnan(l->settings.max_cost_usd) ? l->settings.max_budget : l->settings.max_cost_usd;
    read_group_limits(l);
    for (unsigned i = 0; i < c->deployment_count; i++) {
        const struct deployment *d = &c->deployments[i];
        if (!lacks_price(d) || !is_limited(c, d) || was_named(c, i))
            continue;
        if (++count <= NAMES_MAX)
            buf_add_format(&names, "%s%.200s", count > 1 ? ", " : "", d->model);
    }
    if (count > NAMES_MAX)
        buf_add_format(&names, " and %u more", count - NAMES_MAX);
    if (count)
        config_warn(
            l, 0,
            "no price is known of %.*s: their calls don't count towards max_cost_usd; give input_cost_per_token "
            "and output_cost_per_token in model_info",
            SLICE_ARGS(buf_slice(&names)));
    buf_free(&names);
}
