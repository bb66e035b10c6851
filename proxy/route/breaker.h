/* breaker: pure. A circuit breaker: skips a deployment after repeated failures, then sends it one trial call at a time
 * until one succeeds.
 *
 *   CLOSED ──too many failures in a row──▶ OPEN ──until_ms──▶ HALF-OPEN ──the trial call succeeds──▶ CLOSED
 *                                           ▲                     │
 *                                           └── the trial fails: the next open time is twice as long
 */
#ifndef POINTSMAN_BREAKER_H
#define POINTSMAN_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* Upper bounds of the open time; a longer configured time wins. */
#define BREAKER_CAP_MS 600000u    /* in any case */
#define BREAKER_CAP_FACTOR 20     /* times the duration of the failure: trials take at most 5 % of the time */
#define BREAKER_CAP_MIN_MS 20000u /* for failures that end at once: a recovery is noticed soon */
#define BREAKER_TRIAL_MS 30000u   /* a trial without a result by then (a long reply, a hang) allows the next one */

struct breaker {
    unsigned opened;   /* times in a row; 0: closed */
    uint64_t until_ms; /* ms, monotonic: open until then, half-open afterwards */
    uint64_t trial_ms; /* ms, monotonic: a trial is in flight until then; 0: none */
};

/* Returns whether a call may be made. *wait_ms: time left until half-open; 0 if a trial in flight decides. */
bool breaker_admits(const struct breaker *b, uint64_t now_ms, uint64_t *wait_ms);
/* Records the start of a call. Returns whether it is the trial; a call made while the circuit is open is not. */
bool breaker_call_started(struct breaker *b, uint64_t now_ms);
/* Opens the circuit for `base_ms`, doubled for each time in a row up to the bounds above. `cost_ms`: duration of the
 * failure. From the second time on, up to 10 % is added by `draw` (random bits). Does nothing while the circuit is
 * open, because the calls that were in flight when it opened may fail one after the other. */
void breaker_open(struct breaker *b, uint64_t base_ms, uint64_t cost_ms, uint64_t draw, uint64_t now_ms);
/* The trial ended without a result. */
void breaker_trial_over(struct breaker *b);
void breaker_close(struct breaker *b);

#endif
