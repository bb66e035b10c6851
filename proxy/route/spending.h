/* spending: pure. Costs of requests against the configured limits (max_cost_usd), in total and per model group. A
 * request passes if its estimate fits. The estimate is reserved until the request ends, so that concurrent requests
 * cannot exceed a limit together. Then the real cost is charged.
 *
 *   spent + reserved + estimate ≤ limit ?   no ─▶ the request is refused before any attempt
 *   ▲       ▲ reserve ─────┐
 *   └ charge ─── release ◀─┘ the request ends
 */
#ifndef POINTSMAN_SPENDING_H
#define POINTSMAN_SPENDING_H

#include "common/document.h"
#include "proxy/config/config.h"
#include "proxy/terms/usage.h"

/* One account: all requests, or those of one group. */
struct spend {
    char *alias;            /* of the group, owned; NULL: the total */
    double limit;           /* USD; NAN: none */
    double spent, reserved; /* USD */
    uint64_t unpriced;      /* attempts of unknown cost, not in `spent` */
    struct spend *next;
};

/* All accounts of the process; they outlive a configuration. Empty if zeroed, with total.limit set. */
struct spending {
    struct spend total; /* the first of the list; the groups' follow */
};

/* Returns the group's account, created if missing; NULL: out of memory. The address stays valid until spending_free().
 */
struct spend *spending_of_group(struct spending *s, const char *alias);
/* Sets the limits of a configuration. Accounts of groups that it lacks keep their costs, without a limit. */
void spending_set_limits(struct spending *s, const struct config *config);
void spending_free(struct spending *s);

/* Returns the estimated cost in USD; NAN: the deployment's prices are unknown and the request is not free. */
double spending_estimate(const struct deployment *d, int64_t prompt_tokens, double output_tokens);
/* Returns the cost in USD of this usage; NAN: a count or a price is unknown. */
double spending_cost(const struct deployment *d, const struct usage *u);
/* Returns whether the estimate fits both limits; an unknown one (NAN) does. */
bool spending_allows(const struct spending *s, const struct spend *group, double usd);
/* Reserves an estimate, in USD, and releases it. */
void spending_reserve(struct spending *s, struct spend *group, double usd);
void spending_release(struct spending *s, struct spend *group, double usd);
/* Charges the real cost, in USD; NAN: unknown. */
void spending_charge(struct spending *s, struct spend *group, double usd);
/* Sets the failure of a refused request: which limit, the amounts, and how to raise it. */
void spending_refusal(const struct spending *s, const struct spend *group, double usd, const struct config *config,
                      struct failure *f);
/* Adds "max_cost_usd","spent_usd","held_usd","unpriced_calls". */
void spending_describe(const struct spend *account, struct container in);

#endif
