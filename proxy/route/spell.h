/* spell: pure. Whether a deployment is in a bad spell: providers fail in bursts, so that one failure after an hour of good
 * replies tells much of the next minute, and little of the next hour. A belief over two states (Gilbert and Elliott), moved
 * on with time and by Bayes' rule with each outcome; a quick recovery and a long outage are both followed. */
#ifndef POINTSMAN_SPELL_H
#define POINTSMAN_SPELL_H

#include <stdbool.h>
#include <stdint.h>

struct spell {
    double excess;         /* of the probability of a bad spell over the usual one, as of at_ms */
    uint64_t at_ms;
};

/* Takes an outcome into account. */
void spell_observe(struct spell *s, bool failed, uint64_t now_ms);
/* The probability that a call which starts now fails. */
double spell_error_rate(const struct spell *s, uint64_t now_ms);

#endif
