/* policy: what chooses backends in the simulator, and all that it may know. */
#ifndef POINTSMAN_BENCH_POLICY_H
#define POINTSMAN_BENCH_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/routing/workload.h"

enum ended { ENDED_WELL, ENDED_500, ENDED_504, ENDED_CUT, ENDED_429, ENDED_503, ENDED_TIMEOUT };

/* What an operator declares of a backend: no sigma, no limits, no odds. */
struct declared {
    const char *name;
    double ttft, tps; /* seconds; tokens per second */
    double in, out;   /* USD per million tokens */
    double quality, weight;
    double slots; /* for the profiles of seed_softmax alone: the production code has to find it out */
};

struct known {
    struct declared backends[BACKENDS_MAX]; /* in the static order */
    unsigned backend_count;
    struct objective objective;
    unsigned attempts; /* the most for one request */
    unsigned request_count;
    double first_token_timeout; /* seconds */
    uint64_t seed;              /* for DRAW_STRATEGY alone */
};

/* One choice to be made. */
struct ask {
    unsigned request; /* from 0 in the order of arrival */
    unsigned attempt; /* from 0 */
    uint32_t tried;   /* set of backends that failed this request already */
    double now_s;
    double prompt_tokens;
};

struct result {
    enum ended how;
    double ttft_s; /* -1: no first token came */
    double total_s;
    double output_tokens; /* 0: none came */
    double cost_usd;
    double retry_after_s; /* -1: not told */
};

struct world;

struct policy {
    const char *name;  /* "static_breaker" */
    const char *title; /* a few words for people */
    /* NULL on lack of memory. `world` is for oracles alone. */
    void *(*open)(const struct known *known, const struct world *world);
    /* The backend to try; -1: give up. */
    int (*pick)(void *state, const struct ask *ask);
    void (*started)(void *state, const struct ask *ask, unsigned backend);                            /* may be NULL */
    void (*ended)(void *state, const struct ask *ask, unsigned backend, const struct result *result); /* may be NULL */
    void (*close)(void *state);
    /* The attempt's first token has come. May be NULL. */
    void (*answered)(void *state, const struct ask *ask, unsigned backend, double ttft_s);
};

/* All strategies in the order of the report; ends with a NULL name. */
extern const struct policy *const POLICIES[];

/* The backends that this request may still try. */
static inline bool may_try(const struct ask *ask, unsigned backend)
{
    return !(ask->tried & (1u << backend));
}

extern const struct policy POLICY_STATIC_ONCE, POLICY_STATIC, POLICY_STATIC_BREAKER, POLICY_SIMPLE_SHUFFLE,
    POLICY_LITELLM_LATENCY, POLICY_SEED_SOFTMAX, POLICY_SEED_MARKOV, POLICY_P2C, POLICY_STATE_ORACLE,
    POLICY_CLAIRVOYANT, POLICY_DEFAULT, POLICY_RISK_ADJUSTED, POLICY_PRODUCTION_SHUFFLE, POLICY_PRODUCTION_ORDER,
    POLICY_PRODUCTION_ADAPTIVE;

#endif
