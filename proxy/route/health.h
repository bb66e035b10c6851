/* health: pure. What traffic shows of each deployment: failures in a row, cooldowns, load, statistics. For traffic,
 * only health_started() and health_ended() write it. */
#ifndef POINTSMAN_HEALTH_H
#define POINTSMAN_HEALTH_H

#include "proxy/config/config.h"
#include "proxy/route/breaker.h"
#include "proxy/route/calibration.h"
#include "proxy/route/forecast.h"
#include "proxy/route/observe.h"
#include "proxy/route/refused.h"
#include "proxy/route/window.h"
#include "proxy/terms/rate_limits.h"

struct health {
    unsigned failures;          /* in a row */
    uint64_t cooldown_until_ms; /* ms, monotonic; 0: no cooldown. By the failure's rule or Retry-After */
    struct breaker breaker;     /* opens after repeated failures */
    uint64_t cooldown_began_ms; /* ms, monotonic: start of the last cooldown, breaker included */
    uint64_t recovered_ms;      /* ms, monotonic: start of the newest success, which ended earlier cooldowns */
    enum failure_kind reason;   /* of the cooldown, or of the last failure */
    int last_status;            /* HTTP, of the last attempt that ended; 0: none */
    char last_error[sizeof((struct failure *)0)->message]; /* of the last failure, redacted; "": none */
    unsigned in_flight;
    uint64_t calls, ended, successes; /* of this process; in_flight may include other workers' attempts */
    struct window window;             /* requests and tokens of the last minute */
    struct observed seen;             /* averages, for /dispatch/state and risk-adjusted */
    struct forecast forecast;         /* predicts the next attempt */
    struct rate_limits limits;        /* of the last reply that had any, at limits_ms (monotonic) */
    uint64_t limits_ms;
    struct calibration calibration;
    struct refused refused; /* request parts that it rejected, which are left out from then on */
    int64_t real_context;   /* tokens, of the model that a local server has loaded, from its probe; 0: unknown */
    char probe[128];        /* "": ready or not probed; else why the local server is not ready */
    bool down;              /* the local server did not answer the probe; it is probed again after HEALTH_DOWN_S */
};

/* s: interval of the probes of a server that does not answer. Clients get it as Retry-After. */
#define HEALTH_DOWN_S 2

/* An attempt in flight, from health_started() to health_ended(). */
struct health_attempt {
    uint64_t started_ms;
    int64_t reserved_tokens; /* counted in the window until the real number is known */
    bool trial;              /* the breaker's trial call */
    struct forecast_attempt forecast;
};

/* The part of struct health that workers share. */
struct cooldown_state {
    uint64_t cooldown_began_ms, recovered_ms, cooldown_until_ms;
    struct breaker breaker;
    enum failure_kind reason;
    unsigned failures;
};

/* Returns the cooldowns, for other workers. */
struct cooldown_state health_cooldown_state(const struct health *h);
/* Merges the cooldowns of another worker unless a later attempt here succeeded. Idempotent. */
void health_merge_cooldown(struct health *h, const struct cooldown_state *other);
/* With several workers, in_flight and the window are sums: health_set_own_counts() sets both to this worker's counts,
 * then health_add_worker() adds those of each other worker and merges its cooldowns. */
void health_set_own_counts(struct health *h, unsigned in_flight, const struct window *window);
void health_add_worker(struct health *h, unsigned in_flight, const struct window *window,
                       const struct cooldown_state *other);

/* Records the start of an attempt and reserves its tokens in the window. `prompt_tokens`: an estimate. */
struct health_attempt health_started(struct health *h, const struct config *c, const struct deployment *d,
                                     int64_t prompt_tokens, uint64_t now_ms);
/* The reply is not streamed, so waiting for it is no sign of slowness. */
void health_not_streamed(struct health *h, struct health_attempt *attempt);
/* Records the first content of a streamed reply. Not called if it arrives with the end. */
void health_answered(struct health *h, struct health_attempt *attempt, uint64_t now_ms);
/* Records the end. A failure of the deployment starts a cooldown: the provider's Retry-After, else by the failure's
 * rule. Failures that the rule forgives open the breaker once there are more in a row than the configuration allows. A
 * success ends all cooldowns, unless the attempt started before they did. Returns the correction of the reserved
 * tokens. */
int64_t health_ended(struct health *h, const struct config *c, const struct deployment *d,
                     struct health_attempt *attempt, const struct outcome *o, uint64_t now_ms);
/* Returns the context window in tokens: the smaller one of the declared and the loaded one; 0: unknown. */
int64_t health_context_window(const struct health *h, const struct deployment *d);
/* Copies to a new configuration, without the attempts in flight, which end in the old one, and without rejected parts.
 */
void health_carry(struct health *to, const struct health *from);
/* Forgets the results of past attempts. Keeps attempts in flight, the window, rate limits, calibration and the probe.
 */
void health_reset(struct health *h, uint64_t now_ms);
/* Records the rate limits of a reply's header fields; ignores an empty set. */
void health_set_rate_limits(struct health *h, const struct rate_limits *limits, uint64_t now_ms);
/* Records what the deployment rejected of a request. Returns whether any of it is new. */
bool health_refused(struct health *h, const struct omissions *found, uint64_t now_ms);

#endif
