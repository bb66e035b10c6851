/* forecast: pure. Predicts the next attempt at a deployment: how likely it fails and how, how long it waits, how fast
 * the reply is. It starts from declared or usual values and corrects them with each attempt that ends, and with
 * attempts that have waited longer than expected for a first token. Two hidden states are estimated independently:
 * failing and slow. While either is suspected, one attempt at a time is predicted to do well, so that it tests the
 * deployment for the others. */
#ifndef POINTSMAN_FORECAST_H
#define POINTSMAN_FORECAST_H

#include "proxy/config/config.h"
#include "proxy/route/ewma.h"
#include "proxy/route/rhythm.h"
#include "proxy/route/slots.h"
#include "proxy/route/suspicion.h"

#define FORECAST_PENDING 8 /* attempts without a first token that are watched; further ones are not */

struct outcome;

/* Zeroed memory is a forecast without observations. */
struct forecast {
    struct suspicion failing, slow;
    struct rhythm rhythm;               /* of the failures */
    uint64_t last_failure_start_ms;     /* start of the newest attempt that failed; ms, monotonic */
    struct ewma errors, failing_errors; /* share of failures in the normal state, and in the failing state */
    struct ewma truncations;            /* share of the failures that truncated a reply: no fallback is possible */
    struct ewma early_failure_ms;       /* time until any other failure */
    struct ewma ttft_ms, token_ms;      /* normal state: to the first token without waiting, and per further token */
    struct ewma slowness;               /* factor on both in the slow state */
    struct slots slots;
    struct {
        uint64_t started_ms;
        double expected_ms;
    } pending[FORECAST_PENDING]; /* expected_ms 0: unused */
};

/* An attempt in flight. */
struct forecast_attempt {
    uint64_t started_ms;
    unsigned others;       /* attempts in flight when it started */
    double expected_ms;    /* to the first token */
    unsigned pending_slot; /* index in pending[] + 1; 0: none */
    bool answered;
};

/* Values before any observation. */
struct forecast_prior {
    double ttft_ms, ttft_weight; /* weights in samples: declared values count as several, usual ones as one */
    double token_ms, token_weight;
    double output_tokens; /* of the reply */
};

struct prospect {
    double failing, slow;     /* probability of each state */
    double error;             /* probability of failure */
    double truncated;         /* share of the failures that truncate the reply */
    double early_failure_ms;  /* until any other failure */
    double wait_ms;           /* for a slot */
    double ttft_ms, token_ms; /* includes slowness by its probability, not the wait */
};

/* Returns the declared values of the deployment; usual values if not declared. */
struct forecast_prior forecast_prior(const struct deployment *d, double output_tokens);
/* Predicts an attempt that starts now while `in_flight` others run. */
struct prospect forecast_read(const struct forecast *f, const struct forecast_prior *prior, unsigned in_flight,
                              uint64_t now_ms);
/* Records the start of an attempt while `others` run. */
struct forecast_attempt forecast_started(struct forecast *f, const struct forecast_prior *prior, unsigned others,
                                         uint64_t now_ms);
/* The reply is not streamed, so waiting for it is no sign of slowness. */
void forecast_not_streamed(struct forecast *f, struct forecast_attempt *attempt);
/* Forgets the attempts in flight: they end in another configuration. */
void forecast_forget_pending(struct forecast *f);
/* Records the first content of a streamed reply. */
void forecast_answered(struct forecast *f, struct forecast_attempt *attempt, uint64_t now_ms);
/* Records the end of the attempt. */
void forecast_ended(struct forecast *f, const struct forecast_prior *prior, struct forecast_attempt *attempt,
                    const struct outcome *o, uint64_t now_ms);

#endif
