/* pure. The routing strategy and its settings: router_settings.routing_strategy and routing_strategy_args. */
#include "proxy/config/private.h"
#include "proxy/route/strategy.h"

#include <string.h>

/* The strategy of that name; NULL with a warning when there is none, or the name was not given. */
static const struct strategy *find(struct config_loader *l, const char *what, const struct config_text *name,
                                   const char *usual)
{
    const struct strategy *found = name->text ? strategy_find(name->text) : NULL;
    if (name->text && !found)
        config_warn(l, name->line, "%s: \"%s\" is not here; %s is used. There are: %s", what, name->text, usual,
                    strategy_names());
    else if (found && strcmp(found->name, name->text) != 0)
        config_warn(l, name->line, "%s: \"%s\" is not here; %s takes its place: %s", what, name->text, found->name,
                    found->doc);
    return found;
}

void config_strategy(struct config_loader *l)
{
    struct config_settings *s = &l->settings;
    struct config *c = l->config;
    c->strategy_settings = *strategy_defaults();
    config_read(l, SECTION_STRATEGY, s->strategy_args, &c->strategy_settings);
    c->strategy = find(l, "router_settings.routing_strategy", &s->routing_strategy, "simple-shuffle");
    c->risk_strategy = find(l, "router_settings.risk_router_strategy", &s->risk_strategy, STRATEGY_EXPECTED.name);
    if (!c->risk_strategy)
        c->risk_strategy = &STRATEGY_EXPECTED;
}
