/* loop: hedging. If a stream's first content is slow, a second attempt calls the plan's next deployment. The first with
 * content answers the request; the other one loses.
 *
 *   one: STARTED ──hedge_after_ms──▶ two: STARTED
 *        │                            │
 *        ├── has content ──▶ one: ANSWERING, two: LOST
 *        │                            ├── has content ──▶ two: ANSWERING, one: LOST
 *        ├── fails ──▶ two continues
 *        │                            └── fails ──▶ one continues; two's deployment leaves the plan
 *
 * A lost call is cancelled from the loop, because libcurl may be on the stack when the other attempt gets its content.
 */
#include "proxy/exchange/private.h"

#include "common/log.h"
#include "proxy/terms/failure.h"

#include <event2/event.h>
#include <stdlib.h>

/* The other attempt of the request; NULL: none. */
static struct attempt *other_of(const struct attempt *a)
{
    struct request *r = a->request;
    return a == &r->first ? r->second : &r->first;
}

/* The other attempt if it is in flight; NULL: none. */
static struct attempt *other_in_flight(const struct attempt *a)
{
    struct attempt *other = other_of(a);
    return other && other->state == ATTEMPT_STARTED ? other : NULL;
}

void hedge_won(struct attempt *a)
{
    struct request *r = a->request;
    struct attempt *loser = other_in_flight(a);
    if (!loser)
        return;
    r->attempt = a;
    attempt_end(loser, NULL, 0, END_LOST);
    event_active(r->hedge, EV_TIMEOUT, 0);
    log_debug("request %s: %s produced content before %s", r->id, a->deployment->id, loser->deployment->id);
}

/* A failed hedge has used its deployment's turn. */
static void remove_from_plan(struct plan *plan, const struct deployment *d)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->attempts[i] != d)
            plan->attempts[kept++] = plan->attempts[i];
    plan->count = kept;
}

bool hedge_continues(struct attempt *a, int status)
{
    struct request *r = a->request;
    struct attempt *other = other_in_flight(a);
    if (!other)
        return false;
    attempt_end(a, &a->failure, status, END_FINAL);
    failure_join(&r->failure, &a->failure);
    if (a->plan_index > other->plan_index)
        remove_from_plan(&r->plan, a->deployment);
    attempt_free(a);
    r->attempt = other;
    return true;
}

void hedge_drop(struct request *r)
{
    struct attempt *other = other_of(r->attempt);
    if (!other)
        return;
    if (other->state == ATTEMPT_STARTED)
        attempt_end(other, NULL, 0, END_LOST);
    attempt_cancel(other);
}

/* Whether the plan's next deployment may be called too, within hedge_max_cost_usd and all limits. *usd: its estimated
 * cost. */
static bool may_hedge(const struct request *r, double *usd)
{
    const struct config *c = r->shared->config;
    const struct attempt *a = r->attempt;
    if (r->state != REQUEST_CALLING || r->second || a->first_content_ms || a->plan_index + 1 >= r->plan.count)
        return false;
    const struct deployment *d = r->plan.attempts[a->plan_index + 1];
    if (d == a->deployment || d->provider->subscription)
        return false;
    *usd = request_estimate(r, d);
    return *usd <= c->hedge_max_cost_usd && request_affords(r, *usd); /* false for an unknown price */
}

static void begin_second(struct request *r, double usd)
{
    r->second = calloc(1, sizeof *r->second);
    if (!r->second)
        return;
    r->second->request = r;
    request_reserve_hedge(r, usd);
    request_works(r);
    log_debug("request %s: no first token: hedging with %s", r->id, r->plan.attempts[r->attempt->plan_index + 1]->id);
    attempt_begin(r->second, r->attempt->plan_index + 1, 0);
}

/* Timer: cancels the call of a lost attempt, or starts the hedge. */
static void on_hedge(evutil_socket_t fd, short what, void *ctx)
{
    struct request *r = ctx;
    struct attempt *other = other_of(r->attempt);
    double usd;
    (void)fd, (void)what;
    if (other && other->state == ATTEMPT_LOST) {
        attempt_cancel(other);
        request_free_if_done(r);
    } else if (may_hedge(r, &usd)) {
        begin_second(r, usd);
    }
}

void hedge_arm(struct request *r)
{
    const struct config *c = r->shared->config;
    if (!c->hedge_after_ms || c->hold_streams || !r->model_request.stream || r->second)
        return;
    if (!r->hedge)
        r->hedge = evtimer_new(r->shared->base, on_hedge, r);
    struct timeval wait = {c->hedge_after_ms / 1000, c->hedge_after_ms % 1000 * 1000};
    if (r->hedge)
        (void)evtimer_add(r->hedge, &wait);
}
