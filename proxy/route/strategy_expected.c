/* pure. expected-cost: what a request is expected to cost in USD, all told, if it is sent to a deployment first.
 *
 *   served   = value of time × (TTFT with its queue + output tokens / speed) + price + quality that is missing
 *   expected = (1 − p)·served + p·(value of the time that a failure takes + expected cost of the best other one)
 *
 * Scale counts here: a deployment that is ten times slower or dearer loses, one that is 1 % slower does not. */
#include "proxy/route/belief.h"
#include "proxy/route/plan.h"

#include <math.h>

enum { WAIT, OUTPUT, PRICE, QUALITY, ERRORS, FAILURE, QUOTA };

#define USUAL_SLOTS 16.0      /* calls at once that a deployment is thought to take where none are declared */
#define USUAL_LOCAL_SLOTS 2.0
#define PRESSED 0.8           /* part of a minute's limit that may be used before that costs something */

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

/* Calls in flight slow each other down, or wait for each other. */
static double wait_s(const struct plan_input *in, const struct deployment *d, const struct belief *b)
{
    double slots = d->max_in_flight                       ? (double)d->max_in_flight
                   : d->provider && d->provider->local    ? USUAL_LOCAL_SLOTS
                                                          : USUAL_SLOTS;
    double others = in->health[d->index].in_flight;
    double queued = others >= slots ? (others - slots + 1) / slots * b->total_ms : 0;
    return (b->ttft_ms * (1 + fmin(others / slots, 1)) + queued) / 1000;
}

/* What the use of scarce requests and tokens costs: rising from nothing to as much as a failure, as the minute's limits come
 * near. */
static double quota_usd(const struct plan_input *in, const struct deployment *d, const struct belief *b, double failure)
{
    double used = b->token_pressure;
    if (d->rpm)
        used = fmax(used, (double)(window_read(&in->health[d->index].window, in->now_ms).requests + 1) / (double)d->rpm);
    double pressed = used > PRESSED ? (used - PRESSED) / (1 - PRESSED) : 0;
    return 0.01 * failure * pressed * pressed;
}

static void set_terms(const struct plan_input *in, struct choice *c, const struct belief *b, double quality, double price)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    const struct deployment *d = c->deployment;
    c->terms[WAIT] = (float)wait_s(in, d, b);
    c->terms[OUTPUT] = (float)(b->output_tokens / b->tokens_per_second);
    c->terms[PRICE] = (float)(isnan(b->price_usd) ? price : b->price_usd);
    c->terms[QUALITY] = (float)(s->quality_point * (100 - (isnan(d->quality) ? quality : d->quality)));
    c->terms[ERRORS] = (float)b->error_rate;
    c->terms[QUOTA] = (float)quota_usd(in, d, b, s->failure);
}

/* The cost of a request that this one serves. */
static double served(const struct choice *c, const struct strategy_settings *s)
{
    return s->value_of_time * (double)(c->terms[WAIT] + c->terms[OUTPUT]) + (double)c->terms[PRICE] +
           (double)c->terms[QUALITY] + (double)c->terms[QUOTA];
}

/* The cost where this one is the last resort. */
static double alone(const struct choice *c, const struct strategy_settings *s)
{
    double p = (double)c->terms[ERRORS];
    return (1 - p) * served(c, s) + p * (s->value_of_time * (double)c->terms[WAIT] + s->failure);
}

static void rank(const struct plan_input *in, struct choice *choices, unsigned count)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    struct belief beliefs[STRATEGY_CANDIDATES_MAX];
    belief_form(in, choices, count, beliefs);
    double quality = mean_quality(choices, count), price = mean_price(beliefs, count);
    double best = s->failure, second = s->failure;   /* of those alone: what follows a failure of another one */
    for (unsigned i = 0; i < count; i++) {
        set_terms(in, &choices[i], &beliefs[i], quality, price);
        choices[i].key = alone(&choices[i], s);
        if (choices[i].key < best) {
            second = best;
            best = choices[i].key;
        } else if (choices[i].key < second) {
            second = choices[i].key;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        struct choice *c = &choices[i];
        double p = (double)c->terms[ERRORS], then = c->key == best ? second : best;
        c->terms[FAILURE] = (float)(p * (s->value_of_time * (double)c->terms[WAIT] + then));
        c->score = c->key = (1 - p) * served(c, s) + (double)c->terms[FAILURE];
    }
}

const struct strategy STRATEGY_EXPECTED = {
    .name = "expected-cost",
    .doc = "first what is expected to cost least, in money, time, quality and failures",
    .unit = "USD",
    .terms = {
        {"wait_s", "wait", " s", 1},
        {"output_s", "reply", " s", 1},
        {"price_usd", "price", " USD", 1},
        {"quality_usd", "missing quality", " USD", 1},
        {"error_rate", "odds of failure", " %", 100},
        {"failure_usd", "which cost", " USD", 1},
        {"quota_usd", "scarce quota", " USD", 1},
    },
    .rank = rank,
    .weighs_moves = true,
};
