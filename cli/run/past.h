/* past: what looks back on runs shares: the journals' places, and values of their lines as people read them. */
#ifndef POINTSMAN_CLI_RUN_PAST_H
#define POINTSMAN_CLI_RUN_PAST_H

#include "cli/run/lines.h"
#include "common/json.h"

/* The path of a file in $CODEX_HOME/logs, which need not be there. To be freed; NULL: no memory, or neither CODEX_HOME
 * nor HOME is set. */
char *past_path(const char *file);

/* The next line that is a JSON object, parsed into `json`. false at the end. */
bool past_next(struct lines *lines, struct json *json, struct slice *line);

/* A member's text; "" where it is none. Appended, control characters as "?". */
void past_text(const struct json *json, uint32_t object, const char *key, struct buf *out);
/* A member's number; NAN where it is none. */
double past_number(const struct json *json, uint32_t object, const char *key);
/* "$0.0123", "-" for NAN. */
void past_money(double usd, struct buf *out);
/* An amount in USD without the rounding errors of sums: 0 if it is less than a billionth of `whole`, the largest amount
 * that went into it. NAN stays. */
double past_usd(double usd, double whole);
/* "2026-01-31 12:00:00" of the member "timestamp", in local time; as it is written where it can't be read. */
void past_time(const struct json *json, struct buf *out);

#endif
