/* spending: pure. What calls have cost, against the limits of the configuration (max_cost_usd): of all of them, and of
 * a model group's. A call is let through when its estimate still fits; the estimate is held until it is over, so that
 * calls at the same time can't pass a limit together, and then what it really cost is booked.
 *
 *   spent  + held + estimate  ≤ limit ?   no ─▶ the request is refused before anybody is asked
 *   ▲        ▲ hold ─────────┐
 *   └ book ──┴──── release ◀─┘ the request is over
 */
#ifndef POINTSMAN_SPENDING_H
#define POINTSMAN_SPENDING_H

#include "common/document.h"
#include "proxy/config/config.h"
#include "proxy/terms/usage.h"

/* One account: all calls, or those of one group. */
struct spend {
    char *alias;            /* of the group; NULL: of all */
    double limit;           /* USD; NAN: none */
    double spent, reserved; /* USD */
    uint64_t unpriced;      /* calls that have no price, and are not in `spent` */
    struct spend *next;
};

/* All accounts of the process; they outlive a configuration. Zeroed but for total.limit it is empty. */
struct spending {
    struct spend total; /* its list goes on with the groups' */
};

/* The account of a group, made where there is none; NULL: no memory. It stays where it is. */
struct spend *spending_of_group(struct spending *s, const char *alias);
/* Takes the limits of a configuration; accounts of groups that it does not have keep what was spent, without a limit.
 */
void spending_set_limits(struct spending *s, const struct config *config);
void spending_free(struct spending *s);

/* What a call may cost, in USD; NAN where the deployment's prices are not known, unless nothing is to be paid for. */
double spending_estimate(const struct deployment *d, int64_t prompt_tokens, double output_tokens);
/* What a call of that usage has cost, in USD; NAN if a count or a price is unknown. */
double spending_cost(const struct deployment *d, const struct usage *u);
/* Whether a call that may cost that much (NAN: unknown, let through) fits both limits. */
bool spending_allows(const struct spending *s, const struct spend *group, double usd);
/* Keeps that much aside, and gives it back. */
void spending_reserve(struct spending *s, struct spend *group, double usd);
void spending_release(struct spending *s, struct spend *group, double usd);
/* Books what a call has cost; NAN: it has no price. */
void spending_charge(struct spending *s, struct spend *group, double usd);
/* Sets the failure for a request that the limits refuse: which one, what is spent, and how to raise it. */
void spending_refusal(const struct spending *s, const struct spend *group, double usd, const struct config *config,
                      struct failure *f);
/* Adds "max_cost_usd","spent_usd","held_usd","unpriced_calls". */
void spending_describe(const struct spend *account, struct container in);

#endif
