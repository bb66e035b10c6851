/* pure. expected-cost: the expected cost in USD of a request that goes to a deployment first.
 *
 *   success   = value of time × (wait + TTFT + output tokens / speed) + price + missing quality
 *   truncated = the same without quality, for half of the reply, plus the cost of a failed request
 *   expected  = p(success)·success + p(truncated)·truncated + p(early failure)·(value of the lost time + best other)
 *
 * Absolute differences count: a deployment that is ten times slower or more expensive loses, one that is 1 % slower
 * does not. The probabilities and times are from forecast.c. */
#include "proxy/route/belief.h"
#include "proxy/route/plan.h"

#include <math.h>

enum { WAIT, TTFT, OUTPUT, PRICE, QUALITY, ERRORS, FAILURE, QUOTA };

#define TRUNCATED_AT 0.5 /* of the reply */
#define PRESSED 0.8      /* part of a minute's limit whose use costs nothing */

/* The mean of the declared values, used for the others: not declaring one neither helps nor hurts. */
static double mean_quality(const struct choice *choices, unsigned count)
{
    double sum = 0;
    unsigned known = 0;
    for (unsigned i = 0; i < count; i++)
        if (!isnan(choices[i].deployment->quality)) {
            sum += choices[i].deployment->quality;
            known++;
        }
    return known ? sum / known : 100;
}

static double mean_price(const struct belief *beliefs, unsigned count)
{
    double sum = 0;
    unsigned known = 0;
    for (unsigned i = 0; i < count; i++)
        if (!isnan(beliefs[i].price_usd)) {
            sum += beliefs[i].price_usd;
            known++;
        }
    return known ? sum / known : 0;
}

/* Cost of using scarce requests and tokens: from nothing at PRESSED to a hundredth of a failure's cost at the limit. */
static double quota_usd(const struct plan_input *in, const struct deployment *d, const struct belief *b, double failure)
{
    double used = b->token_pressure;
    if (d->rpm)
        used =
            fmax(used, (double)(window_read(&in->health[d->index].window, in->now_ms).requests + 1) / (double)d->rpm);
    double pressed = used > PRESSED ? (used - PRESSED) / (1 - PRESSED) : 0;
    return 0.01 * failure * pressed * pressed;
}

/* Costs of a candidate, by outcome. */
struct cost {
    double served, truncated, early; /* early: time until a failure before any content */
    double p_truncated, p_early;
};

static struct cost cost_of(const struct plan_input *in, const struct belief *b, double quality, double price,
                           struct choice *c)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    const struct deployment *d = c->deployment;
    const struct prospect *p = &b->prospect;
    double wait_s = p->wait_ms / 1000, ttft_s = p->ttft_ms / 1000, output_s = b->output_tokens * p->token_ms / 1000;
    double paid = isnan(b->price_usd) ? price : b->price_usd, quota = quota_usd(in, d, b, s->failure);
    double missing = s->quality_point * (100 - (isnan(d->quality) ? quality : d->quality));
    c->terms[WAIT] = (float)wait_s;
    c->terms[TTFT] = (float)ttft_s;
    c->terms[OUTPUT] = (float)output_s;
    c->terms[PRICE] = (float)paid;
    c->terms[QUALITY] = (float)missing;
    c->terms[ERRORS] = (float)p->error;
    c->terms[QUOTA] = (float)quota;
    return (struct cost){
        .served = s->value_of_time * (wait_s + ttft_s + output_s) + paid + missing + quota,
        .truncated = s->value_of_time * (wait_s + ttft_s + TRUNCATED_AT * output_s) + paid + quota + s->failure,
        .early = s->value_of_time * (wait_s + p->early_failure_ms / 1000),
        .p_truncated = p->error * p->truncated,
        .p_early = p->error * (1 - p->truncated),
    };
}

/* The sum above; `then`: cost of what follows an early failure. */
static double expected(const struct cost *c, double then)
{
    return (1 - c->p_truncated - c->p_early) * c->served + c->p_truncated * c->truncated +
           c->p_early * (c->early + then);
}

static void rank(const struct plan_input *in, struct choice *choices, unsigned count)
{
    double failure = in->config->strategy_settings.failure;
    struct belief beliefs[STRATEGY_CANDIDATES_MAX];
    struct cost costs[STRATEGY_CANDIDATES_MAX];
    belief_form(in, choices, count, beliefs);
    double quality = mean_quality(choices, count), price = mean_price(beliefs, count);
    double best = INFINITY,
           second = INFINITY; /* costs of the best two candidates alone; one of them follows an early failure */
    for (unsigned i = 0; i < count; i++) {
        struct choice *c = &choices[i];
        costs[i] = cost_of(in, &beliefs[i], quality, price, c);
        c->key = expected(&costs[i], failure);
        second = fmin(second, fmax(best, c->key));
        best = fmin(best, c->key);
    }
    for (unsigned i = 0; i < count; i++) {
        struct choice *c = &choices[i];
        double then = fmin(c->key == best ? second : best, failure);
        c->score = c->key = expected(&costs[i], then);
        c->terms[FAILURE] = (float)(c->score - costs[i].served);
    }
}

const struct strategy STRATEGY_EXPECTED = {
    .id = STRATEGY_EXPECTED_COST,
    .unit = "USD",
    .terms =
        {
            {"wait_s", "wait", " s", 1},
            {"ttft_s", "first token", " s", 1},
            {"output_s", "reply", " s", 1},
            {"price_usd", "price", " USD", 1},
            {"quality_usd", "missing quality", " USD", 1},
            {"error_rate", "failure probability", " %", 100},
            {"failure_usd", "which cost", " USD", 1},
            {"quota_usd", "scarce quota", " USD", 1},
        },
    .rank = rank,
    .keys_are_costs = true,
};
