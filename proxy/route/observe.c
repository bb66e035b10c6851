/* pure: statistics of a deployment's attempts. */
#include "proxy/route/observe.h"

#include <math.h>

#define STREAMED_MS_MIN 1.0 /* ms after the first token; a shorter stream says nothing about the speed */

void observe_start(struct observed *seen, const struct strategy_settings *s, unsigned others, uint64_t now_ms)
{
    ewma_add(&seen->queue_depth, others, s->half_life_ms, now_ms);
}

/* A failure counts only if it took longer than replies do: then the deployment is slow. A quick failure does not make
 * it fast. */
static void add_time(struct ewma *e, double ms, bool failed, double half_life_ms, uint64_t now_ms)
{
    double usual = ewma_mean(e);
    if (!failed || ms > usual) /* false without samples */
        ewma_add(e, ms, half_life_ms, now_ms);
}

/* Estimates the time to the first token of a reply that was not streamed: its total time without the time of its tokens
 * at the usual speed, if known. */
static double ttft_of(const struct observed *seen, const struct deployment *d, const struct outcome *o)
{
    double speed = ewma_mean(&seen->tokens_per_second), ttft = (double)o->ttft_ms;
    if (isnan(speed))
        speed = d->expected_tokens_per_second;
    if (o->ttft_ms < o->total_ms || o->output_tokens <= 0 || !(speed > 0))
        return ttft;
    double first = ttft - 1000 * (double)o->output_tokens / speed;
    return first > 0 ? first : 0;
}

static void observe_reply(struct observed *seen, const struct strategy_settings *s, const struct deployment *d,
                          const struct outcome *o, uint64_t now_ms)
{
    double streamed_ms = (double)(o->total_ms - o->ttft_ms);
    add_time(&seen->total_ms, (double)o->total_ms, false, s->half_life_ms, now_ms);
    if (o->ttft_ms >= 0)
        add_time(&seen->ttft_ms, ttft_of(seen, d, o), false, s->half_life_ms, now_ms);
    if (o->output_tokens > 1 && o->ttft_ms >= 0 && streamed_ms >= STREAMED_MS_MIN)
        ewma_add(&seen->tokens_per_second, 1000 * (double)o->output_tokens / streamed_ms, s->half_life_ms, now_ms);
    if (o->output_tokens >= 0)
        ewma_add(&seen->output_tokens, (double)o->output_tokens, s->half_life_ms, now_ms);
    if (!isnan(o->cost_usd))
        ewma_add(&seen->cost_usd, o->cost_usd, s->half_life_ms, now_ms);
    ewma_add(&seen->errors, 0, s->error_half_life_ms, now_ms);
}

void observe_end(struct observed *seen, const struct strategy_settings *s, const struct deployment *d,
                 const struct outcome *o, uint64_t now_ms)
{
    if (o->cancelled)
        return;
    if (!o->failure) {
        observe_reply(seen, s, d, o, now_ms);
        return;
    }
    if (!o->deployment_error)
        return;
    add_time(&seen->total_ms, (double)o->total_ms, true, s->half_life_ms, now_ms);
    add_time(&seen->ttft_ms, (double)(o->ttft_ms >= 0 ? o->ttft_ms : o->total_ms), true, s->half_life_ms, now_ms);
    ewma_add(&seen->errors, 1, s->error_half_life_ms, now_ms);
}
