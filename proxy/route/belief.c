/* pure: what to expect of an attempt. */
#include "proxy/route/belief.h"

#include "proxy/route/plan.h"

#include <math.h>

#define OUTPUT_WEIGHT 5.0            /* the configured reply length counts as this many replies */
#define OUTPUT_HALF_LIFE_MS 600000.0 /* of observed reply lengths */

/* The expected reply length in tokens, from the replies of all candidates. */
static double output_tokens(const struct plan_input *in, const struct choice *choices, unsigned count)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    double sum = s->expected_output_tokens * OUTPUT_WEIGHT, weight = OUTPUT_WEIGHT;
    for (unsigned i = 0; i < count; i++) {
        const struct ewma *e = &in->health[choices[i].deployment->index].seen.output_tokens;
        double left = ewma_weight(e, OUTPUT_HALF_LIFE_MS, in->now_ms);
        if (left > 0) {
            sum += left * ewma_mean(e);
            weight += left;
        }
    }
    return sum / weight;
}

static const struct prompt_cache *cache_of(const struct deployment *d)
{
    return d->prompt_cache ? d->prompt_cache : prompt_cache_unknown();
}

/* Tokens of the prompt that are probably in the provider's cache: those of the conversation's last request, until the
 * provider drops them. Any other deployment has to read the whole prompt, which is part of its price. */
static int64_t cached_tokens(const struct plan_input *in, const struct deployment *d, int64_t prompt)
{
    const struct affinity_entry *stay = in->affinity;
    const struct prompt_cache *cache = cache_of(d);
    if (!stay || stay->deployment != d->index || in->now_ms > stay->last_ms + 1000ull * cache->life_s ||
        stay->prompt_tokens < (int64_t)cache->min_tokens)
        return 0;
    return stay->prompt_tokens < prompt ? stay->prompt_tokens : prompt;
}

/* Tokens that are probably written to the cache, which costs more at some providers: the rest of the prompt. */
static int64_t written_tokens(const struct deployment *d, const struct belief *b)
{
    return b->prompt_tokens < (int64_t)cache_of(d)->min_tokens ? 0 : b->prompt_tokens - b->cached_tokens;
}

static double price(const struct deployment *d, const struct belief *b)
{
    return deployment_cost(d, &(struct token_counts){.input = (double)b->prompt_tokens,
                                                     .cached = (double)b->cached_tokens,
                                                     .cache_write = (double)written_tokens(d, b),
                                                     .output = b->output_tokens});
}

static void form(const struct plan_input *in, const struct deployment *d, struct belief *b)
{
    const struct health *h = &in->health[d->index];
    int64_t prompt = plan_prompt_tokens(in, d);
    b->prompt_tokens = prompt > 0 ? prompt : 0;
    b->cached_tokens = cached_tokens(in, d, b->prompt_tokens);
    struct forecast_prior prior = forecast_prior(d, b->output_tokens);
    b->prospect = forecast_read(&h->forecast, &prior, h->in_flight, in->now_ms);
    b->ttft_ms = b->prospect.wait_ms + b->prospect.ttft_ms;
    b->total_ms = b->ttft_ms + b->output_tokens * b->prospect.token_ms;
    b->price_usd = price(d, b);
    b->in_flight = h->in_flight;
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
