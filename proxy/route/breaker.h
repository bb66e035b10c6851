/* breaker: pure. Leaves a deployment alone that failed repeatedly, and lets one call at a time find out whether it is
 * well again.
 *
 *   CLOSED ──too many failures in a row──▶ OPEN ──its time is over──▶ HALF-OPEN ──the trial's call serves──▶ CLOSED
 *                                           ▲                            │
 *                                           └── the trial fails: twice as long as before
 */
#ifndef POINTSMAN_BREAKER_H
#define POINTSMAN_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_MOST_MS 600000u /* however often it opened; but for a configured time that is longer */
#define BREAKER_QUICK_MS 20000u /* the same where finding out costs next to nothing: a recovery is seen soon */
#define BREAKER_COST 20 /* else as many times what the failure took: of all time, a twentieth goes into trials */
#define BREAKER_TRIAL_MS 30000u /* a trial that is not over by then lets another one start: a long reply, or a hang */

struct breaker {
    unsigned opened;   /* times in a row; 0: closed */
    uint64_t until_ms; /* open up to then, half-open after it */
    uint64_t trial_ms; /* up to then a trial is under way; 0: none is */
};

/* Whether a call may go through; where not, *wait_ms is how long that lasts, 0 where a trial decides it. */
bool breaker_admits(const struct breaker *b, uint64_t now_ms, uint64_t *wait_ms);
/* A call starts: whether it is the trial. A call that goes through although the breaker is open is none. */
bool breaker_starts(struct breaker *b, uint64_t now_ms);
/* Opens it for `base_ms`, doubled for each time in a row up to what finding out costs (the failure took `cost_ms`), the
 * later ones longer by up to a tenth, as `draw` has it. While it is open already, nothing changes: calls that were
 * under way when it opened come back one by one. */
void breaker_open(struct breaker *b, uint64_t base_ms, uint64_t cost_ms, uint64_t draw, uint64_t now_ms);
/* The trial is over without a result. */
void breaker_trial_over(struct breaker *b);
void breaker_close(struct breaker *b);

#endif
