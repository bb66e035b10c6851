/* loop: a second attempt of a stream whose first content is slow, at the plan's next deployment. The first of the two
 * with content serves the request; the other one loses.
 *
 *   one: ASKED ──hedge_after_ms──▶ two: ASKED
 *        │                          │
 *        ├── has content ──▶ SERVES, two is LOST
 *        │                          ├── has content ──▶ SERVES, one is LOST
 *        ├── fails ──▶ two goes on
 *        │                          └── fails ──▶ one goes on, and the plan goes on without two's deployment
 *
 * A lost call is cancelled from the loop, because libcurl may be on the stack when the other attempt gets its content.
 */
#include "proxy/exchange/private.h"

#include "common/log.h"
#include "proxy/terms/failure.h"

#include <event2/event.h>
#include <stdlib.h>

/* The other attempt of the request; NULL: there is none. */
static struct attempt *other_of(const struct attempt *a)
{
    struct request *r = a->request;
    return a == &r->first ? r->second : &r->first;
}

/* The same if it is under way. */
static struct attempt *rival_of(const struct attempt *a)
{
    struct attempt *other = other_of(a);
    return other && other->state == ATTEMPT_ASKED ? other : NULL;
}

void hedge_won(struct attempt *a)
{
    struct request *r = a->request;
    struct attempt *loser = rival_of(a);
    if (!loser)
        return;
    r->attempt = a;
    attempt_end(loser, NULL, 0, END_LOST);
    event_active(r->hedge, EV_TIMEOUT, 0);
    log_debug("request %s: %s had content before %s", r->id, a->deployment->id, loser->deployment->id);
}

/* A hedge that failed has taken its deployment's turn. */
static void leave_out(struct plan *plan, const struct deployment *d)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->attempts[i] != d)
            plan->attempts[kept++] = plan->attempts[i];
    plan->count = kept;
}

bool hedge_goes_on(struct attempt *a, int status)
{
    struct request *r = a->request;
    struct attempt *rival = rival_of(a);
    if (!rival)
        return false;
    attempt_end(a, &a->failure, status, END_FINAL);
    failure_join(&r->failure, &a->failure);
    if (a->place > rival->place)
        leave_out(&r->plan, a->deployment);
    attempt_free(a);
    r->attempt = rival;
    return true;
}

void hedge_drop(struct request *r)
{
    struct attempt *other = other_of(r->attempt);
    if (!other)
        return;
    if (other->state == ATTEMPT_ASKED)
        attempt_end(other, NULL, 0, END_LOST);
    attempt_cancel(other);
}

/* The plan's next deployment, if it may be asked for this request, within hedge_max_cost_usd and all limits. */
static bool may_hedge(const struct request *r, double *usd)
{
    const struct config *c = r->shared->config;
    const struct attempt *a = r->attempt;
    if (r->state != REQUEST_CALLING || r->second || a->first_content_ms || a->place + 1 >= r->plan.count)
        return false;
    const struct deployment *d = r->plan.attempts[a->place + 1];
    if (d == a->deployment || d->provider->subscription)
        return false;
    *usd = request_estimate(r, d);
    return *usd <= c->hedge_max_cost_usd && request_affords(r, *usd); /* false if the price is unknown */
}

static void begin_second(struct request *r, double usd)
{
    r->second = calloc(1, sizeof *r->second);
    if (!r->second)
        return;
    r->second->request = r;
    request_hold_hedge(r, usd);
    request_works(r);
    log_debug("request %s: no first token yet, %s is asked too", r->id, r->plan.attempts[r->attempt->place + 1]->id);
    attempt_begin(r->second, r->attempt->place + 1, 0);
}

/* Cancels the call of an attempt that has lost, or begins the second attempt. */
static void on_hedge(evutil_socket_t fd, short what, void *ctx)
{
    struct request *r = ctx;
    struct attempt *other = other_of(r->attempt);
    double usd;
    (void)fd, (void)what;
    if (other && other->state == ATTEMPT_LOST) {
        attempt_cancel(other);
        request_let_go(r);
    } else if (may_hedge(r, &usd)) {
        begin_second(r, usd);
    }
}

void hedge_arm(struct request *r)
{
    const struct config *c = r->shared->config;
    if (!c->hedge_after_ms || c->hold_streams || !r->asked.stream || r->second)
        return;
    if (!r->hedge)
        r->hedge = evtimer_new(r->shared->base, on_hedge, r);
    struct timeval wait = {c->hedge_after_ms / 1000, c->hedge_after_ms % 1000 * 1000};
    if (r->hedge)
        (void)evtimer_add(r->hedge, &wait);
}
