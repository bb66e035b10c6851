/* pure: what is expected of a call. */
#include "proxy/route/belief.h"

#include "proxy/route/plan.h"

#include <math.h>

/* Where nothing is declared. */
#define USUAL_TTFT_MS 1500.0
#define USUAL_TOKENS_PER_SECOND 40.0

#define PRIOR_WEIGHT 3.0          /* in samples: how much what is declared counts */
#define CACHE_LIVES_MS 300000u    /* how long a prompt cache is counted on: OpenAI keeps prefixes for 5 to 10 minutes */

static double declared(double value, double usual)
{
    return value > 0 ? value : usual;
}

/* The length of replies, from what all candidates have sent. */
static double output_tokens(const struct plan_input *in, const struct choice *choices, unsigned count)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    double sum = s->expected_output_tokens * PRIOR_WEIGHT, weight = PRIOR_WEIGHT;
    for (unsigned i = 0; i < count; i++) {
        const struct ewma *e = &in->health[choices[i].deployment->index].seen.output_tokens;
        double left = ewma_weight(e, s->half_life_ms, in->now_ms);
        if (left > 0) {
            sum += left * ewma_mean(e);
            weight += left;
        }
    }
    return sum / weight;
}

/* What of the prompt the provider likely has in its cache. */
static int64_t cached_tokens(const struct plan_input *in, const struct deployment *d, int64_t prompt)
{
    const struct affinity_entry *stay = in->stay;
    if (!stay || stay->deployment != d->index || in->now_ms > stay->last_ms + CACHE_LIVES_MS)
        return 0;
    return stay->prompt_tokens < prompt ? stay->prompt_tokens : prompt;
}

static double price(const struct deployment *d, const struct belief *b)
{
    double cached = isnan(d->cached_input_cost) ? d->input_cost : d->cached_input_cost;
    return (double)(b->prompt_tokens - b->cached_tokens) * d->input_cost + (double)b->cached_tokens * cached +
           b->output_tokens * d->output_cost;
}

static void form(const struct plan_input *in, const struct deployment *d, struct belief *b)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    const struct health *h = &in->health[d->index];
    double lately = ewma_read(&h->seen.queue_depth, 0, 1, s->half_life_ms, in->now_ms);
    int64_t prompt = plan_prompt_tokens(in, d);
    b->prompt_tokens = prompt > 0 ? prompt : 0;
    b->cached_tokens = cached_tokens(in, d, b->prompt_tokens);
    b->ttft_ms = ewma_read(&h->seen.ttft_ms, declared(d->expected_ttft_ms, USUAL_TTFT_MS), PRIOR_WEIGHT, s->half_life_ms,
                           in->now_ms);
    b->tokens_per_second = ewma_read(&h->seen.tokens_per_second, declared(d->expected_tokens_per_second, USUAL_TOKENS_PER_SECOND),
                                     PRIOR_WEIGHT, s->half_life_ms, in->now_ms);
    b->total_ms = b->ttft_ms + 1000 * b->output_tokens / b->tokens_per_second;
    b->price_usd = price(d, b);
    b->error_rate = spell_error_rate(&h->seen.spell, in->now_ms);
    b->queue_depth = fmax(lately, h->in_flight);
    b->token_pressure = rate_limits_used(&h->limits, in->now_ms - h->limits_ms);
    if (d->tpm) {
        double used = (double)window_read(&h->window, in->now_ms).tokens + (double)b->prompt_tokens + b->output_tokens;
        b->token_pressure = fmax(b->token_pressure, fmin(used / (double)d->tpm, 1));
    }
}

void belief_form(const struct plan_input *in, const struct choice *choices, unsigned count, struct belief *beliefs)
{
    double output = output_tokens(in, choices, count);
    for (unsigned i = 0; i < count; i++) {
        beliefs[i].output_tokens = output;
        form(in, choices[i].deployment, &beliefs[i]);
    }
}
