/* suspicion: pure. The probability that a deployment is in a bad state, from evidence for and against: a filter for a
 * hidden Markov model of two states (Gilbert 1960, Elliott 1963). Without new evidence it decays to a baseline, so that
 * the deployment is tried again. Each strike, when the probability rises again, makes the decay slower and the baseline
 * higher; strikes expire too. So it follows both bursts of seconds and outages of hours. */
#ifndef POINTSMAN_SUSPICION_H
#define POINTSMAN_SUSPICION_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed memory is a suspicion without evidence. */
struct suspicion {
    double odds;               /* odds for : against, as of at_ms; 0: no evidence */
    double strikes;            /* number of rises, decayed with time, as of struck_ms */
    double baseline, fades_ms; /* the probability that it decays to, and the time constant */
    uint64_t at_ms, struck_ms;
    bool cleared; /* the bad state was over since the last strike */
};

/* Returns the probability of the bad state. If the clock was set back, no time has passed. */
double suspicion_read(const struct suspicion *s, uint64_t now_ms);
/* Adds evidence that is `ratio` times (above 0) as likely in the bad state as in the good one. */
void suspicion_update(struct suspicion *s, double ratio, uint64_t now_ms);

#endif
