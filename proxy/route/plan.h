/* plan: pure. The ordered attempts of one request.
 *
 *   candidates ─▶ limits ─▶ strategy, among equals of `order` ─▶ affinity ─▶ attempts
 */
#ifndef POINTSMAN_PLAN_H
#define POINTSMAN_PLAN_H

#include "proxy/route/affinity.h"
#include "proxy/route/health.h"
#include "proxy/route/strategy.h"

#define PLAN_MAX 16
#define PLAN_CHOICES_MAX 32

struct plan {
    const struct deployment *attempts[PLAN_MAX];
    unsigned count;
    bool too_long;    /* a deployment that could serve was left out because the prompt does not fit it */
    bool down;        /* a deployment was left out because its server does not answer: it may be back soon */
    bool sticky;      /* affinity decided: the first attempt is where the conversation was */
    bool all_limited; /* nothing is free: the first attempt is the least bad of those that are limited */
    const struct strategy *strategy;
    /* The candidates that were looked at, the group's and then the fallbacks', each group's in its order: for
     * /dispatch/state, the journal and people. In very large groups not all of them. */
    struct choice choices[PLAN_CHOICES_MAX];
    unsigned choice_count;
};

/* No attempts and no choices. */
void plan_clear(struct plan *p);
/* Orders the group's deployments and then its fallback groups': by `order`, then as the strategy says. A conversation
 * stays on its deployment as long as nothing limits that one and none of lower order may serve. Those that are limited
 * (see limit.h) are left out; when all are, those that are merely busy are the plan, else the one that is free first.
 * At most 1 + num_retries + more_retries attempts, but always as far as the first deployment of the last fallback
 * group. count 0: nothing can serve; `why` (or NULL) then says why for each deployment. */
void plan_make(const struct plan_input *in, struct plan *out, struct buf *why);
/* The attempt to make after one that failed in this way: the next one where the failure's rule says so; after a prompt
 * that did not fit, the next with a larger window. p->count when there is none. */
unsigned plan_next(const struct plan *p, unsigned attempt, enum failure_kind kind);
/* The first attempt from this one on whose deployment nothing holds back by now: plans get old while their first
 * attempts fail. Where all are held back, the attempt itself. */
unsigned plan_available(const struct plan *p, unsigned attempt, const struct health *health, uint64_t now_ms);
/* Whether any deployment of the group or its fallbacks speaks one of the wires, ready or not. */
bool plan_possible(const struct model_group *group, unsigned wires);

#endif
