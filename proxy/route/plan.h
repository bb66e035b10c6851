/* plan: pure. The ordered attempts of one request. */
#ifndef POINTSMAN_PLAN_H
#define POINTSMAN_PLAN_H

#include "proxy/route/health.h"

#define PLAN_MAX 16

struct plan {
    const struct deployment *attempts[PLAN_MAX];
    unsigned count;
};

/* Orders the group's deployments and then its fallback groups': by `order`, then a weighted shuffle among equals that is
 * drawn from `draw` alone, so that one conversation (the same `draw`) keeps its deployment while nothing changes. Those
 * that are not ready are left out; when all that could serve are resting, the one that rests shortest is the plan. At
 * most 1 + num_retries attempts, but always as far as the first deployment of the last fallback group.
 * `health` is indexed by deployment.index. count 0: nothing can serve; `why` then says why for each deployment. */
void plan_make(const struct config *c, const struct model_group *group, const struct health *health, uint64_t now_ms,
               uint64_t draw, struct plan *out, struct buf *why);

#endif
