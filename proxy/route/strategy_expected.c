/* pure. expected-cost: what a request is expected to cost in USD, all told, if it is sent to a deployment first.
 *
 *   served     = value of time × (wait + TTFT + output tokens / speed) + price + quality that is missing
 *   broken off = the same without the quality, half of the reply, and a request that failed
 *   expected   = p(served)·served + p(broken off)·broken off + p(failed before)·(value of the time lost + the best
 * other's)
 *
 * Scale counts here: a deployment that is ten times slower or dearer loses, one that is 1 % slower does not. The odds
 * and times are those of forecast.c. */
#include "proxy/route/belief.h"
#include "proxy/route/plan.h"

#include <math.h>

enum { WAIT, TTFT, OUTPUT, PRICE, QUALITY, ERRORS, FAILURE, QUOTA };

#define TRUNCATED_AT 0.5 /* of a reply, where it breaks off */
#define PRESSED 0.8      /* part of a minute's limit that may be used before that costs something */

/* The mean of what is declared: what is unknown shall neither win nor lose by it. */
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

/* What the use of scarce requests and tokens costs: rising from nothing to as much as a hundredth of a failure, as the
 * minute's limits come near. */
static double quota_usd(const struct plan_input *in, const struct deployment *d, const struct belief *b, double failure)
{
    double used = b->token_pressure;
    if (d->rpm)
        used =
            fmax(used, (double)(window_read(&in->health[d->index].window, in->now_ms).requests + 1) / (double)d->rpm);
    double pressed = used > PRESSED ? (used - PRESSED) / (1 - PRESSED) : 0;
    return 0.01 * failure * pressed * pressed;
}

/* What a candidate costs by how the call goes. */
struct cost {
    double served, truncated, early; /* lost: the time until a failure before any content */
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

/* The sum above, where a failure before any content is followed by what costs `then`. */
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
    double best = INFINITY, second = INFINITY; /* of those alone: what follows a failure of another one */
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
            {"error_rate", "odds of failure", " %", 100},
            {"failure_usd", "which cost", " USD", 1},
            {"quota_usd", "scarce quota", " USD", 1},
        },
    .rank = rank,
    .keys_are_costs = true,
};
