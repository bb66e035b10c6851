/* loop: what an exchange tells of its deployments: that a call starts, and how it ended. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/terms/usage.h"
#include "proxy/terms/failure.h"
#include "proxy/serve/sharing.h"

#include <math.h>

void exchange_call_started(struct exchange *x)
{
    struct health *h = exchange_health(x);
    int64_t prompt = usage_estimate(x->request.prompt_bytes, 0, h->calibration.bytes_per_token).input;
    x->attempt_ms = clock_monotonic_ms();
    x->health_call = health_started(h, x->shared->config, exchange_deployment(x), prompt, x->attempt_ms);
    sharing_started(x->shared, exchange_deployment(x), &x->health_call);
    if (!x->request.stream)
        health_comes_whole(h, &x->health_call);
}

void exchange_call_answered(struct exchange *x)
{
    health_answered(exchange_health(x), &x->health_call, x->first_content_ms);
}

/* Whether the failure says something about the deployment's ability to serve others. A request that is at fault itself
 * does not, nor that a chat model refuses embeddings, which providers do in several ways. */
static bool tells_of_deployment(const struct exchange *x, enum failure_kind kind)
{
    if (failure_rule(kind)->cooldown_s == 0)
        return false;
    return (x->request.wire & WIRES_BRIDGED) || (kind != FAILURE_AUTH && kind != FAILURE_NOT_FOUND);
}

/* The attempt's time to its first content: the whole time of a reply that is not streamed, -1 where none came. */
static int64_t attempt_ttft_ms(const struct exchange *x, uint64_t now)
{
    if (!x->first_content_ms)
        return -1;
    return (int64_t)((x->request.stream ? x->first_content_ms : now) - x->attempt_ms);
}

void exchange_call_ended(struct exchange *x, const struct failure *f, int status, enum call_end how)
{
    const struct deployment *d = exchange_deployment(x);
    uint64_t now = clock_monotonic_ms();
    struct usage usage = x->relay && x->first_content_ms ? relay_usage(x->relay) : USAGE_UNKNOWN;
    struct outcome outcome = {
        .failure = f,
        .status = status,
        .ttft_ms = attempt_ttft_ms(x, now),
        .total_ms = (int64_t)(now - x->attempt_ms),
        .prompt_tokens = usage.input,
        .output_tokens = usage.output,
        .cost_usd = exchange_call_cost(x, &usage, f, how),
        .cancelled = how == CALL_CANCELLED,
        .tells = how == CALL_OVER && f && tells_of_deployment(x, f->kind),
        .draw = x->shared->id_prefix + x->shared->id_count,
    };
    x->attempts[x->attempt_count++] = (struct journal_attempt){.deployment = d,
                                                               .outcome = f ? f->kind : FAILURE_NONE,
                                                               .status = status,
                                                               .ms = (uint32_t)(now - x->attempt_ms),
                                                               .cost_usd = outcome.cost_usd};
    exchange_book_money(x, outcome.cost_usd);
    int64_t correction = health_ended(exchange_health(x), x->shared->config, d, &x->health_call, &outcome, now);
    sharing_ended(x->shared, d, &x->health_call, correction, now);
    if (x->shared->adaptive)
        adaptive_learn(x->shared->adaptive, d, exchange_health(x), &outcome, now, clock_unix_ms());
    if (f || outcome.cancelled)
        return;
    if (!usage.estimated)
        calibration_observe(&exchange_health(x)->calibration, x->request.prompt_bytes, usage.input);
    affinity_note(x->shared->affinity, x->affinity_key, d->index, usage.input, now);
}

void exchange_request_ended(const struct exchange *x)
{
    struct usage usage = x->relay ? relay_usage(x->relay) : USAGE_UNKNOWN;
    uint64_t now = clock_monotonic_ms();
    if (!x->adaptive || !x->attempt_count)
        return;
    const struct journal_attempt *last = &x->attempts[x->attempt_count - 1];
    bool error = last->outcome != FAILURE_NONE;
    if (error && failure_rule(last->outcome)->cooldown_s == 0)
        return; /* the request was at fault: it would have failed in either arm */
    struct canary_sample sample = {
        .conversation = x->request.conversation,
        .ttft_ms = (double)(x->first_content_ms - x->started_ms),
        .total_ms = (double)(now - x->started_ms),
        .cost_usd = journal_cost(last->deployment, &usage),
        .quality = last->deployment->quality / 100,
        .error = error,
    };
    if (adaptive_request_ended(x->shared->adaptive, &sample))
        log_warning("the adaptive router is back in the shadow: %s", adaptive_stepped_back(x->shared->adaptive));
}
