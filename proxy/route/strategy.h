/* strategy: pure. How the deployments of equal `order` that nothing limits are put in order. Adding one takes a file and a
 * row. */
#ifndef POINTSMAN_STRATEGY_H
#define POINTSMAN_STRATEGY_H

#include "proxy/config.h"
#include "proxy/route/limit.h"

#define STRATEGY_TERMS 8
#define STRATEGY_CANDIDATES_MAX 64   /* that are ranked at once */

/* A candidate of a plan: a deployment, and what was found of it. */
struct choice {
    const struct deployment *deployment;
    enum limit limit;              /* LIMIT_NONE: it may be asked */
    float limit_s;                 /* seconds until that passes; 0: unknown, or it does not */
    double score;                  /* in the strategy's unit; NAN where it was not scored */
    double key;                    /* lower is tried first; mostly the score */
    float terms[STRATEGY_TERMS];   /* what the score is made of, as the strategy names them */
};

struct strategy {
    const char *name;                    /* router_settings.routing_strategy */
    const char *doc;                     /* what it does, in half a sentence */
    const char *unit;                    /* of the score: "USD" */
    const char *terms[STRATEGY_TERMS];   /* names of the terms that are used; the first NULL ends them */
    /* Fills score, key and terms of the `count` (1 and more) candidates, all of one order and unlimited. What is random hangs on
     * in->draw alone. */
    void (*rank)(const struct plan_input *in, struct choice *choices, unsigned count);
    /* Keys are costs, of which a multiple may be too much for staying: see strategy_settings.move_factor. Else a conversation
     * stays where it is, whatever the keys say. */
    bool weighs_moves;
};

/* A weighted shuffle: sorting by -ln(u)/weight, drawn from draw and deployment alone. The default. */
extern const struct strategy STRATEGY_SHUFFLE;
/* The least expected cost in USD: of money, time, quality and failures. */
extern const struct strategy STRATEGY_EXPECTED;
/* A soft score of normalized observations, and a draw that prefers low ones. */
extern const struct strategy STRATEGY_RISK;

/* The settings where nothing else is configured. */
const struct strategy_settings *strategy_defaults(void);
/* The strategy of that name, or, for the names of LiteLLM's other strategies, the nearest; NULL: there is none. */
const struct strategy *strategy_find(const char *name);
/* The names of all, for messages. */
const char *strategy_names(void);

#endif
