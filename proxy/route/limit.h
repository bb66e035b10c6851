/* limit: pure. Why a deployment is not asked, whatever its score: limits come before any score. */
#ifndef POINTSMAN_LIMIT_H
#define POINTSMAN_LIMIT_H

#include "proxy/route/affinity.h"
#include "proxy/route/health.h"

struct strategy;

enum limit {
    LIMIT_NONE,
    /* These don't pass by waiting. */
    LIMIT_NOT_READY,      /* no key, switched off, or the probe of a local server failed */
    LIMIT_WIRE,           /* speaks none of the APIs that the request needs */
    LIMIT_CONTEXT_WINDOW, /* the prompt does not fit */
    LIMIT_CAPABILITY,     /* lacks tools, images or structured output by its declaration, or has too little quality */
    LIMIT_BUDGET,         /* what it may cost passes a spending limit; found after the plan is made */
    /* These do; the seconds that are left stand beside them. */
    LIMIT_COOLDOWN,       /* after a failure, by its rule or the provider's Retry-After */
    LIMIT_BREAKER_OPEN,   /* failed repeatedly: waits for a trial, or one is under way */
    LIMIT_IN_FLIGHT,      /* as many calls are under way as it takes at once */
    LIMIT_RPM,            /* the minute's requests are used up */
    LIMIT_TPM,            /* the minute's tokens are used up */
    LIMIT_QUOTA_PRESSURE, /* the provider says that little of its quota is left */
};

#define STRATEGY_TERMS 8

/* A candidate of a plan: a deployment, and what was found of it. A copy of it says all that there is to say, later on
 * too. */
struct choice {
    const struct deployment *deployment;
    enum limit limit;         /* LIMIT_NONE: it may be asked */
    enum failure_kind reason; /* LIMIT_COOLDOWN, LIMIT_BREAKER_OPEN: after which failure */
    float limit_s;            /* seconds until the limit passes; 0: unknown, or it does not */
    int64_t figure; /* what the limit is about: the prompt's tokens, calls in flight, failures in a row, or the set
                       of capabilities that are lacking (0: quality) */
    int64_t window; /* LIMIT_CONTEXT_WINDOW: the tokens that it takes */
    double score;   /* in the strategy's unit; NAN where it was not scored */
    double key;     /* lower is tried first; mostly the score */
    float terms[STRATEGY_TERMS]; /* what the score is made of, as the strategy names them */
};

/* What a plan is made from. */
struct plan_input {
    const struct config *config;
    const struct model_group *group;
    unsigned wires;              /* set of enum wire: a deployment must speak one of these */
    const struct health *health; /* by deployment.index */
    uint64_t now_ms;             /* monotonic */
    uint64_t draw;
    size_t prompt_bytes;             /* what an estimate of the prompt's tokens starts from; 0: unknown */
    const struct strategy *strategy; /* NULL: the configuration's, else simple-shuffle */
    unsigned needs;                  /* set of enum capability that the request makes use of */
    double min_quality; /* that the alias asks for, where it is not that of the group itself; see model_group */
    const struct affinity_entry *affinity; /* where the conversation was served last; NULL: nowhere, or unknown */
};

/* The prompt's tokens, estimated by what is known of the deployment's tokenizer. */
int64_t plan_prompt_tokens(const struct plan_input *in, const struct deployment *d);
/* Finds the first limit that holds the choice's deployment back from this request, in the order above. */
void limit_find(const struct plan_input *in, struct choice *c);
/* Whether the deployment may be asked now by what is known of it, whatever the request; if not, `why` (NULL: not
 * wanted) gets the words of limit_message(). */
bool limit_available(const struct health *h, const struct deployment *d, uint64_t now_ms, struct buf *why);
/* Whether it passes by waiting. */
static inline bool limit_is_temporary(enum limit limit)
{
    return limit >= LIMIT_COOLDOWN;
}
/* Its name in the journal and in /dispatch/state: "rpm". */
const char *limit_name(enum limit limit);
/* Says in words why the deployment is limited: "rests 240 s after rate_limit". Nothing where it is not. `probe`: what
 * the probe of a local server says now; NULL: that is not at hand. */
void limit_message(const struct choice *c, const char *probe, struct buf *out);

#endif
