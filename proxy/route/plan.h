/* plan: pure. The ordered attempts of one request. */
#ifndef POINTSMAN_PLAN_H
#define POINTSMAN_PLAN_H

#include "proxy/route/health.h"

#define PLAN_MAX 16

/* What a plan is made from. */
struct plan_input {
    const struct config *config;
    const struct model_group *group;
    unsigned wires;                /* set of enum wire: a deployment must speak one of these */
    const struct health *health;   /* by deployment.index */
    uint64_t now_ms;               /* monotonic */
    uint64_t draw;
    size_t prompt_bytes;           /* what an estimate of the prompt's tokens starts from; 0: unknown */
};

struct plan {
    const struct deployment *attempts[PLAN_MAX];
    unsigned count;
    bool too_long;                 /* a deployment that could serve was left out because the prompt does not fit it */
};

/* Orders the group's deployments and then its fallback groups': by `order`, then a weighted shuffle among equals that is
 * drawn from `draw` alone, so that one conversation (the same `draw`) keeps its deployment while nothing changes. Those
 * that speak none of the wires, are not ready, or have a context window that the prompt does not fit by an estimate, are left
 * out; when all that could serve are resting, the one that rests
 * shortest is the plan. At most 1 + num_retries attempts, but always as far as the first deployment of the last fallback
 * group. count 0: nothing can serve; `why` (or NULL) then says why for each deployment. */
void plan_make(const struct plan_input *in, struct plan *out, struct buf *why);
/* The attempt to make after one that failed in this way: the next one where the failure's rule says so; after a prompt that did
 * not fit, the next with a larger window. p->count when there is none. */
unsigned plan_next(const struct plan *p, unsigned attempt, enum failure_kind kind);
/* The prompt's tokens by what is known of the deployment's tokenizer. */
int64_t plan_prompt_tokens(const struct plan_input *in, const struct deployment *d);
/* Whether any deployment of the group or its fallbacks speaks one of the wires, ready or not. */
bool plan_possible(const struct model_group *group, unsigned wires);

#endif
