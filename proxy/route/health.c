/* pure. Keeps what real traffic tells of each deployment: failures in a row, and how long it rests. */
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

void health_failed(struct health *h, const struct config *c, const struct failure *f, uint64_t now_ms)
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

void health_succeeded(struct health *h)
{
    h->successes++;
    h->failures = 0;
    h->resting_until = 0;
    h->reason = FAILURE_NONE;
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
