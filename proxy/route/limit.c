/* pure: hard limits, which exclude a deployment from a request whatever its score. */
#include "proxy/route/limit.h"

#include "proxy/route/breaker.h"
#include "proxy/terms/failure.h"
#include "proxy/terms/usage.h"

#include <math.h>

int64_t plan_prompt_tokens(const struct plan_input *in, const struct deployment *d)
{
    return usage_estimate(in->prompt_bytes, 0, in->health[d->index].calibration.bytes_per_token).input;
}

/* Finds the limits that do not depend on the request: LIMIT_NOT_READY, _COOLDOWN, _BREAKER_OPEN, _QUOTA_PRESSURE, else
 * LIMIT_NONE. */
static void find_health_limit(const struct health *h, uint64_t now_ms, struct choice *c)
{
    uint64_t wait_ms = 0;
    c->reason = h->reason;
    c->figure = h->failures;
    if (c->deployment->not_ready || *h->probe) {
        c->limit = LIMIT_NOT_READY;
    } else if (h->cooldown_until_ms > now_ms) {
        c->limit = LIMIT_COOLDOWN;
        wait_ms = h->cooldown_until_ms - now_ms;
    } else if (!breaker_admits(&h->breaker, now_ms, &wait_ms)) {
        c->limit = LIMIT_BREAKER_OPEN;
    } else {
        wait_ms = (uint64_t)(1000 * rate_limits_used_up_s(&h->limits, now_ms - h->limits_ms));
        c->limit = wait_ms ? LIMIT_QUOTA_PRESSURE : LIMIT_NONE;
    }
    c->limit_s = (float)wait_ms / 1000;
}

/* Finds LIMIT_RPM and LIMIT_TPM. An attempt reserves its estimated tokens at the start; the end corrects them. A prompt
 * larger than the whole tpm passes if the window is empty. */
static void find_minute_limit(const struct plan_input *in, int64_t prompt_tokens, struct choice *c)
{
    const struct deployment *d = c->deployment;
    const struct window *w = &in->health[d->index].window;
    if (!d->rpm && !d->tpm)
        return;
    struct window_slot used = window_read(w, in->now_ms);
    int64_t room = d->tpm - prompt_tokens;
    uint64_t wait_ms;
    if (d->rpm && used.requests >= d->rpm) {
        c->limit = LIMIT_RPM;
        wait_ms = window_wait(w, d->rpm - 1, INT64_MAX, in->now_ms);
    } else if (d->tpm && used.tokens > 0 && used.tokens > room) {
        c->limit = LIMIT_TPM;
        wait_ms = window_wait(w, INT64_MAX, room > 0 ? room : 0, in->now_ms);
    } else {
        return;
    }
    c->limit_s = (float)wait_ms / 1000;
}

/* Sets a limit without a known end. */
static void set(struct choice *c, enum limit limit, int64_t figure)
{
    c->limit = limit;
    c->limit_s = 0;
    c->figure = figure;
}

void limit_find(const struct plan_input *in, struct choice *c)
{
    const struct deployment *d = c->deployment;
    const struct health *h = &in->health[d->index];
    int64_t tokens = plan_prompt_tokens(in, d);
    double quality = fmax(in->group->min_quality, in->min_quality);
    c->window = health_context_window(h, d);
    find_health_limit(h, in->now_ms, c);
    if (c->limit == LIMIT_NOT_READY)
        return;
    if (!(refused_wires(&h->refused, in->now_ms, d->wires) & in->wires))
        set(c, LIMIT_WIRE, 0);
    else if (c->window && tokens > c->window) /* a server such as Ollama truncates longer prompts silently */
        set(c, LIMIT_CONTEXT_WINDOW, tokens);
    else if ((d->lacks & in->needs) || d->quality < quality) /* false if the quality is not declared */
        set(c, LIMIT_CAPABILITY, d->lacks & in->needs);
    else if (c->limit == LIMIT_NONE && d->max_in_flight && h->in_flight >= d->max_in_flight)
        set(c, LIMIT_IN_FLIGHT, h->in_flight);
    else if (c->limit == LIMIT_NONE)
        find_minute_limit(in, tokens, c);
}

