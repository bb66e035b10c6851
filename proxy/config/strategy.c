/* pure. The routing strategy and its settings: router_settings.routing_strategy and routing_strategy_args. */
#include "proxy/config/private.h"

#include <string.h>

void strategy_settings_init(struct strategy_settings *s)
{
    schema_init(&CONFIG_KEYS, SECTION_STRATEGY, s);
}

/* Returns the strategy of this name, else `usual` with a warning. */
static enum strategy_id find(struct config_loader *l, const char *what, const struct schema_text *name,
                             enum strategy_id usual)
{
    enum strategy_id found;
    if (!strategy_find(name->text, &found)) {
        config_warn(l, name->line, "%s: unknown strategy \"%s\": using %s: choose one of %s", what, name->text,
                    strategy_name(usual), strategy_names());
        return usual;
    }
    if (strcmp(strategy_name(found), name->text) != 0)
        config_warn(l, name->line, "%s: \"%s\" is not supported: using %s: %s", what, name->text, strategy_name(found),
                    strategy_doc(found));
    return found;
}

void config_strategy(struct config_loader *l)
{
    struct config_settings *s = &l->settings;
    struct config *c = l->config;
    strategy_settings_init(&c->strategy_settings);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_STRATEGY, s->strategy_args, &c->strategy_settings);
    c->strategy = find(l, "router_settings.routing_strategy", &s->routing_strategy, STRATEGY_SIMPLE_SHUFFLE);
    c->risk_strategy = find(l, "router_settings.risk_router_strategy", &s->risk_strategy, STRATEGY_EXPECTED_COST);
}
