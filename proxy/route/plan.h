/* plan: pure. The ordered attempts of one request.
 *
 *   candidates ─▶ limits ─▶ strategy, among equals of `order` ─▶ affinity ─▶ attempts
 */
#ifndef POINTSMAN_PLAN_H
#define POINTSMAN_PLAN_H

#include "proxy/route/affinity.h"
#include "proxy/route/health.h"
#include "proxy/route/strategy.h"

#define PLAN_MAX 16         /* attempts */
#define PLAN_CHOICES_MAX 32 /* candidates kept for explanations */

struct plan {
    const struct deployment *attempts[PLAN_MAX];
    unsigned count;
    bool too_long;    /* a deployment was skipped because the prompt is too long for it */
    bool down;        /* a deployment was skipped because its server does not answer the probe; it may be back soon */
    bool sticky;      /* the first attempt is the conversation's last deployment */
    bool all_limited; /* none is eligible; the first attempt is the least limited one */
    const struct strategy *strategy;
    /* The candidates for /dispatch/state and the journal: the group's, then each fallback group's, sorted. Very large
     * groups are cut. */
    struct choice choices[PLAN_CHOICES_MAX];
    unsigned choice_count;
};

/* Removes all attempts and choices. */
void plan_clear(struct plan *p);
/* Orders the deployments of the group and then of its fallback groups: by `order`, then by the strategy. A conversation
 * keeps its deployment while that one is eligible and none of lower order is. Limited deployments (limit.h) are
 * skipped. If all are limited, the plan has those at max_in_flight, else the one available soonest. Makes at most 1 +
 * num_retries + extra_retries attempts, but always reaches the first deployment of the last fallback group. count 0: no
 * deployment can answer; `why`, which may be NULL, then has the reason for each. */
void plan_make(const struct plan_input *in, struct plan *out, struct buf *why);
/* Returns the attempt after a failure of this kind: the next one if the failure's rule allows it; after
 * FAILURE_CONTEXT, the next with a larger context window. p->count: none. */
unsigned plan_next(const struct plan *p, unsigned attempt, enum failure_kind kind);
/* Returns the first attempt from here whose deployment is available now, else `attempt`. A plan ages while its first
 * attempts fail. */
unsigned plan_available(const struct plan *p, unsigned attempt, const struct health *health, uint64_t now_ms);
/* Returns whether any deployment of the group or its fallbacks supports one of these APIs, ready or not. */
bool plan_possible(const struct model_group *group, unsigned wires);

#endif
