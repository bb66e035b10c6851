/* health: pure. What is known of each deployment from real traffic: failures in a row, cooldown, what it last said. */
#ifndef POINTSMAN_HEALTH_H
#define POINTSMAN_HEALTH_H

#include "proxy/config.h"
#include "proxy/route/calibration.h"
#include "proxy/upstream/rate_limits.h"

struct health {
    unsigned failures;         /* in a row */
    uint64_t resting_until;    /* ms of the monotonic clock; 0: not resting */
    enum failure_kind reason;  /* of the rest, or the last failure */
    unsigned in_flight;
    uint64_t calls, successes;
    struct rate_limits limits; /* as last told */
    struct calibration calibration;
    unsigned without;          /* parts of a request that it refused: a set of enum turn_without */
    char probe[128];           /* a local server's probe: "" when it passed or none is needed, else why it is not ready */
};

/* Books a failed attempt: counts it and starts a rest by the failure's rule, the provider's Retry-After first. */
void health_failed(struct health *h, const struct config *c, const struct failure *f, uint64_t now_ms);
/* Books a success: clears failures and rest. */
void health_succeeded(struct health *h);
/* Whether the deployment may be tried now; where not, `why` gets a sentence ("rests 240 s after rate_limit"). `why` may
 * be NULL. */
bool health_ready(const struct health *h, const struct deployment *d, uint64_t now_ms, struct buf *why);

#endif
