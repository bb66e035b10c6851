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

/* The weights and tau of risk-adjusted are those of the router that the formula comes from. */
static const struct strategy_settings DEFAULTS = {
    .weights = {.cost = 0.10,
                .ttft = 0.22,
                .total_latency = 0.14,
                .tokens_per_second = 0.14,
                .error = 0.25,
                .token_pressure = 0.08,
                .queue_depth = 0.07},
    .tau = 0.30,
    .value_of_time = 0.01,
    .quality_point = 0.004,
    .failure = 0.60,
    .expected_output_tokens = 300,
    .move_factor = 1.5,
    .half_life_ms = 120000,
    .error_half_life_ms = 60000,
};

const struct strategy_settings *strategy_defaults(void)
{
    return &DEFAULTS;
}

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
