/* strategy_id: pure. The routing strategies by name. What they do is route/strategy.h's. */
#ifndef POINTSMAN_STRATEGY_ID_H
#define POINTSMAN_STRATEGY_ID_H

#include <stdbool.h>

enum strategy_id { STRATEGY_SIMPLE_SHUFFLE, STRATEGY_EXPECTED_COST, STRATEGY_RISK_ADJUSTED, STRATEGY_COUNT };

/* As router_settings.routing_strategy has it. */
const char *strategy_name(enum strategy_id id);
/* What it does, in half a sentence. */
const char *strategy_doc(enum strategy_id id);
/* Finds the strategy of that name. For the name of another strategy of LiteLLM's it is the nearest one here, whose own
 * name differs. false: there is none. */
bool strategy_find(const char *name, enum strategy_id *id);
/* The names of all, for messages. */
const char *strategy_names(void);

#endif
