/* dates: points in time as the request log and the command line write them, and the days of the user's time zone. Times
 * are Unix times in ms. */
#ifndef POINTSMAN_USAGE_DATES_H
#define POINTSMAN_USAGE_DATES_H

#include "common/buf.h"

/* Reads RFC 3339: "2026-11-30T23:49:09.211Z", "2026-11-30T23:49:09+01:00". false: it is not. */
MUST_CHECK bool dates_read(struct slice text, int64_t *time_ms);

/* Reads a point in time as a user writes it, relative to `now_ms`:
 *   "24h", "90m"   so long ago
 *   "7d"           the start of the day 6 days ago, so that the range has 7 days with today
 *   "2026-11-01"   the start of this day in the local time zone; with `end` the start of the following day
 *   RFC 3339       as written
 * false: none of these. */
MUST_CHECK bool dates_read_option(const char *text, int64_t now_ms, bool end, int64_t *time_ms);

/* A day of the local time zone (TZ). It has 23 or 25 hours when clocks change. */
struct dates_day {
    int64_t start_ms, end_ms; /* the end is the start of the following day */
    int number;               /* year * 10000 + month * 100 + day */
};

/* Finds the day of `time_ms`. Only computes if it is not in *day, which is zeroed before its first use. */
void dates_find_day(struct dates_day *day, int64_t time_ms);
/* Writes "2026-11-30". */
void dates_name_day(int number, char name[12]);
/* Writes RFC 3339 in UTC with milliseconds: "2026-11-30T23:49:09.211Z". */
void dates_write(int64_t time_ms, char text[40]);

#endif
