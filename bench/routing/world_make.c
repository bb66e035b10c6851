/* world_make: draws requests and bursts of errors before the run. */
#include "bench/routing/world_private.h"

#include "bench/routing/draws.h"

#include <math.h>
#include <stdlib.h>

static double log_normal(double median, double sigma, double z, double most)
{
    double value = median * exp(sigma * z);
    if (most > 0 && value > most)
        value = most;
    return value < 1 ? 1 : floor(value + 0.5);
}

static bool make_requests(struct world *world)
{
    const struct requests *of = &world->scenario->requests;
    unsigned room = 0;
    double at = 0;
    for (unsigned n = 0;; n++) {
        at += draw_exponential(world->seed, DRAW_ARRIVAL, 0, n) / of->rate;
        if (at >= of->duration)
            return true;
        if (n == room) {
            room = room ? 2 * room : 1024;
            struct request *more = reallocarray(world->requests, room, sizeof *more);
            if (!more)
                return false;
            world->requests = more;
        }
        double z[2];
        draw_normals(world->seed, DRAW_PROMPT, 0, n, z);
        world->requests[n] = (struct request){at, log_normal(of->in_median, of->in_sigma, z[0], of->in_max),
                                              log_normal(of->out_median, of->out_sigma, z[1], of->out_max)};
        world->request_count = n + 1;
    }
}

static bool make_bursts(struct world *world, unsigned backend)
{
    const struct backend *b = &world->scenario->backends[backend];
    struct station *s = &world->stations[backend];
    if (b->mean_bad <= 0 || b->mean_good <= 0)
        return true;
    double horizon = world->scenario->requests.duration + 3600, at = 0;
    unsigned room = 0;
    s->starts_bad = draw_uniform(world->seed, DRAW_BURST, backend, 0) < b->mean_bad / (b->mean_bad + b->mean_good);
    for (unsigned n = 0; at < horizon; n++) {
        bool bad = s->starts_bad != (n % 2 == 1);
        at += draw_exponential(world->seed, DRAW_BURST, backend, n + 1) * (bad ? b->mean_bad : b->mean_good);
        if (n == room) {
            room = room ? 2 * room : 64;
            double *more = reallocarray(s->switches, room, sizeof *more);
            if (!more)
                return false;
            s->switches = more;
        }
        s->switches[n] = at;
        s->switch_count = n + 1;
    }
    return true;
}

struct world *world_open(const struct workload *w, const struct scenario *s, uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return NULL;
    world->workload = w;
    world->scenario = s;
    world->seed = seed;
    world->attempts_max = (unsigned)w->limits.attempts;
    bool good = make_requests(world);
    size_t all = (size_t)world->request_count * world->attempts_max + 1;
    for (unsigned i = 0; i < s->backend_count; i++) {
        world->stations[i].serving = calloc(all, sizeof(uint32_t));
        good = good && world->stations[i].serving && make_bursts(world, i);
    }
    world->attempts = calloc(all, sizeof *world->attempts);
    world->heap = calloc(2 * all, sizeof *world->heap); /* a first token and an end each */
    if (good && world->attempts && world->heap)
        return world;
    world_close(world);
    return NULL;
}

void world_close(struct world *world)
{
    if (!world)
        return;
    for (unsigned i = 0; i < BACKENDS_MAX; i++) {
        free(world->stations[i].switches);
        free(world->stations[i].serving);
    }
    free(world->requests);
    free(world->attempts);
    free(world->heap);
    free(world);
}
