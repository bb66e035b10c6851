/* policy_static: the declared order, without memory: once, and with retries. */
#include "bench/routing/policy.h"

#include <stdlib.h>

struct order {
    unsigned backends;
    unsigned attempts;
};

static void *open_with(const struct known *known, unsigned attempts)
{
    struct order *order = calloc(1, sizeof *order);
    if (order)
        *order = (struct order){known->backend_count, attempts};
    return order;
}

static void *open_once(const struct known *known, const struct world *world)
{
    (void)world;
    return open_with(known, 1);
}

static void *open_retrying(const struct known *known, const struct world *world)
{
    (void)world;
    return open_with(known, known->attempts);
}

static int pick(void *state, const struct ask *ask)
{
    const struct order *order = state;
    return ask->attempt < order->attempts && ask->attempt < order->backends ? (int)ask->attempt : -1;
}

const struct policy POLICY_STATIC_ONCE = {"static_once", "static order, no retry", open_once, pick, NULL, NULL, free,
                                          NULL};
const struct policy POLICY_STATIC = {"static", "static order, retries", open_retrying, pick, NULL, NULL, free, NULL};
