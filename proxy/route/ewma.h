/* ewma: pure. An average whose memory fades with time: what was seen a half-life ago counts half, however many samples
 * came since. Samples and their weight are kept apart, so that a reader may mix in what is believed without any samples
 * (a prior): the fewer and the older they are, the more the prior counts. */
#ifndef POINTSMAN_EWMA_H
#define POINTSMAN_EWMA_H

#include <stdint.h>

struct ewma {
    double sum, weight; /* as of at_ms; the weight is a number of samples */
    uint64_t at_ms;
};

/* Takes a sample of weight 1. `half_life_ms` is above 0. A clock that went back counts as one that stands. */
void ewma_add(struct ewma *e, double sample, double half_life_ms, uint64_t now_ms);
/* What is left of the samples' weight. */
double ewma_weight(const struct ewma *e, double half_life_ms, uint64_t now_ms);
/* The average of the samples and of `prior`, which counts as `prior_weight` samples; without samples the prior itself.
 * Both are left out where prior is NAN; NAN where there is neither. */
double ewma_read(const struct ewma *e, double prior, double prior_weight, double half_life_ms, uint64_t now_ms);
/* The plain average of the samples, for people; NAN without any. */
double ewma_mean(const struct ewma *e);

#endif
