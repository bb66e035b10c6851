/* history: reads the logs for history, stats and explain: their paths, and formatted values of their records. */
#ifndef POINTSMAN_CLI_RUN_HISTORY_H
#define POINTSMAN_CLI_RUN_HISTORY_H

#include "cli/run/lines.h"
#include "common/json.h"

/* The path of a file in $CODEX_HOME/logs; it may be absent. Free with free(); NULL: out of memory, or neither
 * CODEX_HOME nor HOME is set. */
char *history_path(const char *file);

/* Gets the next line that is a JSON object, parsed into `json`. false: no more lines. */
bool history_next(struct lines *lines, struct json *json, struct slice *line);

/* Appends a member's string with control characters as "?"; nothing if it is not a string. */
void history_text(const struct json *json, uint32_t object, const char *key, struct buf *out);
/* A member's number; NAN: not a number. */
double history_number(const struct json *json, uint32_t object, const char *key);
/* Appends "$0.0123"; "-" for NAN. */
void history_money(double usd, struct buf *out);
/* Removes rounding errors of sums: returns 0 if `usd` is less than a billionth of `whole`, the largest summand. NAN
 * stays. */
double history_round_usd(double usd, double whole);
/* Appends the member "timestamp" as local time, "2026-01-31 12:00:00"; unchanged if it is invalid. */
void history_time(const struct json *json, struct buf *out);

#endif
