/* health: pure. What is known of each deployment from real traffic: failures in a row, cooldown, what it is busy with, what its
 * calls have shown. health_started() and health_ended() are the only writers of it for traffic. */
#ifndef POINTSMAN_HEALTH_H
#define POINTSMAN_HEALTH_H

#include "proxy/config.h"
#include "proxy/route/calibration.h"
#include "proxy/route/observe.h"
#include "proxy/route/window.h"
#include "proxy/upstream/rate_limits.h"

struct health {
    unsigned failures;         /* in a row */
    uint64_t resting_until;    /* ms of the monotonic clock; 0: not resting */
    enum failure_kind reason;  /* of the rest, or the last failure */
    int last_status;           /* HTTP's, of the last call that ended; 0: none came */
    unsigned in_flight;
    uint64_t calls, successes;
    struct window window;      /* the last minute's requests and tokens */
    struct observed seen;
    struct rate_limits limits; /* as last told */
    struct calibration calibration;
    unsigned without;          /* parts of a request that it refused: a set of enum turn_without */
    char probe[128];           /* a local server's probe: "" when it passed or none is needed, else why it is not ready */
};

/* A call under way, from health_started() to health_ended(). */
struct health_call {
    uint64_t started_ms;
    int64_t reserved_tokens;   /* counted for it in the window, until its own are known */
};

/* Books that a call starts: one more in flight, its tokens reserved in the minute's window. `prompt_tokens` is an estimate. */
struct health_call health_started(struct health *h, const struct config *c, int64_t prompt_tokens, uint64_t now_ms);
/* Books how it ended. A failure that tells of the deployment is counted and starts a rest by its rule, the provider's
 * Retry-After first; a success clears failures and rest. */
void health_ended(struct health *h, const struct config *c, const struct deployment *d, const struct health_call *call,
                  const struct outcome *o, uint64_t now_ms);
/* Whether the deployment may be tried now; where not, `why` gets a sentence ("rests 240 s after rate_limit"). `why` may
 * be NULL. */
bool health_ready(const struct health *h, const struct deployment *d, uint64_t now_ms, struct buf *why);

#endif
