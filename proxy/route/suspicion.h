/* suspicion: pure. How likely it is that a deployment is in a bad state, from evidence for and against: a filter for a
 * state that can't be seen (a hidden Markov model of two states; Gilbert 1960, Elliott 1963). Without new evidence the
 * suspicion fades, so that a deployment is tried again by itself. Each time that it was raised anew, it fades more
 * slowly, and less far; how often that was is forgotten in its turn. So a burst of seconds and an outage of hours are
 * both followed without knowing which. */
#ifndef POINTSMAN_SUSPICION_H
#define POINTSMAN_SUSPICION_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed memory has heard nothing. */
struct suspicion {
    double odds;               /* for : against, as of at_ms; 0: nothing was heard yet */
    double strikes;            /* how often it was raised, faded with time, as of struck_ms */
    double baseline, fades_ms; /* what it fades to, and the time constant */
    uint64_t at_ms, struck_ms;
    bool cleared; /* it was over since the last strike */
};

/* How likely the bad state is now, between 0 and 1. A clock that went back counts as one that stands. */
double suspicion_read(const struct suspicion *s, uint64_t now_ms);
/* Takes evidence that is `ratio` times (above 0) as likely in the bad state as in the good one. */
void suspicion_update(struct suspicion *s, double ratio, uint64_t now_ms);

#endif
