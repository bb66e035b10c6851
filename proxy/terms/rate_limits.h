/* rate_limits: pure. What is left of a provider's limits, as it says in the head of each reply: the ChatGPT backend of
 * a plan,
 *
 *   x-codex-primary-used-percent: 42.5        the short window (some hours)
 *   x-codex-primary-window-minutes: 300
 *   x-codex-primary-reset-after-seconds: 5400
 *   x-codex-secondary-…                       the long one (a week)
 *
 * and OpenAI, and those who follow it, of a minute's (or a day's) requests and tokens:
 *
 *   x-ratelimit-limit-tokens: 150000
 *   x-ratelimit-remaining-tokens: 149984
 *   x-ratelimit-reset-tokens: 6m0s
 *   x-ratelimit-…-requests */
#ifndef POINTSMAN_RATE_LIMITS_H
#define POINTSMAN_RATE_LIMITS_H

#include "common/document.h"

struct rate_window {
    bool known;
    double used_percent; /* 100: nothing is left; may be over it */
    int window_minutes;  /* 0: not said */
    int reset_after_s;   /* from when it was said; 0: not said */
};

struct rate_allowance {
    bool known;    /* `remaining` was said */
    int64_t limit; /* 0: not said */
    int64_t remaining;
    double reset_s; /* until all of it is back, from when it was said; 0: not said */
};

struct rate_limits {
    struct rate_window primary, secondary;
    struct rate_allowance requests, tokens;
};

/* Takes a header field that is one of these; all others are ignored. */
void rate_limits_read(struct rate_limits *r, struct slice name, struct slice value);
static inline bool rate_limits_known(const struct rate_limits *r)
{
    return r->primary.known || r->secondary.known || r->requests.known || r->tokens.known;
}
/* Seconds that are left until nothing of it is used up any more, `age_ms` after it was said, an hour at most; 0:
 * nothing is. An allowance whose limit was not said, or is 0, does not count: some servers send zeros for what they
 * don't limit. */
double rate_limits_used_up_s(const struct rate_limits *r, uint64_t age_ms);
/* How much of the scarcest of them is used, 0 … 1, as long as what was said is in force. */
double rate_limits_used(const struct rate_limits *r, uint64_t age_ms);
/* Seconds until no window is used up any more; -1 when none is. */
int rate_limits_wait(const struct rate_limits *r);
/* Adds "primary":{"used_percent","window_minutes","reset_after_seconds"},"secondary":{…},
 * "requests":{"limit","remaining","reset_after_seconds"},"tokens":{…}: those that are known. */
void rate_limits_describe(const struct rate_limits *r, struct container in);

#endif
