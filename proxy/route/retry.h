/* retry: pure. What follows a failed attempt: a retry of the same deployment, after a wait, or another deployment. */
#ifndef POINTSMAN_RETRY_H
#define POINTSMAN_RETRY_H

#include "proxy/route/plan.h"

/* Returns the wait in ms before retry `nth` (from 0) of the same deployment. -1: no retry, go on to the next
 * deployment, because the policy's retries are used up, the failure would repeat (failure_rule.again is false), or the
 * provider's Retry-After is longer than the policy's maximum. The wait doubles from policy->first_ms to
 * policy->most_ms. `draw` (random bits) adds 5 to 15 %, so that clients that failed together do not retry together. */
int retry_wait_ms(const struct retry_policy *policy, unsigned nth, const struct failure *f, uint64_t draw);

struct retry_input {
    const struct config *config;
    const struct model_group *group; /* of the requested alias */
    const struct plan *plan;
    unsigned attempt; /* index of the failed attempt in the plan */
    unsigned failed;  /* deployments of this plan that failed, this one included */
    enum failure_kind kind;
    bool goes_on; /* another deployment may follow: failure_goes_on() */
};

/* Returns whether the same deployment is retried once, immediately. All of this must hold: no other deployment of the
 * group is left, its provider's row has no retry policy, retries are allowed after this failure, the deployment had not
 * failed before this request, and the failure is likely to be over: a lost connection or server error within QUICK_MS,
 * or unreadable output of the model, without Retry-After. `nth`: retries of it by this request. `took_ms`: duration of
 * the attempt. */
bool retry_same(const struct retry_input *in, const struct failure *f, const struct health *h, unsigned nth,
                uint64_t took_ms);

/* Returns the attempt after the failed one: plan_next(), unless the retry policy of the group or the configuration, or
 * the deployment's num_retries, limits how many deployments are tried after such a failure. Beyond that limit, the next
 * group of the plan follows if the failure's rule allows a next attempt. plan->count: none. */
unsigned retry_next(const struct retry_input *in);

#endif
