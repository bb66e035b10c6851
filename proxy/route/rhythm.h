/* rhythm: pure. Trouble that comes back on a beat: a job that runs each minute, a quota that fills up at fixed times, a
 * server that is restarted again and again. Where the moments at which failures set in lie on a regular grid, and
 * hardly by chance, the next time is expected before it comes, and over as soon as it was before. Without a grid
 * nothing is said.
 *
 *   onsets   x                 x                 (nobody saw)      x            x: the first call that failed
 *   grid     |·····bad|  well  |·····bad|  well  |·····bad|  well  |·····bad|
 */
#ifndef POINTSMAN_RHYTHM_H
#define POINTSMAN_RHYTHM_H

#include <stdint.h>

#define RHYTHM_ONSETS 12

/* Zeroed memory has seen nothing. */
struct rhythm {
    uint64_t onsets[RHYTHM_ONSETS];      /* when failures set in, newest first; 0: none */
    uint64_t failed_ms, served_ms;       /* starts of the newest call that failed, and of the newest that was served */
    double period_ms, first_ms;          /* the grid: its width, 0 where there is none, and one of its moments */
    double outage_start_ms;              /* when the newest spell of failures began */
    double outage_min_ms, outage_max_ms; /* between which the length of a spell lies; most_ms 0: unknown */
    unsigned strays;                     /* onsets in a row that lie off_grid the grid */
    unsigned misses;                     /* calls that were served in the middle of what should be bad */
};

enum rhythm_phase { RHYTHM_NONE, RHYTHM_BAD, RHYTHM_GOOD };

/* A call that started then has failed, or was served. */
void rhythm_failed(struct rhythm *r, uint64_t started_ms);
void rhythm_served(struct rhythm *r, uint64_t started_ms);
/* What the grid says of the present. */
enum rhythm_phase rhythm_now(const struct rhythm *r, uint64_t now_ms);

#endif
