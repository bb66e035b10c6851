/* forecast: pure. What the next call to a deployment has to expect: how likely it fails and how, how long it waits, how
 * quick the reply is. It starts from what is declared, or usual; calls that end correct it, and calls that keep silent
 * for longer than they should count already while they do. Two states that can't be seen are suspected, each by itself:
 * that the deployment fails, and that it is slow. While there is a suspicion, one call at a time is expected to fare
 * well: it finds out for the others. */
#ifndef POINTSMAN_FORECAST_H
#define POINTSMAN_FORECAST_H

#include "proxy/config/config.h"
#include "proxy/route/ewma.h"
#include "proxy/route/rhythm.h"
#include "proxy/route/slots.h"
#include "proxy/route/suspicion.h"

#define FORECAST_PENDING 8 /* unanswered calls that are pending_slot to; of more, the first */

struct outcome;

/* Zeroed memory has seen nothing. */
struct forecast {
    struct suspicion failing, slow;
    struct rhythm rhythm;               /* of the failures */
    uint64_t last_failure_start_ms;     /* when the newest of the calls that failed had started */
    struct ewma errors, failing_errors; /* share of failures while well, and while failing */
    struct ewma truncations;       /* share of the failures that broke a reply off: no other deployment can go on */
    struct ewma early_failure_ms;  /* time until the other failures */
    struct ewma ttft_ms, token_ms; /* while well: to the first token without waiting; for each further one */
    struct ewma slowness;          /* factor on both while slow */
    struct slots slots;
    struct {
        uint64_t started_ms;
        double expected_ms;
    } pending[FORECAST_PENDING]; /* expected_ms 0: free */
};

/* What a call is remembered by. */
struct forecast_attempt {
    uint64_t started_ms;
    unsigned others;       /* calls under way when it started */
    double expected_ms;    /* TTFT */
    unsigned pending_slot; /* its place in silent[], from 1; 0: none */
    bool answered;
};

/* What is believed before anything was seen. */
struct forecast_prior {
    double ttft_ms, ttft_weight; /* declared ones count as several samples, usual ones as one */
    double token_ms, token_weight;
    double output_tokens; /* of a reply */
};

struct prospect {
    double failing, slow;     /* how likely the deployment is in such a state */
    double error;             /* how likely the call fails */
    double truncated;         /* of the failures, the share that breaks a reply off */
    double early_failure_ms;  /* time until another failure */
    double wait_ms;           /* for a slot */
    double ttft_ms, token_ms; /* with slowness by its odds, without the wait */
};

/* What is declared for the deployment, or usual. */
struct forecast_prior forecast_prior(const struct deployment *d, double output_tokens);
/* What a call that starts now has to expect; `in_flight` calls are under way. */
struct prospect forecast_read(const struct forecast *f, const struct forecast_prior *prior, unsigned in_flight,
                              uint64_t now_ms);
/* A call starts while `others` are under way. */
struct forecast_attempt forecast_started(struct forecast *f, const struct forecast_prior *prior, unsigned others,
                                         uint64_t now_ms);
/* Its reply comes whole: that it is silent until then says nothing. */
void forecast_not_streamed(struct forecast *f, struct forecast_attempt *attempt);
/* The calls under way end elsewhere: nobody will say how. */
void forecast_forget_calls(struct forecast *f);
/* The first content of its stream has come. */
void forecast_answered(struct forecast *f, struct forecast_attempt *attempt, uint64_t now_ms);
/* It has ended. */
void forecast_ended(struct forecast *f, const struct forecast_prior *prior, struct forecast_attempt *attempt,
                    const struct outcome *o, uint64_t now_ms);

#endif
