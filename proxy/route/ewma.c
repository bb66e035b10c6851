/* pure: averages whose samples lose weight with time. */
#include "proxy/route/ewma.h"

#include <math.h>

#define FORGOTTEN 1e-6 /* weight in samples; less counts as no samples */

static double fade(const struct ewma *e, double half_life_ms, uint64_t now_ms)
{
    return now_ms > e->at_ms ? exp2(-(double)(now_ms - e->at_ms) / half_life_ms) : 1;
}

void ewma_add(struct ewma *e, double sample, double half_life_ms, uint64_t now_ms)
{
    double left = fade(e, half_life_ms, now_ms);
    e->sum = e->sum * left + sample;
    e->weight = e->weight * left + 1;
    if (now_ms > e->at_ms)
        e->at_ms = now_ms;
}

double ewma_weight(const struct ewma *e, double half_life_ms, uint64_t now_ms)
{
    return e->weight > 0 ? e->weight * fade(e, half_life_ms, now_ms) : 0;
}

double ewma_read(const struct ewma *e, double prior, double prior_weight, double half_life_ms, uint64_t now_ms)
{
    double weight = ewma_weight(e, half_life_ms, now_ms);
    if (isnan(prior))
        return ewma_mean(e);
    if (weight < FORGOTTEN)
        return prior;
    double mean = e->sum / e->weight;
    return mean + (prior - mean) * prior_weight / (weight + prior_weight);
}

double ewma_mean(const struct ewma *e)
{
    return e->weight > 0 ? e->sum / e->weight : NAN;
}
