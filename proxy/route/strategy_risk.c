/* pure. risk-adjusted: a risk score of normalized observations, and a random choice that prefers low risk.
 *
 *   risk = wc·norm(cost) + wttft·norm(ttft) + wlat·norm(total latency) + wtps·norm(−tokens/s) + we·error rate
 *          + wtok·token pressure + wq·norm(queue depth) + wqual·missing quality
 *   Pr(i) = softmax(−risk_i/τ)
 *
 * norm(x) = (x − least)/largest. The formula's origin, an earlier router, divides by (largest − least), which makes a
 * difference of 1 % as bad as one of ten times. Relative to the largest value, small differences count little. */
#include "common/mix.h"
#include "proxy/route/belief.h"
#include "proxy/route/plan.h"

#include <math.h>

enum { COST, TTFT, LATENCY, SPEED, ERRORS, PRESSURE, QUEUE, QUALITY };

/* Adds weight·norm(term) to the scores and replaces the term by norm(term). Unknown values (NAN) count as the mean of
 * the known ones. `sign` -1: more is better. */
static void add_normalized(struct choice *choices, unsigned count, unsigned term, double weight, int sign)
{
    double least = INFINITY, largest = -INFINITY, sum = 0;
    unsigned known = 0;
    for (unsigned i = 0; i < count; i++) {
        double x = (double)choices[i].terms[term];
        if (isnan(x))
            continue;
        least = fmin(least, x);
        largest = fmax(largest, x);
        sum += x;
        known++;
    }
    for (unsigned i = 0; i < count; i++) {
        double x = known ? (double)choices[i].terms[term] : 0;
        if (isnan(x))
            x = sum / known;
        double norm = !known || largest <= 0 ? 0 : (sign > 0 ? x - least : largest - x) / largest;
        choices[i].terms[term] = (float)norm;
        choices[i].score += weight * norm;
    }
}

static void set_terms(struct choice *c, const struct belief *b, const struct risk_weights *w)
{
    const double quality = c->deployment->quality;
    c->terms[COST] = (float)b->price_usd;
    c->terms[TTFT] = (float)b->ttft_ms;
    c->terms[LATENCY] = (float)b->total_ms;
    c->terms[SPEED] = (float)(1000 / b->prospect.token_ms);
    c->terms[ERRORS] = (float)b->prospect.error;
    c->terms[PRESSURE] = (float)b->token_pressure;
    c->terms[QUEUE] = (float)b->in_flight;
    c->terms[QUALITY] = isnan(quality) ? 0 : (float)(1 - quality / 100);
    c->score = w->error * b->prospect.error + w->token_pressure * b->token_pressure +
               w->quality * (double)c->terms[QUALITY];
}

/* Puts the one that softmax draws first; the others follow by risk. */
static void draw_first(const struct plan_input *in, struct choice *choices, unsigned count, double tau)
{
    double least = INFINITY, sum = 0, share[STRATEGY_CANDIDATES_MAX];
    for (unsigned i = 0; i < count; i++)
        least = fmin(least, choices[i].score);
    for (unsigned i = 0; i < count; i++) {
        share[i] = tau > 0 ? exp((least - choices[i].score) / tau) : 0;
        sum += share[i];
        choices[i].key = choices[i].score;
    }
    if (sum <= 0)
        return;
    double at = mix_uniform(in->draw) * sum;
    unsigned drawn = 0;
    while (drawn + 1 < count && at >= share[drawn])
        at -= share[drawn++];
    choices[drawn].key = -INFINITY;
}

static void rank(const struct plan_input *in, struct choice *choices, unsigned count)
{
    const struct strategy_settings *s = &in->config->strategy_settings;
    const struct risk_weights *w = &s->weights;
    struct belief beliefs[STRATEGY_CANDIDATES_MAX];
    belief_form(in, choices, count, beliefs);
    for (unsigned i = 0; i < count; i++)
        set_terms(&choices[i], &beliefs[i], w);
    add_normalized(choices, count, COST, w->cost, 1);
    add_normalized(choices, count, TTFT, w->ttft, 1);
    add_normalized(choices, count, LATENCY, w->total_latency, 1);
    add_normalized(choices, count, SPEED, w->tokens_per_second, -1);
    add_normalized(choices, count, QUEUE, w->queue_depth, 1);
    draw_first(in, choices, count, s->tau);
}

const struct strategy STRATEGY_RISK = {
    .id = STRATEGY_RISK_ADJUSTED,
    .unit = "risk",
    .terms =
        {
            {"cost", "cost", "", 1},
            {"ttft", "TTFT", "", 1},
            {"total_latency", "latency", "", 1},
            {"tokens_per_second", "slowness", "", 1},
            {"error", "errors", "", 1},
            {"token_pressure", "token pressure", "", 1},
            {"queue_depth", "queue", "", 1},
            {"quality", "missing quality", "", 1},
        },
    .rank = rank,
};
