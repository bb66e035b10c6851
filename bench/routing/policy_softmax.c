/* policy_softmax: the earlier risk router, with its flaws: min-max norms without scale, averages by sample and not by
 * time, failures that count as quick replies, a constant cost, tokens per second over the whole reply, a token pressure
 * per request, a fixed cooldown after a 429, and truncated streams that are not recorded. Its profiles are the declared
 * values. Its in-flight limits are the backends' slots, which other strategies do not know. */
#include "bench/routing/draws.h"
#include "bench/routing/policy.h"

#include <math.h>
#include <stdlib.h>

#define TAU 0.30           /* temperature of the softmax */
#define ALPHA 0.25         /* weight of the newest sample */
#define TPM_LIMIT 250000.0 /* tokens per minute */
#define QUOTA_COOLDOWN_S 300.0
#define USUAL_IN 4000.0 /* for the cost and latency of a profile */
#define USUAL_OUT 200.0
#define LEFT_OUT 1e6 /* a risk above all real ones */

enum metric { COST, TTFT, LATENCY, SLOWNESS, QUEUE, NORMED, ERROR = NORMED, PRESSURE, METRICS };

static const double WEIGHTS[METRICS] = {[COST] = 0.10,  [TTFT] = 0.22,     [LATENCY] = 0.14, [SLOWNESS] = 0.14,
                                        [ERROR] = 0.25, [PRESSURE] = 0.08, [QUEUE] = 0.07};

struct model {
    double seen[METRICS]; /* averages; SLOWNESS: -tokens per second */
    double cooldown_until_s;
    unsigned in_flight;
};

struct state {
    struct model models[BACKENDS_MAX];
    struct known known;
    uint8_t (*order)[BACKENDS_MAX]; /* per request, made at its first attempt */
    uint8_t *counts;
};

static void close_state(void *state)
{
    struct state *s = state;
    if (s) {
        free(s->order);
        free(s->counts);
    }
    free(s);
}

static void *open_state(const struct known *known, const struct world *world)
{
    (void)world;
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->known = *known;
    s->order = calloc(known->request_count + 1, sizeof *s->order);
    s->counts = calloc(known->request_count + 1, 1);
    if (!s->order || !s->counts) {
        close_state(s);
        return NULL;
    }
    for (unsigned i = 0; i < known->backend_count; i++) {
        const struct declared *d = &known->backends[i];
        double *seen = s->models[i].seen;
        seen[COST] = USUAL_IN * d->in + USUAL_OUT * d->out;
        seen[TTFT] = d->ttft * 1000;
        seen[LATENCY] = (d->ttft + USUAL_OUT / d->tps) * 1000;
        seen[SLOWNESS] = -d->tps;
    }
    return s;
}

static bool limited(const struct state *s, unsigned i, double now_s)
{
    return s->models[i].cooldown_until_s > now_s || s->models[i].in_flight >= (unsigned)s->known.backends[i].slots;
}

static double value(const struct model *m, enum metric metric)
{
    if (metric == QUEUE)
        return fmax(m->seen[QUEUE], m->in_flight);
    return metric == SLOWNESS ? fmin(m->seen[SLOWNESS], -0.01) : m->seen[metric];
}

static void score(const struct state *s, const uint8_t *candidates, unsigned count, double *risks)
{
    for (unsigned i = 0; i < count; i++)
        risks[i] = WEIGHTS[ERROR] * value(&s->models[candidates[i]], ERROR) +
                   WEIGHTS[PRESSURE] * value(&s->models[candidates[i]], PRESSURE);
    for (enum metric m = 0; m < NORMED; m++) {
        double low = INFINITY, high = -INFINITY;
        for (unsigned i = 0; i < count; i++) {
            double v = value(&s->models[candidates[i]], m);
            low = fmin(low, v);
            high = fmax(high, v);
        }
        for (unsigned i = 0; high - low > 1e-9 * fabs(high) && i < count; i++)
            risks[i] += WEIGHTS[m] * (value(&s->models[candidates[i]], m) - low) / (high - low);
    }
}

static unsigned draw(const double *risks, unsigned count, double u)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += exp(-risks[i] / TAU);
    for (unsigned i = 0; i < count; i++) {
        u -= exp(-risks[i] / TAU) / sum;
        if (u <= 0)
            return i;
    }
    return count - 1;
}

/* The drawn backend first, the others by risk. */
static void make_order(struct state *s, const struct ask *ask)
{
    uint8_t candidates[BACKENDS_MAX], *order = s->order[ask->request];
    unsigned count = 0, placed = 0;
    double risks[BACKENDS_MAX];
    for (unsigned i = 0; i < s->known.backend_count; i++)
        if (!limited(s, i, ask->now_s))
            candidates[count++] = (uint8_t)i;
    if (count == 0) /* all are limited: all are scored */
        while (count < s->known.backend_count) {
            candidates[count] = (uint8_t)count;
            count++;
        }
    score(s, candidates, count, risks);
    unsigned next = draw(risks, count, draw_uniform(s->known.seed, DRAW_STRATEGY, 0, ask->request));
    while (placed < count) {
        order[placed++] = candidates[next];
        risks[next] = LEFT_OUT;
        next = 0;
        for (unsigned i = 1; i < count; i++)
            if (risks[i] < risks[next])
                next = i;
    }
    s->counts[ask->request] = (uint8_t)count;
}

static int pick(void *state, const struct ask *ask)
{
    struct state *s = state;
    if (ask->attempt == 0)
        make_order(s, ask);
    return ask->attempt < s->counts[ask->request] ? s->order[ask->request][ask->attempt] : -1;
}

static void started(void *state, const struct ask *ask, unsigned backend)
{
    (void)ask;
    ((struct state *)state)->models[backend].in_flight++;
}

static void average(double *old, double sample)
{
    *old = ALPHA * sample + (1 - ALPHA) * *old;
}

static void ended(void *state, const struct ask *ask, unsigned backend, const struct result *r)
{
    struct model *m = &((struct state *)state)->models[backend];
    unsigned depth = --m->in_flight; /* others in flight; the original counts them at the start */
    bool good = r->how == ENDED_WELL;
    if (r->how == ENDED_TRUNCATED)
        return;
    average(&m->seen[LATENCY], r->total_s * 1000);
    average(&m->seen[TTFT], (good ? r->ttft_s : r->total_s) * 1000);
    average(&m->seen[QUEUE], depth);
    average(&m->seen[ERROR], !good);
    if (good)
        average(&m->seen[SLOWNESS], -r->output_tokens / r->total_s);
    average(&m->seen[PRESSURE], r->how == ENDED_429 ? 1 : fmin(1, ask->prompt_tokens / TPM_LIMIT));
    if (r->how == ENDED_429)
        m->cooldown_until_s = ask->now_s + r->total_s + QUOTA_COOLDOWN_S;
    else if (good)
        m->cooldown_until_s = 0;
}

const struct policy POLICY_SEED_SOFTMAX = {
    "seed_softmax", "the earlier risk router, unchanged", open_state, pick, started, ended, close_state, NULL};
