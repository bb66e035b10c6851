/* rhythm: pure. Failures that recur at regular times: a job that runs each minute, a quota that refills at fixed times,
 * a server that restarts again and again. If the onsets of failures form a regular grid, and hardly by chance, the next
 * outage is predicted, and its end after the usual length. Without a grid there is no prediction.
 *
 *   onsets   x                 x                 (unnoticed)       x            x: the first attempt that failed
 *   grid     |·····bad|  good  |·····bad|  good  |·····bad|  good  |·····bad|
 */
#ifndef POINTSMAN_RHYTHM_H
#define POINTSMAN_RHYTHM_H

#include <stdint.h>

#define RHYTHM_ONSETS 12

/* Zeroed memory is a rhythm without observations. */
struct rhythm {
    uint64_t onsets[RHYTHM_ONSETS]; /* ms, monotonic: first failure of each outage, newest first; 0: none */
    uint64_t failed_ms, served_ms;  /* starts of the newest attempt that failed, and of the newest that succeeded */
    double period_ms, first_ms;     /* the grid: its period (0: no grid) and one of its points */
    double outage_start_ms;         /* start of the newest outage */
    double outage_min_ms, outage_max_ms; /* bounds of an outage's length; outage_max_ms 0: unknown */
    unsigned strays;                     /* onsets in a row off the grid */
    unsigned misses;                     /* successes in the middle of predicted outages */
};

enum rhythm_phase { RHYTHM_NONE, RHYTHM_BAD, RHYTHM_GOOD };

/* Records an attempt that started at that time and failed, or succeeded. */
void rhythm_failed(struct rhythm *r, uint64_t started_ms);
void rhythm_served(struct rhythm *r, uint64_t started_ms);
/* Returns the grid's prediction for now. */
enum rhythm_phase rhythm_now(const struct rhythm *r, uint64_t now_ms);

#endif
