/* strategy: pure. How eligible deployments of equal `order` are ranked. A new strategy takes a file and a row. */
#ifndef POINTSMAN_STRATEGY_H
#define POINTSMAN_STRATEGY_H

#include "proxy/route/limit.h"
#include "proxy/terms/strategy_id.h"

#define STRATEGY_CANDIDATES_MAX 64 /* ranked at once */

/* A term of a score. */
struct strategy_term {
    const char *name;  /* JSON: "wait_s" */
    const char *label; /* text: "wait" */
    const char *unit;  /* after the number: " s" */
    double scale;      /* of the number in the text: 100 for a share in percent */
};

struct strategy {
    enum strategy_id id;
    const char *unit;                           /* of the score: "USD" */
    struct strategy_term terms[STRATEGY_TERMS]; /* those of choice.terms; ends at the first without a name */
    /* Sets score, key and terms of the `count` (at least 1) candidates, which are eligible and of one order. The only
     * randomness is in->draw. */
    void (*rank)(const struct plan_input *in, struct choice *choices, unsigned count);
    /* The keys are costs: a conversation leaves its deployment if that one costs more than move_factor times the least
     * (strategy_settings). Else it always stays. */
    bool keys_are_costs;
};

/* The default. A weighted shuffle: sorts by -ln(u)/weight, where u depends on draw and deployment. */
extern const struct strategy STRATEGY_SHUFFLE;
/* The least expected cost in USD: price, time, quality and failures. */
extern const struct strategy STRATEGY_EXPECTED;
/* A random choice that prefers a low risk score of normalized observations. */
extern const struct strategy STRATEGY_RISK;

const struct strategy *strategy_get(enum strategy_id id);

#endif
