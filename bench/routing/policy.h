/* policy: a strategy that chooses backends in the simulator, and all that it may know. */
#ifndef POINTSMAN_BENCH_POLICY_H
#define POINTSMAN_BENCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/routing/workload.h"

enum ended { ENDED_WELL, ENDED_500, ENDED_504, ENDED_TRUNCATED, ENDED_429, ENDED_503, ENDED_TIMEOUT };

/* What an operator declares about a backend: no variances, limits or odds. */
struct declared {
    const char *name;
    double ttft, tps; /* seconds; tokens per second */
    double in, out;   /* USD per million tokens */
    double quality, weight;
    double slots; /* only for the profiles of seed_softmax; the production code has to estimate it */
};

struct known {
    struct declared backends[BACKENDS_MAX]; /* in the static order */
    unsigned backend_count;
    struct objective objective;
    unsigned attempts; /* maximum per request */
    unsigned request_count;
    double first_token_timeout; /* seconds */
    uint64_t seed;              /* for DRAW_STRATEGY only */
};

/* A choice to make. */
struct ask {
    unsigned request; /* from 0, by arrival */
    unsigned attempt; /* from 0 */
    uint32_t tried;   /* set of backends that failed this request */
    double now_s;
    double prompt_tokens;
};

struct result {
    enum ended how;
    double ttft_s; /* -1: no first token */
    double total_s;
    double output_tokens; /* 0: no tokens */
    double cost_usd;
    double retry_after_s; /* -1: none */
};

struct world;

struct policy {
    const char *name;  /* "static_breaker" */
    const char *title; /* for the report */
    /* Returns the state; NULL: out of memory. `world` is for oracles only. */
    void *(*open)(const struct known *known, const struct world *world);
    /* Returns the backend to try; -1: give up. */
    int (*pick)(void *state, const struct ask *ask);
    void (*started)(void *state, const struct ask *ask, unsigned backend);                            /* may be NULL */
    void (*ended)(void *state, const struct ask *ask, unsigned backend, const struct result *result); /* may be NULL */
    void (*close)(void *state);
    /* Called at the attempt's first token; may be NULL. */
    void (*answered)(void *state, const struct ask *ask, unsigned backend, double ttft_s);
};

/* All strategies in the order of the report; ends with NULL. */
extern const struct policy *const POLICIES[];

/* Returns whether this request may still try the backend. */
static inline bool may_try(const struct ask *ask, unsigned backend)
{
    return !(ask->tried & (1u << backend));
}

extern const struct policy POLICY_STATIC_ONCE, POLICY_STATIC, POLICY_STATIC_BREAKER, POLICY_SIMPLE_SHUFFLE,
    POLICY_LITELLM_LATENCY, POLICY_SEED_SOFTMAX, POLICY_SEED_MARKOV, POLICY_P2C, POLICY_STATE_ORACLE,
    POLICY_CLAIRVOYANT, POLICY_DEFAULT, POLICY_RISK_ADJUSTED, POLICY_PRODUCTION_SHUFFLE, POLICY_PRODUCTION_ORDER,
    POLICY_PRODUCTION_ADAPTIVE;

#endif
