/* periods: pure. Durations like "30d" and "1mo", and the period of a budget as a function of time and time zone: no job
 * resets anything.
 *
 *   s, m, h    multiples since 1970-01-01 0:00 of the zone's wall clock: "1h" each full hour, "24h" each midnight
 *   1d         midnight                        7d, 1w   Monday 0:00
 *   30d, 1mo   the 1st of the month, 0:00      other Nd, Nw   each N days from 0:00 of the day of `anchor_ms`
 *
 * A wall clock that is set back does not begin a period again, and a time that it skips is the moment of the jump. */
#ifndef POINTSMAN_PERIODS_H
#define POINTSMAN_PERIODS_H

#include "common/buf.h"

enum period_unit {
    PERIOD_NEVER, /* no reset: one period that lasts for ever */
    PERIOD_SECONDS,
    PERIOD_DAYS,
    PERIOD_MONTHS,
};

struct period {
    enum period_unit unit;
    uint32_t count;    /* of units, above 0; PERIOD_NEVER: 0 */
    int64_t anchor_ms; /* unix ms; PERIOD_DAYS other than 1 and 7: a time on the first day of a period */
};

#define ZONE_CHANGES_MAX 160
#define KEY_ZONE_MAX 64 /* bytes of a zone's name */

/* A time zone: its offsets from UTC and when they change, from 2020 to 2060. A NULL pointer stands for UTC. */
struct zone {
    unsigned count; /* of changes, at least 1 */
    struct {
        int64_t from_s;   /* unix seconds; the first one: INT64_MIN / 2 */
        int32_t offset_s; /* seconds east of UTC */
    } changes[ZONE_CHANGES_MAX];
};

/* Reads N(s|m|h|d|w|mo), hourly, daily, weekly and monthly (1h, 24h, 7d, 30d); N above 0, at most 100 years in all.
 * `anchor_ms` is 0. false: another text; *out is unchanged. */
MUST_CHECK bool periods_parse(struct slice text, struct period *out);
/* Returns whether budgets can have this period: all but several months. */
bool period_resets(const struct period *p);
/* Returns the time a duration after `now_ms`, for an expiry: now + N. "1mo" is the same day of the next month, or its
 * last day. INT64_MAX: PERIOD_NEVER. */
int64_t period_after(const struct period *p, int64_t now_ms);

/* Returns the begin of the period that contains `now_ms`; 0: PERIOD_NEVER. unix ms. */
int64_t period_start(const struct period *p, int64_t now_ms, const struct zone *zone);
/* Returns when the next period begins, above `now_ms`; INT64_MAX: never. unix ms. */
int64_t period_next(const struct period *p, int64_t now_ms, const struct zone *zone);
/* Returns whether both have the same periods. */
bool period_equal(const struct period *a, const struct period *b);

#define PERIOD_TEXT_SIZE 16
#define PERIOD_DATE_SIZE 32
/* Writes a duration as periods_parse() reads it: "1d"; "": PERIOD_NEVER. Returns `out`. */
char *period_text(const struct period *p, char out[PERIOD_TEXT_SIZE]);
/* Writes a time as "2026-12-01T00:00:00Z", without the fraction of the second; "never": INT64_MAX. Returns `out`.
 * Unlike gmtime_r(3), it never reads a file. */
char *period_date(int64_t unix_ms, char out[PERIOD_DATE_SIZE]);

/* Reads a zone of the system's table ("Europe/Berlin"). Not pure: sets TZ for a moment, so call it while the process
 * has one thread, and before the sandbox. false: there is no such zone. */
MUST_CHECK bool zone_load(const char *name, struct zone *out);

#endif
