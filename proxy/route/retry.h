/* retry: pure. What follows an attempt that failed: the same deployment once more, after which wait, or which other
 * one. */
#ifndef POINTSMAN_RETRY_H
#define POINTSMAN_RETRY_H

#include "proxy/route/plan.h"

/* Milliseconds to wait before retry `nth` (from 0) of the same deployment; -1: go on to the next deployment instead,
 * for the policy's times are used up, the failure would not pass (failure_rule.again), or the provider asks for a
 * longer wait than any of the policy's. The waits double from policy->first_ms to policy->most_ms, and get 5 to 15 % on
 * top, by `draw`, so that callers who failed together don't come back together. */
int retry_wait_ms(const struct retry_policy *policy, unsigned nth, const struct failure *f, uint64_t draw);

struct retry_input {
    const struct config *config;
    const struct model_group *group; /* that the request names */
    const struct plan *plan;
    unsigned attempt; /* index in the plan of the one that failed */
    unsigned failed;  /* deployments of this plan that have failed, this one included */
    enum failure_kind kind;
};

/* Whether the same deployment is called once more, at once, before its group is left or the client is told: nobody else
 * of the group is left to ask, its provider's row has no retries of its own, some are allowed after such a failure, and
 * this one is likely to be gone already: a connection lost before the reply, a server error, or output of the model's
 * that cannot be read, without a wait that the provider asks for. What had failed before this request is not repeated,
 * nor a lost connection or server error that took its time: in an outage the way on stays short. `nth`: calls to it
 * that this request has repeated. */
bool retry_same(const struct retry_input *in, const struct failure *f, const struct health *h, unsigned nth,
                uint64_t took_ms);

/* The attempt to make after one that failed: plan_next(), unless the group's retry policy, the configuration's, or the
 * deployment's num_retries says how many deployments may be tried after such a failure. When these are used up, the
 * next group of the plan follows where the failure's rule lets anything follow. plan->count when there is none. */
unsigned retry_next(const struct retry_input *in);

#endif
