/* strategy: pure. How the deployments of equal `order` that nothing limits are put in order. Adding one takes a file
 * and a row. */
#ifndef POINTSMAN_STRATEGY_H
#define POINTSMAN_STRATEGY_H

#include "proxy/route/limit.h"
#include "proxy/terms/strategy_id.h"

#define STRATEGY_CANDIDATES_MAX 64 /* that are ranked at once */

/* A part of a score. */
struct strategy_term {
    const char *name;  /* for machines: "wait_s" */
    const char *label; /* for people: "wait" */
    const char *unit;  /* behind the figure: " s" */
    double scale;      /* of the figure that people see: 100 for a share in percent */
};

struct strategy {
    enum strategy_id id;
    const char *unit;                           /* of the score: "USD" */
    struct strategy_term terms[STRATEGY_TERMS]; /* of choice.terms; the first without a name ends them */
    /* Fills score, key and terms of the `count` (1 and more) candidates, all of one order and unlimited. What is random
     * hangs on in->draw alone. */
    void (*rank)(const struct plan_input *in, struct choice *choices, unsigned count);
    /* Keys are costs, of which a multiple may be too much for staying: see strategy_settings.move_factor. Else a
     * conversation stays where it is, whatever the keys say. */
    bool keys_are_costs;
};

/* A weighted shuffle: sorting by -ln(u)/weight, drawn from draw and deployment alone. The default. */
extern const struct strategy STRATEGY_SHUFFLE;
/* The least expected cost in USD: of money, time, quality and failures. */
extern const struct strategy STRATEGY_EXPECTED;
/* A soft score of normalized observations, and a draw that prefers low ones. */
extern const struct strategy STRATEGY_RISK;

const struct strategy *strategy_get(enum strategy_id id);

#endif
