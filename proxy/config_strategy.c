/* pure. The routing strategy and its settings: router_settings.routing_strategy and routing_strategy_args. */
#include "proxy/config_private.h"
#include "proxy/route/strategy.h"

#include <string.h>

void config_strategy(struct config_loader *l)
{
    static const char WHAT[] = "router_settings.routing_strategy";
    const struct config_text *name = &l->settings.routing_strategy;
    struct config *c = l->config;
    c->strategy_settings = *strategy_defaults();
    config_read(l, SECTION_STRATEGY, l->settings.strategy_args, &c->strategy_settings);
    if (!name->text)
        return;
    c->strategy = strategy_find(name->text);
    if (!c->strategy)
        config_warn(l, name->line, "%s: \"%s\" is not here; simple-shuffle is used. There are: %s", WHAT, name->text,
                    strategy_names());
    else if (strcmp(c->strategy->name, name->text) != 0)
        config_warn(l, name->line, "%s: \"%s\" is not here; %s takes its place: %s", WHAT, name->text, c->strategy->name,
                    c->strategy->doc);
}
