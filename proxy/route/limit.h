/* limit: pure. Why a deployment is not asked, whatever its score: limits come before any score. */
#ifndef POINTSMAN_LIMIT_H
#define POINTSMAN_LIMIT_H

#include "common/buf.h"

struct deployment;
struct plan_input;

enum limit {
    LIMIT_NONE,
    /* These don't pass by waiting. */
    LIMIT_NOT_READY,         /* no key, switched off, or the probe of a local server failed */
    LIMIT_WIRE,              /* speaks none of the APIs that the request needs */
    LIMIT_CONTEXT_WINDOW,    /* the prompt does not fit */
    LIMIT_CAPABILITY,        /* lacks tools, images or structured output by its declaration, or has too little quality */
    LIMIT_BUDGET,            /* what it may cost passes a spending limit; found after the plan is made */
    /* These do; the seconds that are left stand beside them. */
    LIMIT_RESTING,           /* after a failure, by its rule or the provider's Retry-After */
    LIMIT_BREAKER_OPEN,      /* failed repeatedly: waits for a trial, or one is under way */
    LIMIT_IN_FLIGHT,         /* as many calls are under way as it takes at once */
    LIMIT_RPM,               /* the minute's requests are used up */
    LIMIT_TPM,               /* the minute's tokens are used up */
    LIMIT_QUOTA_PRESSURE,    /* the provider says that little of its quota is left */
};

/* The first limit that holds the deployment back from this request, in the order above. *seconds: until it passes, 0 where that
 * is not known. */
enum limit limit_find(const struct plan_input *in, const struct deployment *d, double *seconds);
/* Whether it passes by waiting. */
static inline bool limit_passes(enum limit limit) { return limit >= LIMIT_RESTING; }
/* Its name in the journal and in /dispatch/state: "rpm". */
const char *limit_name(enum limit limit);
/* Says in words why the deployment is limited: "rests 240 s after rate_limit". Nothing where it is not. */
void limit_words(const struct plan_input *in, const struct deployment *d, enum limit limit, double seconds, struct buf *out);

#endif
