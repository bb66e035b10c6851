/* pure. Hard limits: what holds a deployment back from a request, whatever its score. */
#include "proxy/route/limit.h"

#include "proxy/route/plan.h"

#include <math.h>

/* A server whose window is too small may cut the prompt without a word (Ollama does), so it is not even asked. */
static bool fits(const struct plan_input *in, const struct deployment *d)
{
    return !d->max_input_tokens || plan_prompt_tokens(in, d) <= d->max_input_tokens;
}

/* The limits of requests and tokens per minute. Tokens are reserved by estimate when a call starts and corrected when it ends;
 * a prompt that is larger than the limit goes out alone. */
static enum limit find_minute_limit(const struct plan_input *in, const struct deployment *d, double *seconds)
{
    const struct window *w = &in->health[d->index].window;
    if (!d->rpm && !d->tpm)
        return LIMIT_NONE;
    struct window_slot used = window_read(w, in->now_ms);
    if (d->rpm && used.requests >= d->rpm) {
        *seconds = (double)window_wait(w, d->rpm - 1, INT64_MAX, in->now_ms) / 1000;
        return LIMIT_RPM;
    }
    int64_t room = d->tpm - plan_prompt_tokens(in, d);
    if (d->tpm && used.tokens > 0 && used.tokens > room) {
        *seconds = (double)window_wait(w, INT64_MAX, room > 0 ? room : 0, in->now_ms) / 1000;
        return LIMIT_TPM;
    }
    return LIMIT_NONE;
}

enum limit limit_find(const struct plan_input *in, const struct deployment *d, double *seconds)
{
    const struct health *h = &in->health[d->index];
    enum limit limit = health_limit(h, d, in->now_ms, seconds);
    if (limit == LIMIT_NOT_READY)
        return limit;
    if (!(d->wires & in->wires))
        return LIMIT_WIRE;
    if (!fits(in, d))
        return LIMIT_CONTEXT_WINDOW;
    if ((d->lacks & in->needs) || d->quality < in->group->min_quality)    /* false where the quality is not declared */
        return LIMIT_CAPABILITY;
    if (limit != LIMIT_NONE)
        return limit;
    if (d->max_in_flight && h->in_flight >= d->max_in_flight)
        return LIMIT_IN_FLIGHT;
    return find_minute_limit(in, d, seconds);
}

const char *limit_name(enum limit limit)
{
    static const char *const NAMES[] = {
        [LIMIT_NONE] = "none", [LIMIT_NOT_READY] = "not_ready", [LIMIT_WIRE] = "wire",
        [LIMIT_CONTEXT_WINDOW] = "context_window", [LIMIT_CAPABILITY] = "capability", [LIMIT_BUDGET] = "budget",
        [LIMIT_RESTING] = "resting",
        [LIMIT_BREAKER_OPEN] = "breaker_open", [LIMIT_IN_FLIGHT] = "in_flight", [LIMIT_RPM] = "rpm", [LIMIT_TPM] = "tpm",
        [LIMIT_QUOTA_PRESSURE] = "quota_pressure",
    };
    return NAMES[limit];
}

static void lacking_words(const struct plan_input *in, const struct deployment *d, struct buf *out)
{
    static const struct { enum capability what; const char *words; } ALL[] = {
        {CAPABILITY_TOOLS, "tools"}, {CAPABILITY_IMAGES, "images"}, {CAPABILITY_FORMAT, "structured output"},
    };
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        if (d->lacks & in->needs & ALL[i].what) {
            buf_add_format(out, "is declared to lack %s", ALL[i].words);
            return;
        }
    buf_add_format(out, "its quality of %g is below the %g that the alias asks for", d->quality, in->group->min_quality);
}

void limit_words(const struct plan_input *in, const struct deployment *d, enum limit limit, double seconds, struct buf *out)
{
    const struct health *h = &in->health[d->index];
    switch (limit) {
    case LIMIT_NONE:
        break;
    case LIMIT_NOT_READY:
    case LIMIT_RESTING:
    case LIMIT_BREAKER_OPEN:
    case LIMIT_QUOTA_PRESSURE:
        health_words(h, d, limit, seconds, out);
        break;
    case LIMIT_WIRE:
        buf_add_text(out, "does not speak what is asked");
        break;
    case LIMIT_CONTEXT_WINDOW:
        buf_add_format(out, "takes %lld tokens, the prompt has about %lld", (long long)d->max_input_tokens,
                       (long long)plan_prompt_tokens(in, d));
        break;
    case LIMIT_CAPABILITY:
        lacking_words(in, d, out);
        break;
    case LIMIT_BUDGET:
        BUF_ADD(out, "may cost more than a spending limit leaves");
        break;
    case LIMIT_IN_FLIGHT:
        buf_add_format(out, "%u calls are in flight, as many as it takes", h->in_flight);
        break;
    case LIMIT_RPM:
        buf_add_format(out, "its %lld requests per minute are used up for %.0f s", (long long)d->rpm, ceil(seconds));
        break;
    case LIMIT_TPM:
        buf_add_format(out, "its %lld tokens per minute are used up for %.0f s", (long long)d->tpm, ceil(seconds));
        break;
    }
}
