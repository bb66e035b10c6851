/* pure: what traffic shows of each deployment: load, failures in a row, cooldowns. */
#include "proxy/route/health.h"

#include "proxy/terms/failure.h"

#include <math.h>
#include <string.h>

#define COOLDOWN_MAX_S 3600 /* upper bound of a provider's Retry-After */

/* How many failures of this kind in a row cause no cooldown. */
static unsigned forgiven(const struct config *c, enum failure_kind kind)
{
    if (c->allowed.of[kind].given)
        return (unsigned)c->allowed.of[kind].times;
    return failure_rule(kind)->forgiven ? (unsigned)c->allowed_fails : 0;
}

/* Cooldown after this failure, in ms; 0: none. A row of error_rules wins, then the provider's Retry-After. */
static uint64_t cooldown_of(const struct config *c, const struct failure *f)
{
    int cooldown_s = failure_cooldown_s(f);
    if (f->retry_after_s >= 0 && !failure_cooldown_given(f))
        return 1000 * (uint64_t)(f->retry_after_s < COOLDOWN_MAX_S ? f->retry_after_s : COOLDOWN_MAX_S);
    return cooldown_s < 0 ? (uint64_t)c->cooldown_ms : 1000 * (uint64_t)cooldown_s;
}

/* Starts a cooldown, or extends one. Failures of attempts that were in flight do not shorten it. */
static void start_cooldown(struct health *h, uint64_t ms, uint64_t now_ms)
{
    if (!ms)
        return;
    h->cooldown_began_ms = now_ms;
    if (now_ms + ms > h->cooldown_until_ms)
        h->cooldown_until_ms = now_ms + ms;
}

/* Counts a failure. Starts a cooldown if a row of error_rules, the provider or the rule has one; opens the breaker
 * after repeated failures. */
static void apply_failure(struct health *h, const struct config *c, const struct outcome *o, uint64_t now_ms)
{
    const struct failure *f = o->failure;
    if (failure_cooldown_s(f) == 0)
        return; /* the request or this proxy caused it, or a row of error_rules has no cooldown */
    h->failures++;
    h->reason = f->kind;
    memcpy(h->last_error, f->message, sizeof h->last_error);
    bool given = f->retry_after_s >= 0 || failure_cooldown_given(f);
    if (c->no_cooldowns || (!given && h->failures <= forgiven(c, f->kind) && !h->breaker.opened))
        return;
    if (given || !failure_rule(f->kind)->forgiven) {
        start_cooldown(h, cooldown_of(c, f), now_ms);
    } else {
        if (h->breaker.until_ms <= now_ms)
            h->cooldown_began_ms = now_ms;
        breaker_open(&h->breaker, (uint64_t)c->cooldown_ms, (uint64_t)(o->total_ms > 0 ? o->total_ms : 0), o->draw,
                     now_ms);
    }
}

/* Ends the cooldowns that began before `began_ms`, when a successful attempt started. */
static void clear_cooldown(struct health *h, uint64_t began_ms)
{
    if (began_ms < h->cooldown_began_ms)
        return;
    h->recovered_ms = began_ms;
    h->failures = 0;
    h->cooldown_until_ms = 0;
    h->reason = FAILURE_NONE;
    breaker_close(&h->breaker);
}

static void apply_success(struct health *h, const struct health_attempt *attempt, const struct outcome *o)
{
    h->successes++;
    clear_cooldown(h, attempt->started_ms);
    if (o->prompt_bytes)
        calibration_observe(&h->calibration, o->prompt_bytes, o->prompt_tokens);
}

struct cooldown_state health_cooldown_state(const struct health *h)
{
    return (struct cooldown_state){h->cooldown_began_ms, h->recovered_ms, h->cooldown_until_ms,
                                   h->breaker,           h->reason,       h->failures};
}

void health_merge_cooldown(struct health *h, const struct cooldown_state *other)
{
    if (other->recovered_ms > h->recovered_ms)
        clear_cooldown(h, other->recovered_ms);
    if (other->cooldown_began_ms <= h->cooldown_began_ms || other->cooldown_began_ms <= h->recovered_ms)
        return;
    h->cooldown_began_ms = other->cooldown_began_ms;
    h->reason = other->reason;
    if (other->failures > h->failures)
        h->failures = other->failures;
    if (other->cooldown_until_ms > h->cooldown_until_ms)
        h->cooldown_until_ms = other->cooldown_until_ms;
    if (other->breaker.until_ms > h->breaker.until_ms) {
        h->breaker = other->breaker;
        breaker_trial_over(&h->breaker); /* the trial runs in the other worker */
    }
}