bool limit_available(const struct health *h, const struct deployment *d, uint64_t now_ms, struct buf *why)
{
    struct choice c = {.deployment = d};
    find_health_limit(h, now_ms, &c);
    if (why)
        limit_message(&c, h->probe, why);
    return c.limit == LIMIT_NONE;
}

const char *limit_name(enum limit limit)
{
    static const char *const NAMES[] = {
        [LIMIT_NONE] = "none",
        [LIMIT_NOT_READY] = "not_ready",
        [LIMIT_WIRE] = "wire",
        [LIMIT_CONTEXT_WINDOW] = "context_window",
        [LIMIT_CAPABILITY] = "capability",
        [LIMIT_BUDGET] = "budget",
        [LIMIT_COOLDOWN] = "resting",
        [LIMIT_BREAKER_OPEN] = "breaker_open",
        [LIMIT_IN_FLIGHT] = "in_flight",
        [LIMIT_RPM] = "rpm",
        [LIMIT_TPM] = "tpm",
        [LIMIT_QUOTA_PRESSURE] = "quota_pressure",
    };
    return NAMES[limit];
}

static void capability_message(const struct choice *c, struct buf *out)
{
    static const struct {
        enum capability what;
        const char *name;
    } ALL[] = {
        {CAPABILITY_TOOLS, "tools"},
        {CAPABILITY_IMAGES, "images"},
        {CAPABILITY_FORMAT, "structured output"},
    };
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        if (c->figure & ALL[i].what) {
            buf_add_format(out, "declared without support for %s", ALL[i].name);
            return;
        }
    buf_add_format(out, "quality %g is below the minimum of the alias", c->deployment->quality);
}

static void context_message(const struct choice *c, struct buf *out)
{
    long long declared = c->deployment->max_input_tokens;
    buf_add_format(out, "context window of %lld tokens is too small for a prompt of about %lld", (long long)c->window,
                   (long long)c->figure);
    if (c->window < declared)
        buf_add_format(out, "; for more, start Ollama with OLLAMA_CONTEXT_LENGTH=%lld", declared);
}

static void breaker_message(const struct choice *c, struct buf *out)
{
    const char *after = failure_rule(c->reason)->name;
    if (c->limit_s > 0)
        buf_add_format(out, "circuit open for %.0f s after %lld failures in a row, the last: %s",
                       ceil((double)c->limit_s), (long long)c->figure, after);
    else
        buf_add_format(out, "circuit half-open after %s: trial call in flight", after);
}

void limit_message(const struct choice *c, const char *probe, struct buf *out)
{
    const struct deployment *d = c->deployment;
    double seconds = ceil((double)c->limit_s);
    switch (c->limit) {
    case LIMIT_NONE: break;
    case LIMIT_NOT_READY:
        buf_add_text(out, d->not_ready ? d->not_ready : probe ? probe : "local server not ready");
        break;
    case LIMIT_WIRE: buf_add_text(out, "does not support this API"); break;
    case LIMIT_CONTEXT_WINDOW: context_message(c, out); break;
    case LIMIT_CAPABILITY: capability_message(c, out); break;
    case LIMIT_BUDGET: BUF_ADD(out, "estimated cost exceeds what the spending limit leaves"); break;
    case LIMIT_COOLDOWN:
        buf_add_format(out, "cooling down for %.0f s after %s", seconds, failure_rule(c->reason)->name);
        break;
    case LIMIT_BREAKER_OPEN: breaker_message(c, out); break;
    case LIMIT_IN_FLIGHT: buf_add_format(out, "%lld requests in flight, its maximum", (long long)c->figure); break;
    case LIMIT_RPM:
        buf_add_format(out, "limit of %lld requests per minute used up for %.0f s", (long long)d->rpm, seconds);
        break;
    case LIMIT_TPM:
        buf_add_format(out, "limit of %lld tokens per minute used up for %.0f s", (long long)d->tpm, seconds);
        break;
    case LIMIT_QUOTA_PRESSURE: buf_add_format(out, "quota used up for %.0f s, as the provider reports", seconds);
    }
}
