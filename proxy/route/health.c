/* pure. Keeps what real traffic tells of each deployment: what it is busy with, failures in a row, how long it rests. */
#include "proxy/route/health.h"

#include "proxy/route/failure.h"

#define REST_MAX_S 3600     /* however long a provider's Retry-After is */

/* Failures of this kind in a row that start no rest. */
static unsigned forgiven(const struct config *c, enum failure_kind kind)
{
    if (c->allowed.of[kind].given)
        return (unsigned)c->allowed.of[kind].times;
    return failure_rule(kind)->forgiven ? (unsigned)c->allowed_fails : 0;
}

/* How long the deployment rests after this failure, in ms; 0: not at all. The provider's own word comes first. */
static uint64_t rest_ms(const struct health *h, const struct config *c, const struct failure *f)
{
    const struct failure_rule *rule = failure_rule(f->kind);
    if (c->no_cooldowns)
        return 0;
    if (f->retry_after_s >= 0)
        return 1000 * (uint64_t)(f->retry_after_s < REST_MAX_S ? f->retry_after_s : REST_MAX_S);
    if (h->failures <= forgiven(c, f->kind))
        return 0;
    return rule->cooldown_s < 0 ? (uint64_t)c->cooldown_ms : 1000 * (uint64_t)rule->cooldown_s;
}

/* Counts a failure, and starts the rest that follows from it. */
static void failed(struct health *h, const struct config *c, const struct failure *f, uint64_t now_ms)
{
    if (failure_rule(f->kind)->cooldown_s == 0)
        return;     /* the request was at fault, or we were */
    h->failures++;
    h->reason = f->kind;
    uint64_t rest = rest_ms(h, c, f);
    /* A call that was under way when the rest began does not shorten it. */
    if (rest && now_ms + rest > h->resting_until)
        h->resting_until = now_ms + rest;
}

static void succeeded(struct health *h)
{
    h->successes++;
    h->failures = 0;
    h->resting_until = 0;
    h->reason = FAILURE_NONE;
}

struct health_call health_started(struct health *h, const struct config *c, int64_t prompt_tokens, uint64_t now_ms)
{
    double output = ewma_mean(&h->seen.output_tokens);
    struct health_call call = {now_ms, (prompt_tokens > 0 ? prompt_tokens : 0) + (output > 0 ? (int64_t)output : 0)};
    observe_start(&h->seen, &c->strategy_settings, h->in_flight, now_ms);
    h->in_flight++;
    h->calls++;
    window_add(&h->window, 1, call.reserved_tokens, now_ms);
    return call;
}

/* The tokens that the call took: what is not told is as it was reserved; a failure before the first content took none. */
static int64_t tokens_taken(const struct health_call *call, const struct outcome *o)
{
    if (o->failure && o->ttft_ms < 0)
        return 0;
    if (o->prompt_tokens < 0 || o->output_tokens < 0)
        return call->reserved_tokens;
    return o->prompt_tokens + o->output_tokens;
}

void health_ended(struct health *h, const struct config *c, const struct deployment *d, const struct health_call *call,
                  const struct outcome *o, uint64_t now_ms)
{
    h->in_flight--;
    if (o->status)
        h->last_status = o->status;
    window_correct(&h->window, tokens_taken(call, o) - call->reserved_tokens, call->started_ms, now_ms);
    observe_end(&h->seen, &c->strategy_settings, d, o, now_ms);
    if (o->cancelled)
        return;
    if (!o->failure)
        succeeded(h);
    else if (o->tells)
        failed(h, c, o->failure, now_ms);
}

bool health_ready(const struct health *h, const struct deployment *d, uint64_t now_ms, struct buf *why)
{
    const char *reason = d->not_ready ? d->not_ready : *h->probe ? h->probe : NULL;
    if (reason) {
        if (why)
            buf_add_text(why, reason);
        return false;
    }
    if (h->resting_until <= now_ms)
        return true;
    if (why)
        buf_add_format(why, "rests %llu s after %s", (unsigned long long)((h->resting_until - now_ms + 999) / 1000),
                       failure_rule(h->reason)->name);
    return false;
}
