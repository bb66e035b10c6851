/* pure. The table of strategies. */
#include "proxy/route/strategy.h"

#include <stddef.h>
#include <string.h>

/* By name; the others are LiteLLM's, which rank by one figure alone: the cost of the reply, its latency, the tokens of
 * the minute, the calls in flight. Expected cost takes all of these in. */
static const struct {
    const char *name;
    const struct strategy *strategy;
} STRATEGIES[] = {
    {"simple-shuffle", &STRATEGY_SHUFFLE},
    {"expected-cost", &STRATEGY_EXPECTED},
    {"risk-adjusted", &STRATEGY_RISK},
    {"cost-based-routing", &STRATEGY_EXPECTED},
    {"latency-based-routing", &STRATEGY_EXPECTED},
    {"usage-based-routing", &STRATEGY_EXPECTED},
    {"usage-based-routing-v2", &STRATEGY_EXPECTED},
    {"least-busy", &STRATEGY_EXPECTED},
};

const struct strategy *strategy_find(const char *name)
{
    for (size_t i = 0; i < sizeof STRATEGIES / sizeof *STRATEGIES; i++)
        if (strcmp(STRATEGIES[i].name, name) == 0)
            return STRATEGIES[i].strategy;
    return NULL;
}

const char *strategy_names(void)
{
    return "simple-shuffle, expected-cost, risk-adjusted";
}
