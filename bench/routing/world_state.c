/* world_state: the state at a moment, and the result of an attempt made then. */
#include "bench/routing/world_private.h"

#include "bench/routing/draws.h"

#include <math.h>

double world_window(double at_s)
{
    return floor(at_s / WINDOW_S);
}

static bool in_burst(const struct station *s, double at_s)
{
    unsigned low = 0, high = s->switch_count; /* switches before at_s */
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (s->switches[middle] <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return s->starts_bad != (low % 2 == 1);
}

static bool fault_on(const struct fault *f, double at_s)
{
    return at_s >= f->from && at_s < f->to && (f->period <= 0 || fmod(at_s - f->from, f->period) < f->duty * f->period);
}

double world_error_odds(const struct world *world, unsigned backend, double at_s, struct failing *how)
{
    const struct scenario *s = world->scenario;
    const struct backend *b = &s->backends[backend];
    const struct station *station = &world->stations[backend];
    double odds = station->switch_count && in_burst(station, at_s) ? b->p_bad : b->p_good;
    *how = b->fail;
    for (unsigned i = 0; i < s->fault_count; i++) {
        const struct fault *f = &s->faults[i];
        if (f->backend != backend || !fault_on(f, at_s))
            continue;
        if (f->p >= 0)
            odds = f->p;
        if (f->has_fail)
            *how = f->fail;
    }
    return odds;
}

double world_slowness(const struct world *world, unsigned backend, double at_s)
{
    const struct scenario *s = world->scenario;
    double factor = 1;
    for (unsigned i = 0; i < s->fault_count; i++)
        if (s->faults[i].backend == backend && fault_on(&s->faults[i], at_s))
            factor *= s->faults[i].slow_x;
    return factor;
}

static double billed(const struct backend *b, double prompt, double output)
{
    return (prompt * b->in + output * b->out) / 1e6;
}

void world_serve(const struct world *world, const struct ask *ask, unsigned backend, double began_s, double at_s,
                 struct result *r)
{
    const struct backend *b = &world->scenario->backends[backend];
    const struct request *request = &world->requests[ask->request];
    uint64_t luck = (uint64_t)ask->request;
    struct failing how;
    double z[2];
    draw_normals(world->seed, DRAW_SPEED, backend, luck, z);
    double slow = world_slowness(world, backend, at_s), wait = at_s - began_s;
    double ttft = wait + b->ttft * exp(b->ttft_sigma * z[0]) * slow;
    double output = request->output_tokens, odds = world_error_odds(world, backend, at_s, &how);
    double speed = b->tps * exp(b->tps_sigma * z[1]) / slow;
    double u = draw_uniform(world->seed, DRAW_ERROR, backend, luck);
    *r = (struct result){.how = ENDED_WELL, .ttft_s = -1, .retry_after_s = -1};
    if (u < odds * (how.fast + how.slow)) {
        r->how = u < odds * how.fast ? ENDED_500 : ENDED_504;
        r->total_s = wait + (r->how == ENDED_500 ? b->fast_s : b->slow_s);
    } else if (u < odds) {
        r->how = ENDED_TRUNCATED;
        output = floor(output * draw_uniform(world->seed, DRAW_TRUNCATED, backend, luck));
    }
    double most = world->workload->limits.first_token_timeout;
    if (r->how == ENDED_500 || r->how == ENDED_504) {
        if (r->total_s - wait <= most)
            return;
    } else if (ttft - wait <= most) {
        r->ttft_s = ttft;
        r->output_tokens = output;
        r->total_s = ttft + output / speed;
        r->cost_usd = billed(b, request->prompt_tokens, output);
        return;
    }
    r->how = ENDED_TIMEOUT;
    r->total_s = wait + most;
}

unsigned world_requests(const struct world *world)
{
    return world->request_count;
}
const struct scenario *world_scenario(const struct world *world)
{
    return world->scenario;
}
const struct workload *world_workload(const struct world *world)
{
    return world->workload;
}

/* When a slot becomes free for a request that comes after all that wait now. */
static double slot_free_s(const struct world *world, unsigned backend)
{
    const struct station *s = &world->stations[backend];
    double ends[SLOTS_SEEN];
    for (unsigned i = 0; i < s->busy; i++)
        ends[i] = world->attempts[s->serving[i]].end_s;
    for (uint32_t index = s->head;; index = world->attempts[index].next) {
        unsigned first = 0;
        for (unsigned i = 1; i < s->busy; i++)
            if (ends[i] < ends[first])
                first = i;
        if (index == NONE)
            return ends[first];
        struct result result;
        const struct attempt *a = &world->attempts[index];
        world_serve(world, &a->ask, backend, a->began_s, ends[first], &result);
        ends[first] = a->began_s + result.total_s;
    }
}

double world_wait_s(const struct world *world, unsigned backend, double now_s)
{
    const struct backend *b = &world->scenario->backends[backend];
    const struct station *s = &world->stations[backend];
    if (b->rpm > 0 && s->window == world_window(now_s) && s->used >= b->rpm)
        return INFINITY;
    if (s->busy < (unsigned)b->slots || s->busy > SLOTS_SEEN)
        return 0;
    return s->waiting >= (unsigned)b->max_queue ? INFINITY : slot_free_s(world, backend) - now_s;
}

void world_foresee(const struct world *world, const struct ask *ask, unsigned backend, struct result *result)
{
    double wait = world_wait_s(world, backend, ask->now_s);
    *result = (struct result){.how = ENDED_503, .ttft_s = -1, .retry_after_s = -1};
    if (isfinite(wait))
        world_serve(world, ask, backend, ask->now_s, ask->now_s + wait, result);
}
