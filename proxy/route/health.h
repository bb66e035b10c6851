/* health: pure. What is known of each deployment from real traffic: failures in a row, cooldown, what it is busy with,
 * what its calls have shown. health_started() and health_ended() are the only writers of it for traffic. */
#ifndef POINTSMAN_HEALTH_H
#define POINTSMAN_HEALTH_H

#include "proxy/config/config.h"
#include "proxy/route/breaker.h"
#include "proxy/route/calibration.h"
#include "proxy/route/forecast.h"
#include "proxy/route/observe.h"
#include "proxy/route/window.h"
#include "proxy/terms/rate_limits.h"

struct health {
    unsigned failures;          /* in a row */
    uint64_t cooldown_until_ms; /* ms of the monotonic clock; 0: not resting. By the failure's rule, or the provider's
                                   word */
    struct breaker breaker;     /* after repeated failures */
    uint64_t cooldown_began_ms; /* when the last rest began, of either kind */
    uint64_t recovered_ms;      /* when the last call began that served, and ended what had begun before */
    enum failure_kind reason;   /* of the rest, or the last failure */
    int last_status;            /* HTTP's, of the last call that ended; 0: none came */
    char last_error[sizeof((struct failure *)0)->message]; /* of the last failure, redacted; "": there was none */
    unsigned in_flight;
    uint64_t calls, ended, successes; /* ended: of the calls, those that are over; in_flight may hold other workers' */
    struct window window;             /* the last minute's requests and tokens */
    struct observed seen;             /* for people, and for weighing by averages */
    struct forecast forecast;         /* what the next call has to expect */
    struct rate_limits limits;        /* as last told, at limits_ms */
    uint64_t limits_ms;
    struct calibration calibration;
    unsigned without;     /* parts of a request that it refused: a set of enum turn_without */
    int64_t real_context; /* the context window that its server has been found to have; 0: what is declared counts */
    char probe[128];      /* a local server's probe: "" when it passed or none is needed, else why it is not ready */
    bool down;            /* the server did not answer the probe, which is repeated after HEALTH_DOWN_S */
};

#define HEALTH_DOWN_S 2 /* between two probes of a server that does not answer; what clients read in Retry-After */

/* A call under way, from health_started() to health_ended(). */
struct health_attempt {
    uint64_t started_ms;
    int64_t reserved_tokens; /* counted for it in the window, until its own are known */
    bool trial;              /* it finds out whether the breaker may close */
    struct forecast_attempt forecast;
};

/* What workers tell each other of a deployment's rests. */
struct cooldown_state {
    uint64_t cooldown_began_ms, recovered_ms, cooldown_until_ms;
    struct breaker breaker;
    enum failure_kind reason;
    unsigned failures;
};

/* What there is to tell, and what another worker has told: its rests are ours, unless a call of ours that began later
 * has served, and a call of its that served ends ours. Telling it twice changes nothing. */
struct cooldown_state health_cooldown_state(const struct health *h);
void health_merge_cooldown(struct health *h, const struct cooldown_state *other);
/* With several workers the calls in flight and the minute's window are sums: health_set_own_counts() sets both to this
 * worker's counts, and health_add_worker() adds those of one other worker, with what it tells. */
void health_set_own_counts(struct health *h, unsigned in_flight, const struct window *window);
void health_add_worker(struct health *h, unsigned in_flight, const struct window *window,
                       const struct cooldown_state *other);

/* Books that a call starts: one more in flight, its tokens reserved in the minute's window. `prompt_tokens` is an
 * estimate. */
struct health_attempt health_started(struct health *h, const struct config *c, const struct deployment *d,
                                     int64_t prompt_tokens, uint64_t now_ms);
/* A call's reply comes whole, so that its silence until then says nothing. */
void health_not_streamed(struct health *h, struct health_attempt *attempt);
/* Books that the call's first content has come. Not called where that comes with its end. */
void health_answered(struct health *h, struct health_attempt *attempt, uint64_t now_ms);
/* Books how it ended. A failure that tells of the deployment starts a rest by its rule, the provider's Retry-After
 * first; those whose rule forgives some open the breaker when they are more in a row than the configuration allows. A
 * success clears all that, unless its call began before the rest did: it then says nothing of the time since. Returns
 * by how many tokens the reserved ones were corrected. */
int64_t health_ended(struct health *h, const struct config *c, const struct deployment *d,
                     struct health_attempt *attempt, const struct outcome *o, uint64_t now_ms);
/* The context window in tokens: the declared one, or what the server really has, if that is less; 0: unknown. */
int64_t health_context_window(const struct health *h, const struct deployment *d);
/* A copy for another configuration: what is under way ends where it began. */
void health_carry(struct health *to, const struct health *from);
/* Forgets what its calls have shown up to now; not what is under way, what was asked of it in the last minute, nor what
 * it says itself. */
void health_reset(struct health *h, uint64_t now_ms);
/* Books what a reply's head says of the provider's limits. */
void health_set_rate_limits(struct health *h, const struct rate_limits *limits, uint64_t now_ms);
/* Books that the deployment refused these parts of a request (a set of enum turn_without): later ones come without. */
void health_refused(struct health *h, unsigned parts);

#endif
