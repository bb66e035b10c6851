/* pure: the names of the routing strategies. */
#include "proxy/terms/strategy_id.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name, *doc;
} STRATEGIES[STRATEGY_COUNT] = {
    [STRATEGY_SIMPLE_SHUFFLE] = {"simple-shuffle", "shares of the calls in proportion to weight"},
    [STRATEGY_EXPECTED_COST] = {"expected-cost",
                                "first what is expected to cost least, in money, time, quality and failures"},
    [STRATEGY_RISK_ADJUSTED] = {"risk-adjusted", "a draw that prefers what is quick, cheap, idle and reliable"},
};

/* LiteLLM's other strategies rank by one figure: cost, latency, tokens per minute, or calls in flight. Expected cost
 * includes all of these. */
static const char *const LIKE_EXPECTED_COST[] = {"cost-based-routing", "latency-based-routing", "usage-based-routing",
                                                 "usage-based-routing-v2", "least-busy"};

const char *strategy_name(enum strategy_id id)
{
    return STRATEGIES[id].name;
}

const char *strategy_doc(enum strategy_id id)
{
    return STRATEGIES[id].doc;
}

bool strategy_find(const char *name, enum strategy_id *id)
{
    for (*id = 0; *id < STRATEGY_COUNT; (*id)++)
        if (strcmp(STRATEGIES[*id].name, name) == 0)
            return true;
    *id = STRATEGY_EXPECTED_COST;
    for (size_t i = 0; i < sizeof LIKE_EXPECTED_COST / sizeof *LIKE_EXPECTED_COST; i++)
        if (strcmp(LIKE_EXPECTED_COST[i], name) == 0)
            return true;
    return false;
}

const char *strategy_names(void)
{
    return "simple-shuffle, expected-cost, risk-adjusted";
}
