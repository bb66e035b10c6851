/* policy_breaker: the declared order with retries and a circuit breaker per backend, with the defaults of Envoy's
 * outlier detection: 5 failures in a row open it for 30 s times the number of ejections; then one trial at a time. */
#include "bench/routing/policy.h"

#include <stdlib.h>

#define FAILURES 5       /* consecutive_5xx of Envoy's outlier detection */
#define OPEN_S 30.0      /* base_ejection_time */
#define OPEN_MAX_S 300.0 /* max_ejection_time */

struct breaker {
    unsigned failures; /* in a row */
    unsigned ejections;
    double open_until_s; /* 0: closed */
    bool trial;          /* in flight */
};

struct state {
    struct breaker breakers[BACKENDS_MAX];
    unsigned backends;
};

static void *open_breakers(const struct known *known, const struct world *world)
{
    (void)world;
    struct state *s = calloc(1, sizeof *s);
    if (s)
        s->backends = known->backend_count;
    return s;
}

static bool lets_through(const struct breaker *b, double now_s)
{
    return b->open_until_s == 0 || (now_s >= b->open_until_s && !b->trial);
}

static int pick(void *state, const struct ask *ask)
{
    const struct state *s = state;
    int fallback = -1; /* all open: the first untried one */
    for (unsigned i = 0; i < s->backends; i++) {
        if (!may_try(ask, i))
            continue;
        if (lets_through(&s->breakers[i], ask->now_s))
            return (int)i;
        if (fallback < 0)
            fallback = (int)i;
    }
    return fallback;
}

static void started(void *state, const struct ask *ask, unsigned backend)
{
    struct breaker *b = &((struct state *)state)->breakers[backend];
    if (b->open_until_s > 0 && ask->now_s >= b->open_until_s)
        b->trial = true;
}

static void ended(void *state, const struct ask *ask, unsigned backend, const struct result *result)
{
    struct breaker *b = &((struct state *)state)->breakers[backend];
    double now_s = ask->now_s + result->total_s;
    bool was_trial = b->trial;
    b->trial = false;
    if (result->how == ENDED_WELL) {
        if (was_trial)
            b->ejections = 0;
        b->failures = 0;
        b->open_until_s = 0;
    } else if (++b->failures >= FAILURES || was_trial) {
        double open_s = OPEN_S * ++b->ejections;
        b->open_until_s = now_s + (open_s < OPEN_MAX_S ? open_s : OPEN_MAX_S);
        b->failures = 0;
    }
}

const struct policy POLICY_STATIC_BREAKER = {
    "static_breaker", "static order, retries, circuit breaker", open_breakers, pick, started, ended, free, NULL};
