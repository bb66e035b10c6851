/* retry: pure. Whether a deployment is called once more before the next one is tried, and after which wait. */
#ifndef POINTSMAN_RETRY_H
#define POINTSMAN_RETRY_H

#include "proxy/config.h"

/* Milliseconds to wait before retry `nth` (from 0) of the same deployment; -1: go on to the next deployment instead, for the
 * policy's times are used up, the failure would not pass (failure_rule.again), or the provider asks for a longer wait than
 * any of the policy's. The waits double from policy->first_ms to policy->most_ms, and get 5 to 15 % on top, by `draw`, so
 * that callers who failed together don't come back together. */
int retry_wait_ms(const struct retry_policy *policy, unsigned nth, const struct failure *f, uint64_t draw);

#endif
