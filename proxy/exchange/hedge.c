/* loop: a second deployment for a stream whose first token is slow. It is an exchange of its own, the rival, that
 * shares the client with the first one until one of them has content, or has failed.
 *
 *   x: CALLING ──hedge_after_ms──▶ rival: CALLING on the plan's next deployment
 *        │                            │
 *        ├── content first ──▶ x serves; the rival's call is cancelled
 *        │                            ├── content first ──▶ the rival serves in x's place; x's call is cancelled
 *        ├── fails ──▶ the rival goes on in x's place
 *        │                            └── fails ──▶ x goes on, without that deployment
 *
 * The one that loses is freed from the loop, because libcurl may be on the stack when the other one wins. Whoever
 * serves has the other's attempt in its journal line, with what it cost. */
#include "proxy/exchange/private.h"

#include "common/log.h"
#include "proxy/terms/failure.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

static void cancel_call(struct exchange *x)
{
    struct call *call = x->call;
    x->call = NULL;
    if (call)
        call_cancel(call);
}

static void separate(struct exchange *x)
{
    if (x->rival)
        x->rival->parent = NULL;
    if (x->parent)
        x->parent->rival = NULL;
    x->rival = x->parent = NULL;
}

/* The last attempt of one becomes one of the other's, which has not failed by it. */
static void pass_attempt(const struct exchange *from, struct exchange *to)
{
    if (to->attempt_count == EXCHANGE_ATTEMPTS_MAX)
        return;
    to->attempts[to->attempt_count++] = from->attempts[from->attempt_count - 1];
    to->planned++;
}

/* The other one serves. Its call is over, though the transport hears of it a moment later. */
static void lose(struct exchange *x, struct exchange *winner)
{
    separate(x);
    exchange_call_ended(x, NULL, 0, CALL_CANCELLED);
    x->attempts[x->attempt_count - 1].lost = true;
    pass_attempt(x, winner);
    login_cancel(&x->login_wait);
    x->client = NULL;
    x->lost = true;
    event_active(x->hedge, EV_TIMEOUT, 0);
    log_debug("request %s: another deployment was quicker than %s", x->id, exchange_deployment(x)->id);
}

/* What belongs to the request goes over to who answers it. */
static void inherit(struct exchange *heir, struct exchange *from)
{
    model_request_move(&heir->request, &from->request);
    heir->adaptive = from->adaptive;
    from->adaptive = NULL;
    client_set_user(heir->client, heir);
}

void exchange_first_content(struct exchange *x)
{
    struct exchange *rival = x->rival, *parent = x->parent;
    if (parent) {
        inherit(x, parent);
        lose(parent, x);
    } else if (rival) {
        model_request_forget(&rival->request);
        lose(rival, x);
    }
}

/* The rival's deployment has had its turn. */
static void leave_out(struct plan *plan, const struct deployment *d)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->attempts[i] != d)
            plan->attempts[kept++] = plan->attempts[i];
    plan->count = kept;
}

bool exchange_rival_failed(struct exchange *x, const struct failure *f, int status)
{
    struct exchange *parent = x->parent;
    if (!parent)
        return false;
    exchange_call_ended(x, f, status, CALL_OVER);
    pass_attempt(x, parent);
    leave_out(&parent->plan, exchange_deployment(x)); /* it stands behind the one under way */
    failure_join(&parent->failure, f);
    separate(x);
    model_request_forget(&x->request);
    exchange_free(x);
    return true;
}

bool exchange_hand_over(struct exchange *x, const struct failure *f, int status)
{
    struct exchange *rival = x->rival;
    if (!rival)
        return false;
    exchange_call_ended(x, f, status, CALL_OVER);
    pass_attempt(x, rival);
    failure_join(&rival->failure, f);
    inherit(rival, x);
    separate(x);
    exchange_free(x);
    return true;
}

void exchange_drop_rival(struct exchange *x)
{
    struct exchange *rival = x->rival;
    if (!rival)
        return;
    cancel_call(rival);
    exchange_call_ended(rival, NULL, 0, CALL_CANCELLED);
    rival->attempts[rival->attempt_count - 1].lost = true;
    pass_attempt(rival, x);
    separate(x);
    model_request_forget(&rival->request);
    exchange_free(rival);
}

bool exchange_end_lost(struct exchange *x)
{
    if (!x->lost)
        return false;
    cancel_call(x);
    exchange_free(x);
    return true;
}

/* The plan's next deployment, where it may be asked for this, within the hedge's budget and all limits. */
static bool may_hedge(const struct exchange *x, double *usd)
{
    const struct config *c = x->shared->config;
    bool alone = x->state == CALLING && !x->parent && !x->rival && !x->hedged && !x->first_content_ms;
    if (!alone || x->attempt + 1 >= x->plan.count)
        return false;
    const struct deployment *d = x->plan.attempts[x->attempt + 1];
    if (d == exchange_deployment(x) || d->provider->sign_in == SIGN_IN_CHATGPT)
        return false;
    *usd = exchange_estimate(x, d);
    return *usd <= c->hedge_max_cost_usd && exchange_affords(x, *usd); /* false where the price is unknown */
}

static void on_hedge(evutil_socket_t fd, short what, void *ctx);

static struct exchange *make_rival(struct exchange *x, double usd)
{
    struct exchange *rival = exchange_copy(x);
    if (!rival)
        return NULL;
    rival->hedge = evtimer_new(x->shared->base, on_hedge, rival);
    if (!rival->hedge) {
        model_request_forget(&rival->request);
        exchange_free(rival);
        return NULL;
    }
    rival->attempt = x->attempt + 1;
    rival->parent = x;
    x->rival = rival;
    exchange_hold(rival, usd);
    return rival;
}

static void on_hedge(evutil_socket_t fd, short what, void *ctx)
{
    struct exchange *x = ctx;
    double usd;
    (void)fd, (void)what;
    if (exchange_end_lost(x) || !may_hedge(x, &usd))
        return;
    x->hedged = true;
    struct exchange *rival = make_rival(x, usd);
    if (!rival)
        return;
    log_debug("request %s: no first token yet, %s is asked too", x->id, exchange_deployment(rival)->id);
    exchange_heard(rival);
    exchange_start_attempt(rival);
}

void exchange_arm_hedge(struct exchange *x)
{
    const struct config *c = x->shared->config;
    if (!c->hedge_after_ms || c->hold_streams || !x->request.stream || x->hedged || x->parent)
        return;
    if (!x->hedge)
        x->hedge = evtimer_new(x->shared->base, on_hedge, x);
    struct timeval wait = {c->hedge_after_ms / 1000, c->hedge_after_ms % 1000 * 1000};
    if (x->hedge)
        (void)evtimer_add(x->hedge, &wait);
}
