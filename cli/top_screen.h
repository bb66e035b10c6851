/* top_screen: pure. What `pointsman top` shows: the proxy's state as lines of text.
 *
 *   pointsman top   07:45:12   under way 2   spent $0.1234 of $5.00 [##........]   $0.42/h
 *
 *   DEPLOYMENT               STATE               RUN  TTFT s  TOK/S  ERRORS  CALLS
 *   codex-default/openai/1   ready                 1     0.8     61     0 %     12
 *   9 not ready: OPENAI_API_KEY is not set (7)
 *
 *   UNDER WAY …   LAST REQUESTS … */
#ifndef POINTSMAN_CLI_TOP_SCREEN_H
#define POINTSMAN_CLI_TOP_SCREEN_H

#include "common/json.h"

struct top_screen {
    struct slice state, metrics;                   /* replies of GET /dispatch/state and /dispatch/metrics */
    const char *clock;                             /* the time of day */
    double usd_per_hour;                           /* NAN: unknown yet */
    unsigned width, height;                        /* columns and lines; height 0: no limit */
    const char *bold, *good, *bad, *faint, *plain; /* escape sequences, or "" */
};

/* Appends the lines, each with a newline and at most `width` columns. false: a reply is not what was asked for, or out
 * of memory. */
MUST_CHECK bool top_screen_write(const struct top_screen *screen, struct buf *out);
/* Returns the USD that all aliases have cost; NAN: unknown. */
double top_screen_spent(struct slice metrics);

#endif
