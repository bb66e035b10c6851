/* strategy_id: pure. The names of the routing strategies; route/strategy.h implements them. */
#ifndef POINTSMAN_STRATEGY_ID_H
#define POINTSMAN_STRATEGY_ID_H

#include <stdbool.h>

enum strategy_id { STRATEGY_SIMPLE_SHUFFLE, STRATEGY_EXPECTED_COST, STRATEGY_RISK_ADJUSTED, STRATEGY_COUNT };

/* Returns the name in router_settings.routing_strategy. */
const char *strategy_name(enum strategy_id id);
/* Returns a short description. */
const char *strategy_doc(enum strategy_id id);
/* Finds the strategy of this name; for LiteLLM's other names the most similar one. false: unknown name. */
bool strategy_find(const char *name, enum strategy_id *id);
/* Returns all names, for messages. */
const char *strategy_names(void);

#endif