void health_set_own_counts(struct health *h, unsigned in_flight, const struct window *window)
{
    h->in_flight = in_flight;
    h->window = *window;
}

void health_add_worker(struct health *h, unsigned in_flight, const struct window *window,
                       const struct cooldown_state *other)
{
    h->in_flight += in_flight;
    window_merge(&h->window, window);
    health_merge_cooldown(h, other);
}

/* Usual length of the replies, in tokens. */
static double usual_output(const struct health *h, const struct config *c)
{
    double mean = ewma_mean(&h->seen.output_tokens);
    return isnan(mean) ? c->strategy_settings.expected_output_tokens : mean;
}

struct health_attempt health_started(struct health *h, const struct config *c, const struct deployment *d,
                                     int64_t prompt_tokens, uint64_t now_ms)
{
    double output = ewma_mean(&h->seen.output_tokens);
    struct forecast_prior prior = forecast_prior(d, usual_output(h, c));
    struct health_attempt attempt = {
        .started_ms = now_ms,
        .reserved_tokens = (prompt_tokens > 0 ? prompt_tokens : 0) + (output > 0 ? (int64_t)output : 0),
        .trial = breaker_call_started(&h->breaker, now_ms),
        .forecast = forecast_started(&h->forecast, &prior, h->in_flight, now_ms),
    };
    observe_start(&h->seen, &c->strategy_settings, h->in_flight, now_ms);
    h->in_flight++;
    h->calls++;
    window_add(&h->window, 1, attempt.reserved_tokens, now_ms);
    return attempt;
}

void health_not_streamed(struct health *h, struct health_attempt *attempt)
{
    forecast_not_streamed(&h->forecast, &attempt->forecast);
}

void health_answered(struct health *h, struct health_attempt *attempt, uint64_t now_ms)
{
    forecast_answered(&h->forecast, &attempt->forecast, now_ms);
}

/* Tokens that the attempt used: the reserved ones if unknown, 0 if it failed before the first content. */
static int64_t tokens_taken(const struct health_attempt *attempt, const struct outcome *o)
{
    if (o->failure && o->ttft_ms < 0)
        return 0;
    if (o->prompt_tokens < 0 || o->output_tokens < 0)
        return attempt->reserved_tokens;
    return o->prompt_tokens + o->output_tokens;
}

int64_t health_ended(struct health *h, const struct config *c, const struct deployment *d,
                     struct health_attempt *attempt, const struct outcome *o, uint64_t now_ms)
{
    int64_t correction = tokens_taken(attempt, o) - attempt->reserved_tokens;
    h->in_flight--;
    h->ended++;
    if (o->status)
        h->last_status = o->status;
    window_correct(&h->window, correction, attempt->started_ms, now_ms);
    struct forecast_prior prior = forecast_prior(d, usual_output(h, c));
    forecast_ended(&h->forecast, &prior, &attempt->forecast, o, now_ms);
    observe_end(&h->seen, &c->strategy_settings, d, o, now_ms);
    if (attempt->trial)
        breaker_trial_over(&h->breaker);
    if (!o->cancelled && !o->failure)
        apply_success(h, attempt, o);
    else if (!o->cancelled && o->deployment_error)
        apply_failure(h, c, o, now_ms);
    return correction;
}

int64_t health_context_window(const struct health *h, const struct deployment *d)
{
    bool less = h->real_context && (!d->max_input_tokens || h->real_context < d->max_input_tokens);
    return less ? h->real_context : d->max_input_tokens;
}

void health_set_rate_limits(struct health *h, const struct rate_limits *limits, uint64_t now_ms)
{
    if (!rate_limits_known(limits))
        return;
    h->limits = *limits;
    h->limits_ms = now_ms;
}

bool health_refused(struct health *h, const struct omissions *found, uint64_t now_ms)
{
    return refused_add(&h->refused, found, now_ms);
}

void health_reset(struct health *h, uint64_t now_ms)
{
    struct health kept = {.recovered_ms = now_ms,
                          .in_flight = h->in_flight,
                          .window = h->window,
                          .limits = h->limits,
                          .limits_ms = h->limits_ms,
                          .calibration = h->calibration,
                          .real_context = h->real_context,
                          .down = h->down};
    memcpy(kept.probe, h->probe, sizeof kept.probe);
    memcpy(kept.forecast.pending, h->forecast.pending, sizeof kept.forecast.pending); /* attempts in flight */
    *h = kept;
}

void health_carry(struct health *to, const struct health *from)
{
    *to = *from;
    to->in_flight = 0;
    to->refused = (struct refused){0};
    to->calls = to->ended;
    breaker_trial_over(&to->breaker);
    forecast_forget_pending(&to->forecast);
}
