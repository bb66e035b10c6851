/* rate_limits: pure. How much of a ChatGPT plan is used up, as its backend says in the head of each reply:
 *
 *   x-codex-primary-used-percent: 42.5        the short window (some hours)
 *   x-codex-primary-window-minutes: 300
 *   x-codex-primary-reset-after-seconds: 5400
 *   x-codex-secondary-…                       the long one (a week) */
#ifndef POINTSMAN_RATE_LIMITS_H
#define POINTSMAN_RATE_LIMITS_H

#include "common/buf.h"

struct rate_window {
    bool known;
    double used_percent;    /* 100: nothing is left; may be over it */
    int window_minutes;     /* 0: not said */
    int reset_after_s;      /* from when it was said; 0: not said */
};

struct rate_limits {
    struct rate_window primary, secondary;
};

/* Takes a header field that is one of these; all others are ignored. */
void rate_limits_read(struct rate_limits *r, struct slice name, struct slice value);
static inline bool rate_limits_known(const struct rate_limits *r) { return r->primary.known || r->secondary.known; }
/* Seconds until no window is used up any more; -1 when none is. */
int rate_limits_wait(const struct rate_limits *r);
/* Appends {"primary":{"used_percent","window_minutes","reset_after_seconds"},"secondary":{…}}, those that are known. */
bool rate_limits_json(const struct rate_limits *r, struct buf *out);

#endif
