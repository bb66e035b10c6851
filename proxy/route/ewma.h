/* ewma: pure. An average whose samples lose half their weight per half-life, however many follow. The sum and the
 * weight are stored separately, so that a reader can mix in a prior value: the fewer and older the samples, the more
 * the prior counts. */
#ifndef POINTSMAN_EWMA_H
#define POINTSMAN_EWMA_H

#include <stdint.h>

struct ewma {
    double sum, weight; /* as of at_ms; weight in samples */
    uint64_t at_ms;
};

/* Adds a sample of weight 1. `half_life_ms` is above 0. If the clock was set back, no time has passed. */
void ewma_add(struct ewma *e, double sample, double half_life_ms, uint64_t now_ms);
/* Returns the remaining weight of the samples. */
double ewma_weight(const struct ewma *e, double half_life_ms, uint64_t now_ms);
/* Returns the average of the samples and `prior`, which counts as `prior_weight` samples. No samples: the prior. Prior
 * NAN: ewma_mean(). */
double ewma_read(const struct ewma *e, double prior, double prior_weight, double half_life_ms, uint64_t now_ms);
/* Returns the average of the samples without a prior; NAN: no samples. */
double ewma_mean(const struct ewma *e);

#endif
