/* policy_oracle: upper bounds. The state oracle knows queues, bursts, faults and quotas, but not this request's random
 * numbers; the clairvoyant knows those too. Both optimize only the current request. */
#include "bench/routing/world.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH 5 /* backends considered per attempt: the best by the cost of a success */

struct oracle {
    const struct world *world;
    double output_tokens; /* expected */
    const struct ask *ask;
};

/* What to expect of a backend now. */
struct prospect {
    unsigned backend;
    double good;       /* J of a success */
    double cut;        /* J of a truncated stream */
    double seconds[2]; /* until a 500, a 504 */
    double odds;
    struct failing how;
};

static void *open_oracle(const struct known *known, const struct world *world)
{
    (void)known;
    struct oracle *o = calloc(1, sizeof *o);
    const struct requests *r = &world_scenario(world)->requests;
    if (o) {
        o->world = world;
        o->output_tokens = r->out_median * exp(r->out_sigma * r->out_sigma / 2);
    }
    return o;
}

static bool foresee(const struct oracle *o, unsigned backend, struct prospect *p)
{
    const struct backend *b = &world_scenario(o->world)->backends[backend];
    const struct objective *j = &world_workload(o->world)->objective;
    double now = o->ask->now_s, wait = world_wait_s(o->world, backend, now);
    if (!isfinite(wait))
        return false;
    double slow = world_slowness(o->world, backend, now + wait);
    double ttft = wait + slow * b->ttft * exp(b->ttft_sigma * b->ttft_sigma / 2);
    double writing = slow * o->output_tokens / b->tps * exp(b->tps_sigma * b->tps_sigma / 2);
    double paid = (o->ask->prompt_tokens * b->in + o->output_tokens * b->out) / 1e6;
    p->backend = backend;
    p->good = paid + j->value_of_time * (ttft + writing) + j->quality_point * (100 - b->quality);
    p->cut = paid + j->value_of_time * (ttft + writing / 2) + j->failure;
    p->seconds[0] = wait + b->fast_s;
    p->seconds[1] = wait + b->slow_s;
    p->odds = world_error_odds(o->world, backend, now + wait, &p->how);
    return true;
}

/* J of trying the prospects not in `tried` in the best order, with `left` attempts; *best: the first choice. */
static double expected(const struct oracle *o, const struct prospect *all, unsigned count, uint32_t tried,
                       unsigned left, int *best)
{
    const struct objective *j = &world_workload(o->world)->objective;
    double least = left ? INFINITY : j->failure;
    *best = -1;
    for (unsigned i = 0; left && i < count; i++) {
        const struct prospect *p = &all[i];
        if (tried & (1u << i))
            continue;
        int ignored;
        double then = expected(o, all, count, tried | 1u << i, left - 1, &ignored);
        double sum = (1 - p->odds) * p->good +
                     p->odds * (p->how.cut * p->cut + p->how.fast * (j->value_of_time * p->seconds[0] + then) +
                                p->how.slow * (j->value_of_time * p->seconds[1] + then));
        if (sum < least) {
            least = sum;
            *best = (int)p->backend;
        }
    }
    return isfinite(least) ? least : j->failure;
}

static int pick_by_state(void *state, const struct ask *ask)
{
    struct oracle *o = state;
    struct prospect best[WIDTH + 1];
    unsigned count = 0, backends = world_scenario(o->world)->backend_count;
    o->ask = ask;
    for (unsigned i = 0; i < backends; i++) {
        struct prospect p;
        if (ask->tried & (1u << i) || !foresee(o, i, &p))
            continue;
        unsigned at = count < WIDTH ? count++ : WIDTH;
        for (; at && p.good < best[at - 1].good; at--)
            best[at] = best[at - 1];
        best[at] = p;
    }
    int first;
    expected(o, best, count, 0, (unsigned)world_workload(o->world)->limits.attempts - ask->attempt, &first);
    return first;
}

static int pick_by_luck(void *state, const struct ask *ask)
{
    const struct oracle *o = state;
    const struct scenario *s = world_scenario(o->world);
    const struct objective *j = &world_workload(o->world)->objective;
    int best = -1;
    double least = INFINITY;
    for (unsigned i = 0; i < s->backend_count; i++) {
        struct result r;
        if (ask->tried & (1u << i))
            continue;
        world_foresee(o->world, ask, i, &r);
        double sum = r.cost_usd + j->value_of_time * r.total_s +
                     (r.how == ENDED_WELL ? j->quality_point * (100 - s->backends[i].quality) : j->failure);
        if (sum < least) {
            least = sum;
            best = (int)i;
        }
    }
    return best;
}

const struct policy POLICY_STATE_ORACLE = {
    "state_oracle", "knows the state, not the random numbers", open_oracle, pick_by_state, NULL, NULL, free, NULL};
const struct policy POLICY_CLAIRVOYANT = {
    "clairvoyant", "knows the random numbers, too", open_oracle, pick_by_luck, NULL, NULL, free, NULL};
