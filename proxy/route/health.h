/* health: pure. The state of each deployment, as observed from its traffic: failures in a row, cooldowns, load,
 * statistics. Attempts change it only through the functions below; serve/probe.c writes the results of health checks.
 */
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
    uint64_t cooldown_until_ms; /* ms, monotonic; 0: no cooldown. From the failure's rule or Retry-After */
    struct breaker breaker;     /* opens after repeated failures */
    uint64_t cooldown_began_ms; /* ms, monotonic: when the last cooldown began or the breaker opened */
    uint64_t recovered_ms;      /* ms, monotonic: start of the newest successful attempt; it ended earlier cooldowns */
    enum failure_kind reason;   /* of the cooldown, or of the last failure */
    int last_status;            /* HTTP, of the last attempt that ended; 0: none */
    char last_error[sizeof((struct failure *)0)->message]; /* of the last failure, redacted; "": none */
    unsigned in_flight;
    uint64_t calls, ended, successes; /* of this process only; in_flight may include other workers' attempts */
    struct window window;             /* requests and tokens of the last minute */
    struct observed seen;             /* averages, for /dispatch/state and risk-adjusted */
    struct forecast forecast;         /* predicts the next attempt */
    struct rate_limits limits;        /* from the last reply that had any, received at limits_ms (ms, monotonic) */
    uint64_t limits_ms;
    struct calibration calibration;
    struct refused refused; /* request parts that it refused; later requests leave them out */
    int64_t real_context;   /* tokens: context window with which a local server has loaded the model; 0: unknown */
    char probe[128];        /* why the local server is not ready, by its last health check; "": ready, or not checked */
    bool down;              /* the local server did not answer the last health check */
};

/* s: interval of the health checks of a server that is `down`. Clients get it as Retry-After. */
#define HEALTH_DOWN_S 2

/* An attempt in flight, from health_started() to health_ended(). */
struct health_attempt {
    uint64_t started_ms;
    int64_t reserved_tokens; /* estimate that the window counts until the real number is known */
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
/* Merges another worker's cooldowns. Ignores those that a later successful attempt of this worker ended. Idempotent. */
void health_merge_cooldown(struct health *h, const struct cooldown_state *other);
/* With several workers, in_flight and the window are sums: health_set_own_counts() sets both to this worker's counts,
 * then health_add_worker() adds those of each other worker and merges its cooldowns. */
void health_set_own_counts(struct health *h, unsigned in_flight, const struct window *window);
void health_add_worker(struct health *h, unsigned in_flight, const struct window *window,
                       const struct cooldown_state *other);

/* Records the start of an attempt and reserves its tokens in the window. `prompt_tokens`: an estimate. */
struct health_attempt health_started(struct health *h, const struct config *c, const struct deployment *d,
                                     int64_t prompt_tokens, uint64_t now_ms);
/* Call if the reply is not streamed: the wait for its first content then does not count as slow. */
void health_not_streamed(struct health *h, struct health_attempt *attempt);
/* Records the first content of a streamed reply. Do not call it if the content arrives together with the end. */
void health_answered(struct health *h, struct health_attempt *attempt, uint64_t now_ms);
/* Records the end of an attempt. A failure of the deployment starts a cooldown, of the length that Retry-After or else
 * the failure's rule gives. If the rule first allows some failures, the breaker opens once more of them occur in a row.
 * A success ends all cooldowns that began before its attempt did. Returns the number of tokens, possibly negative, by
 * which the window's reservation was corrected. */
int64_t health_ended(struct health *h, const struct config *c, const struct deployment *d,
                     struct health_attempt *attempt, const struct outcome *o, uint64_t now_ms);
/* Returns the context window in tokens: the smaller of the declared and the loaded one; 0: unknown. */
int64_t health_context_window(const struct health *h, const struct deployment *d);
/* Copies the state to a deployment of a new configuration, except for the attempts in flight, which end under the old
 * one, and for the refused parts. */
void health_carry(struct health *to, const struct health *from);
/* Clears the results of past attempts. Keeps attempts in flight, window, rate limits, calibration and health check. */
void health_reset(struct health *h, uint64_t now_ms);
/* Records the rate limits of a reply's header fields; ignores an empty set. */
void health_set_rate_limits(struct health *h, const struct rate_limits *limits, uint64_t now_ms);
/* Records request parts that the deployment refused. Returns whether any of them is new. */
bool health_refused(struct health *h, const struct omissions *found, uint64_t now_ms);

#endif
