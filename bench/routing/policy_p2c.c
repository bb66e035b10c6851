/* policy_p2c: the better of two random backends by peak-EWMA load, as in Finagle: a latency that rises at once and
 * decays with time, multiplied by the attempts in flight. */
#include "bench/routing/draws.h"
#include "bench/routing/policy.h"

#include <math.h>
#include <stdlib.h>

#define DECAY_S 10.0     /* time constant, Finagle's default */
#define UNKNOWN_S 1000.0 /* a backend without an answer so far, with an attempt in flight */

struct load {
    double cost_s, at_s;
    unsigned pending;
};

struct state {
    struct load loads[BACKENDS_MAX];
    struct known known;
};

static void *open_state(const struct known *known, const struct world *world)
{
    (void)world;
    struct state *s = calloc(1, sizeof *s);
    if (s)
        s->known = *known;
    return s;
}

static void observe(struct load *l, double sample_s, double now_s)
{
    double w = exp(-(now_s - l->at_s) / DECAY_S);
    l->cost_s = sample_s > l->cost_s ? sample_s : l->cost_s * w + sample_s * (1 - w);
    l->at_s = now_s;
}

static double load_of(struct load *l, double now_s)
{
    observe(l, 0, now_s);
    if (l->cost_s == 0 && l->pending)
        return UNKNOWN_S + l->pending;
    return l->cost_s * (l->pending + 1);
}

static int pick(void *state, const struct ask *ask)
{
    struct state *s = state;
    unsigned open[BACKENDS_MAX], count = 0;
    for (unsigned i = 0; i < s->known.backend_count; i++)
        if (may_try(ask, i))
            open[count++] = i;
    if (count == 0)
        return -1;
    uint64_t bits = draw_bits(s->known.seed, DRAW_STRATEGY, ask->attempt, ask->request);
    unsigned a = (unsigned)(bits % count), b = (unsigned)((bits >> 32) % (count > 1 ? count - 1 : 1));
    if (count > 1 && b >= a)
        b++;
    return (int)(load_of(&s->loads[open[b]], ask->now_s) < load_of(&s->loads[open[a]], ask->now_s) ? open[b] : open[a]);
}

static void started(void *state, const struct ask *ask, unsigned backend)
{
    (void)ask;
    ((struct state *)state)->loads[backend].pending++;
}

static void ended(void *state, const struct ask *ask, unsigned backend, const struct result *r)
{
    struct load *l = &((struct state *)state)->loads[backend];
    l->pending--;
    observe(l, r->total_s, ask->now_s + r->total_s);
}

const struct policy POLICY_P2C = {
    "p2c_peak_ewma", "power of two choices, peak-EWMA", open_state, pick, started, ended, free, NULL};
