/* pure: the table of strategies. */
#include "proxy/route/strategy.h"

static const struct strategy *const STRATEGIES[STRATEGY_COUNT] = {
    [STRATEGY_SIMPLE_SHUFFLE] = &STRATEGY_SHUFFLE,
    [STRATEGY_EXPECTED_COST] = &STRATEGY_EXPECTED,
    [STRATEGY_RISK_ADJUSTED] = &STRATEGY_RISK,
};

const struct strategy *strategy_get(enum strategy_id id)
{
    return STRATEGIES[id];
}
