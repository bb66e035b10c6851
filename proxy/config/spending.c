/* pure. Costs: what they are compared with, and a warning about models without prices if spending is limited. */
#include "proxy/config/private.h"

#include <math.h>
#include <string.h>

#define NAMES_MAX 8 /* models named in the warning */

static bool lacks_price(const struct deployment *d)
{
    return d->provider->kind != PROVIDER_ECHO && !d->not_ready && (isnan(d->price.input) || isnan(d->price.output));
}

/* Whether a spending limit covers the deployment. */
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

/* Names each model once. */
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
        config_warn(l, 0,
                    "no prices for %.*s: their calls don't count toward max_cost_usd: set input_cost_per_token and "
                    "output_cost_per_token in model_info",
                    SLICE_ARGS(buf_slice(&names)));
    buf_free(&names);
}

void config_baseline(struct config_loader *l)
{
    const struct schema_text *name = &l->settings.baseline;
    const struct model_group *group = config_group(l->config, slice_of(name->text));
    if (group && group->count)
        l->config->baseline = group->deployments[0];
    else if (name->line)
        config_error(l, name->line, "router_settings.baseline: \"%.64s\": no such alias in model_list", name->text);
}
