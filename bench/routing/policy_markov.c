/* policy_markov: the earlier Markov router, with its flaws: good observations raise the risk, and failing and cooldown
 * are never the most likely state. Unlike the original, it gets outcomes. It moves the suggested backend to the front
 * of the static order; retries follow that order. */
#include "bench/routing/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATES 5 /* healthy, warming, overloaded, failing, cooldown */
#define DELTA 0.15
#define OVERLOAD_PENALTY 0.35
#define COLD_START_PENALTY 0.5
#define PERFORMANCE_WEIGHT 0.35
#define PERFORMANCE_OBSERVATIONS 2
#define COST_MULTIPLIER 2.0
#define CRITICAL_RISK 0.65
#define AMPLIFIER 1.35 /* 1 - decay + 1, with its decay of 0.65 */
#define HISTORY 200

static const double PRIOR[STATES] = {0.72, 0.18, 0.06, 0.02, 0.02};
static const double ROWS[STATES][STATES] = {{0.82, 0.14, 0.03, 0.01, 0.00},
                                            {0.22, 0.50, 0.20, 0.05, 0.03},
                                            {0.05, 0.20, 0.45, 0.22, 0.08},
                                            {0.02, 0.08, 0.20, 0.50, 0.20},
                                            {0.18, 0.25, 0.12, 0.05, 0.40}};

struct provider {
    double odds[STATES];
    double performance[HISTORY], cost[HISTORY]; /* ring buffers */
    unsigned observations;
};

struct state {
    struct provider providers[BACKENDS_MAX];
    struct known known;
    uint8_t *first; /* per request: the suggestion */
};

static void close_state(void *state)
{
    if (state)
        free(((struct state *)state)->first);
    free(state);
}

static void *open_state(const struct known *known, const struct world *world)
{
    (void)world;
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->known = *known;
    s->first = calloc(known->request_count + 1, 1);
    if (!s->first) {
        close_state(s);
        return NULL;
    }
    for (unsigned i = 0; i < known->backend_count; i++)
        memcpy(s->providers[i].odds, PRIOR, sizeof PRIOR);
    return s;
}

static double clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}
static double ramp(double x, double from, double to)
{
    return clamp((x - from) / (to - from));
}

static double mean(const double *ring, unsigned observations)
{
    unsigned count = observations < HISTORY ? observations : HISTORY;
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += ring[i];
    return count ? sum / count : 0;
}

static double risk(const struct provider *p)
{
    return 0.35 * p->odds[1] + 0.75 * p->odds[2] + p->odds[3] + 0.45 * p->odds[4];
}

static double adjusted(const struct provider *p)
{
    double reliability =
        clamp(1 - risk(p) - OVERLOAD_PENALTY * risk(p) - (p->observations ? 0 : 0.5 * COLD_START_PENALTY));
    if (p->observations < PERFORMANCE_OBSERVATIONS)
        return reliability;
    return (1 - PERFORMANCE_WEIGHT) * reliability + PERFORMANCE_WEIGHT * mean(p->performance, p->observations);
}

static unsigned suggest(const struct state *s)
{
    unsigned best = 0;
    double scores[BACKENDS_MAX];
    for (unsigned i = 0; i < s->known.backend_count; i++) {
        scores[i] = adjusted(&s->providers[i]);
        if (scores[i] > scores[best])
            best = i;
    }
    const struct provider *now = &s->providers[0], *then = &s->providers[best];
    double from = mean(now->cost, now->observations), to = mean(then->cost, then->observations);
    bool expensive = from > 0 && to / from > COST_MULTIPLIER && risk(now) < CRITICAL_RISK;
    return scores[best] - scores[0] >= DELTA && !expensive ? best : 0;
}

static int pick(void *state, const struct ask *ask)
{
    struct state *s = state;
    if (ask->attempt == 0)
        s->first[ask->request] = (uint8_t)suggest(s);
    unsigned first = s->first[ask->request];
    if (may_try(ask, first))
        return (int)first;
    for (unsigned i = 0; i < s->known.backend_count; i++)
        if (may_try(ask, i))
            return (int)i;
    return -1;
}

static void step(struct provider *p, double pressure)
{
    double next[STATES] = {0}, sum = 0;
    for (unsigned from = 0; from < STATES; from++)
        for (unsigned to = 0; to < STATES; to++)
            next[to] += p->odds[from] * ROWS[from][to];
    next[0] *= 1 - 0.55 * pressure;
    next[1] += 0.20 * pressure;
    next[2] += 0.45 * pressure;
    next[3] += 0.25 * pressure;
    next[4] += 0.10 * pressure;
    for (unsigned i = 0; i < STATES; i++)
        sum += next[i];
    for (unsigned i = 0; i < STATES; i++)
        p->odds[i] = next[i] / sum;
}

static void ended(void *state, const struct ask *ask, unsigned backend, const struct result *r)
{
    (void)ask;
    struct state *s = state;
    struct provider *p = &s->providers[backend];
    double failed = r->how != ENDED_WELL, quality = s->known.backends[backend].quality / 100;
    double ttft = 1000 * (r->ttft_s >= 0 ? r->ttft_s : r->total_s), latency = 1000 * r->total_s;
    double pressure = 0.22 * ramp(ttft, 1500, 6000) + 0.22 * ramp(latency, 8000, 45000) + 0.16 * (r->how == ENDED_429) +
                      0.12 * ramp(r->cost_usd, 0.01, 0.20) + 0.14 * (1 - quality) + 0.14 * failed;
    step(p, clamp(AMPLIFIER * pressure));
    unsigned at = p->observations++ % HISTORY;
    p->cost[at] = r->cost_usd;
    p->performance[at] = 0.24 * (1 - ramp(ttft, 800, 6000)) + 0.24 * (1 - ramp(latency, 5000, 45000)) +
                         0.18 * (1 - ramp(r->cost_usd, 0.005, 0.20)) + 0.18 * quality + 0.16 * (1 - failed) +
                         0.20 * (1 - failed);
    p->performance[at] /= 1.20;
}

const struct policy POLICY_SEED_MARKOV = {
    "seed_markov", "the earlier Markov router, with outcomes", open_state, pick, NULL, ended, close_state, NULL};
