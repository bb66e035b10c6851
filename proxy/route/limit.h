/* limit: pure. Why a deployment is skipped. Limits apply before any score. */
#ifndef POINTSMAN_LIMIT_H
#define POINTSMAN_LIMIT_H

#include "proxy/route/affinity.h"
#include "proxy/route/health.h"

struct strategy;

enum limit {
    LIMIT_NONE,
    /* Permanent. */
    LIMIT_NOT_READY,      /* no key, switched off, or a failed probe of a local server */
    LIMIT_WIRE,           /* supports none of the APIs that the request can use */
    LIMIT_CONTEXT_WINDOW, /* the prompt is too long */
    LIMIT_CAPABILITY,     /* declared to lack tools, images or structured output, or its quality is too low */
    LIMIT_BUDGET,         /* the estimated cost exceeds a spending limit; checked after planning */
    /* Temporary; choice.limit_s has the remaining time. */
    LIMIT_COOLDOWN,       /* after a failure: by its rule or the provider's Retry-After */
    LIMIT_BREAKER_OPEN,   /* repeated failures: waits for a trial call, or one is in flight */
    LIMIT_IN_FLIGHT,      /* max_in_flight is reached */
    LIMIT_RPM,            /* the minute's requests are used up */
    LIMIT_TPM,            /* the minute's tokens are used up */
    LIMIT_QUOTA_PRESSURE, /* the provider reports its quota as used up */
};

#define STRATEGY_TERMS 8

/* A candidate of a plan: a deployment and the findings about it. A copy can be explained later. */
struct choice {
    const struct deployment *deployment;
    enum limit limit;         /* LIMIT_NONE: eligible */
    enum failure_kind reason; /* LIMIT_COOLDOWN, LIMIT_BREAKER_OPEN: the failure that caused it */
    float limit_s;            /* seconds until the limit ends; 0: unknown or permanent */
    int64_t figure; /* what the limit compares: tokens of the prompt, attempts in flight, failures in a row, or the set
                       of missing capabilities (0: quality) */
    int64_t window; /* LIMIT_CONTEXT_WINDOW: the deployment's, in tokens */
    double score;   /* in the strategy's unit; NAN: not scored */
    double key;     /* lower is tried first; usually the score */
    float terms[STRATEGY_TERMS]; /* the terms of the score, in the order of strategy.terms */
};

/* The input of a plan. */
struct plan_input {
    const struct config *config;
    const struct model_group *group;
    unsigned wires;              /* set of enum wire; a deployment must support one of these APIs */
    const struct health *health; /* indexed by deployment.index */
    uint64_t now_ms;             /* monotonic */
    uint64_t draw;
    size_t prompt_bytes;                   /* for the estimate of the prompt's tokens; 0: unknown */
    const struct strategy *strategy;       /* NULL: the configuration's, else simple-shuffle */
    unsigned needs;                        /* set of enum capability that the request uses */
    double min_quality;                    /* required by the alias, if that differs from the group; see model_group */
    const struct affinity_entry *affinity; /* the conversation's last deployment; NULL: none */
};

/* Returns the estimated tokens of the prompt, by the deployment's calibration. */
int64_t plan_prompt_tokens(const struct plan_input *in, const struct deployment *d);
/* Sets the limit of the choice: the first in the order above that applies; LIMIT_NONE: eligible. */
void limit_find(const struct plan_input *in, struct choice *c);
/* Returns whether the deployment is available now, whatever the request. If not, appends limit_message() to `why`,
 * which may be NULL. */
bool limit_available(const struct health *h, const struct deployment *d, uint64_t now_ms, struct buf *why);
/* Returns whether waiting ends the limit. */
static inline bool limit_is_temporary(enum limit limit)
{
    return limit >= LIMIT_COOLDOWN;
}
/* Returns the name in the journal and in /dispatch/state: "rpm". */
const char *limit_name(enum limit limit);
/* Appends why the deployment is skipped: "cooling down for 240 s after rate_limit"; nothing if it is eligible. `probe`:
 * the current error of the local server's probe; NULL: not available here. */
void limit_message(const struct choice *c, const char *probe, struct buf *out);

#endif
