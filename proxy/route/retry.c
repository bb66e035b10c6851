/* pure: what follows a failed attempt: a retry of the same deployment, after a wait, or another deployment. */
#include "proxy/route/retry.h"

#include "proxy/terms/failure.h"

#include <string.h>

#define QUICK_MS 1000 /* a lost connection or server error within this time is retried */

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

/* How many deployments may be tried after this failure; -1: as many as the plan has. */
static int others_allowed(const struct retry_input *in, const struct deployment *d)
{
    if (in->group->retries.of[in->kind].given)
        return in->group->retries.of[in->kind].times;
    if (in->config->retries.of[in->kind].given)
        return in->config->retries.of[in->kind].times;
    if (!in->goes_on)
        return -1;
    if (d->num_retries >= 0)
        return d->num_retries;
    return in->config->extra_retries ? in->config->num_retries : -1;
}

bool retry_same(const struct retry_input *in, const struct failure *f, const struct health *h, unsigned nth,
                uint64_t took_ms)
{
    const struct plan *p = in->plan;
    const struct deployment *d = p->attempts[in->attempt];
    int others = others_allowed(in, d);
    bool last = in->attempt + 1 >= p->count || strcmp(p->attempts[in->attempt + 1]->alias, d->alias) != 0;
    bool quick = (f->kind == FAILURE_CONNECT || f->kind == FAILURE_SERVER) && took_ms < QUICK_MS;
    bool passes = (quick || f->kind == FAILURE_MALFORMED) && f->retry_after_s < 0;
    bool own_policy = d->retry.most_ms != 0;
    return last && passes && !own_policy && nth == 0 && h->failures == 0 && !in->group->strict &&
           in->failed <= (unsigned)(others < 0 ? in->config->num_retries : others);
}

unsigned retry_next(const struct retry_input *in)
{
    const struct plan *p = in->plan;
    const struct deployment *d = p->attempts[in->attempt];
    int others = in->kind == FAILURE_CONTEXT ? -1 : others_allowed(in, d);
    unsigned next = in->attempt + 1;
    if (others < 0 && in->kind == FAILURE_CONTEXT)
        return plan_next(p, in->attempt, in->kind);
    if (others < 0)
        return in->goes_on ? next : p->count;
    if (in->failed <= (unsigned)others)
        return next;
    if (!in->goes_on)
        return p->count;
    while (next < p->count && strcmp(p->attempts[next]->alias, d->alias) == 0)
        next++;
    return next;
}
