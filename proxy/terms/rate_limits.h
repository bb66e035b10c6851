/* rate_limits: pure. A provider's rate limits, from the header fields of its replies. The ChatGPT backend sends quota
 * windows of the subscription:
 *
 *   x-codex-primary-used-percent: 42.5        the short window (some hours)
 *   x-codex-primary-window-minutes: 300
 *   x-codex-primary-reset-after-seconds: 5400
 *   x-codex-primary-reset-at: 1796087642      the same as a Unix time; Codex 0.169 reads only this one
 *   x-codex-secondary-…                       the long window (a week)
 *
 * OpenAI and compatible providers send allowances of requests and tokens, per minute or per day:
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
    double used_percent; /* 100: used up; may be above */
    int window_minutes;  /* 0: unknown */
    int reset_after_s;   /* s after the reply; 0: unknown */
    int64_t reset_at_s;  /* Unix time, until rate_limits_date(); 0: unknown */
};

struct rate_allowance {
    bool known;    /* `remaining` is known */
    int64_t limit; /* 0: unknown */
    int64_t remaining;
    double reset_s; /* s after the reply until the whole allowance is available; 0: unknown */
};

struct rate_limits {
    struct rate_window primary, secondary;
    struct rate_allowance requests, tokens;
};

/* Reads one of these header fields; ignores others. */
void rate_limits_read(struct rate_limits *r, struct slice name, struct slice value);
/* Call after the last field: turns reset-at into reset_after_s. `now_s`: Unix time. */
void rate_limits_date(struct rate_limits *r, int64_t now_s);
/* Returns the quota windows as they are `age_ms` after the reply; those that were reset are not known. */
struct rate_limits rate_limits_aged(const struct rate_limits *r, uint64_t age_ms);
/* Appends the quota windows as header fields of the ChatGPT backend, "Name: value\r\n" each. Codex warns of a window
 * that is nearly used up, whatever its provider. `now_s`: Unix time. */
void rate_limits_fields(const struct rate_limits *r, int64_t now_s, struct buf *out);
static inline bool rate_limits_known(const struct rate_limits *r)
{
    return r->primary.known || r->secondary.known || r->requests.known || r->tokens.known;
}
/* Returns the seconds until no limit is used up, `age_ms` after the reply, at most an hour; 0: none is used up.
 * Allowances without a limit, or with limit 0, do not count: some servers send zeros for no limit. */
double rate_limits_used_up_s(const struct rate_limits *r, uint64_t age_ms);
/* Returns the largest used share of a limit, 0 to 1, `age_ms` after the reply; limits that were reset do not count. */
double rate_limits_used(const struct rate_limits *r, uint64_t age_ms);
/* Returns the seconds after the reply until no quota window is used up; -1: none is. */
int rate_limits_wait(const struct rate_limits *r);
/* Adds the known limits: "primary":{"used_percent","window_minutes","reset_after_seconds"},"secondary":{…},
 * "requests":{"limit","remaining","reset_after_seconds"},"tokens":{…}. */
void rate_limits_describe(const struct rate_limits *r, struct container in);

#endif
