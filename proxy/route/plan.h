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
#define PLAN_CHOICES_MAX 32 /* candidates recorded for explanations */

struct plan {
    const struct deployment *attempts[PLAN_MAX];
    unsigned count;
    bool too_long;     /* a deployment was skipped because the prompt is too long for it */
    bool down;         /* a deployment was skipped because its local server does not answer; it may be back soon */
    bool sticky;       /* the first attempt is the conversation's last deployment */
    bool unaffordable; /* count is 0 because of spending limits; `attempts` has what they removed, for the cache */
    bool all_limited;  /* no deployment is available; the first attempt is the least limited one */
    const struct strategy *strategy;
    /* The candidates, for /dispatch/state and the request log: the group's, then those of each fallback group, each
     * part sorted. Candidates beyond PLAN_CHOICES_MAX are left out. */
    struct choice choices[PLAN_CHOICES_MAX];
    unsigned choice_count;
};

/* Removes all attempts and choices. */
void plan_clear(struct plan *p);
/* Orders the deployments of the group, then those of its fallback groups: by `order`, then by the strategy. Limited
 * deployments (limit.h) are skipped. A conversation keeps its deployment while this is available and no deployment of
 * lower order is. If all are limited, the plan has those whose only limit is max_in_flight, else the one available
 * soonest. The plan has at most 1 + num_retries + extra_retries attempts, but always includes the first deployment of
 * the last fallback group. If no deployment can answer, count is 0, and the reason for each is appended to `why`, which
 * may be NULL. */
void plan_make(const struct plan_input *in, struct plan *out, struct buf *why);
/* Returns the index of the attempt to make after `attempt` failed in this way: the next one, if the failure's rule
 * allows another deployment; after FAILURE_CONTEXT, the next one with a larger context window. p->count: none. */
unsigned plan_next(const struct plan *p, unsigned attempt, enum failure_kind kind);
/* Returns the first index from `attempt` on whose deployment is available now; `attempt` if there is none. Needed
 * because availability changes while the plan's first attempts fail. */
unsigned plan_available(const struct plan *p, unsigned attempt, const struct health *health, uint64_t now_ms);
/* Returns whether any deployment of the group or its fallbacks supports one of these APIs, ready or not. */
bool plan_possible(const struct model_group *group, unsigned wires);

#endif
