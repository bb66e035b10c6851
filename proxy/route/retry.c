/* pure. Whether a deployment is called once more before the next one is tried, and after which wait. */
#include "proxy/route/retry.h"

#include "proxy/route/failure.h"

int retry_wait_ms(const struct retry_policy *policy, unsigned nth, const struct failure *f, uint64_t draw)
{
    if (nth >= policy->times || !failure_rule(f->kind)->again)
        return -1;
    int64_t wait = policy->first_ms;
    for (unsigned i = 0; i < nth && wait < policy->most_ms; i++)
        wait *= 2;
    if (wait > policy->most_ms)
        wait = policy->most_ms;
    int64_t asked = 1000 * (int64_t)f->retry_after_s;
    if (asked > policy->most_ms)
        return -1;
    if (wait < asked)
        wait = asked;
    return (int)(wait + wait * (5 + (int64_t)(draw % 11)) / 100);
}
