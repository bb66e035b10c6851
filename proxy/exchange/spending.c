/* loop: a request's cost: which deployments the limits allow, reservations, charges. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/usage.h"
#include "proxy/exchange/sharing.h"

#include <math.h>

#define OUTPUT_TOKENS 500 /* tokens of a reply, until replies were measured */

static int64_t prompt_tokens(const struct request *r, const struct deployment *d)
{
    const struct calibration *c = &r->shared->health[d->index].calibration;
    return usage_estimate(r->model_request.prompt_bytes, 0, c->bytes_per_token).input;
}

double request_estimate(const struct request *r, const struct deployment *d)
{
    const struct strategy_settings *s = &r->shared->config->strategy_settings;
    double output = ewma_read(&r->shared->health[d->index].seen.output_tokens, OUTPUT_TOKENS, 1, s->half_life_ms,
                              clock_monotonic_ms());
    return spending_estimate(d, prompt_tokens(r, d), output);
}

static unsigned group_of(const struct request *r)
{
    return (unsigned)(r->group - r->shared->config->groups);
}

static struct spend *account_of(const struct request *r)
{
    return r->shared->accounts[group_of(r)];
}

static void note_limit(struct plan *plan, const struct deployment *d)
{
    for (unsigned i = 0; i < plan->choice_count; i++)
        if (plan->choices[i].deployment == d)
            plan->choices[i].limit = LIMIT_BUDGET;
}

/* Each amount is released as reserved, without sums, so rounding errors can't accumulate. */
static void reserve(struct request *r, double *held, double usd)
{
    *held = usd;
    spending_reserve(r->shared->spending, account_of(r), usd);
    sharing_spending(r->shared, group_of(r), usd, 0);
}

static void release(struct request *r, double *held)
{
    if (*held > 0) {
        spending_release(r->shared->spending, account_of(r), *held);
        sharing_spending(r->shared, group_of(r), -*held, 0);
    }
    *held = 0;
}

bool request_reserve_plan(struct request *r, struct plan *plan)
{
    struct spending *all = r->shared->spending;
    struct spend *account = account_of(r);
    unsigned kept = 0;
    double most = 0, least = INFINITY;
    release(r, &r->reserved_usd);
    for (unsigned i = 0; i < plan->count; i++) {
        const struct deployment *d = plan->attempts[i];
        double usd = request_estimate(r, d);
        if (spending_allows(all, account, usd)) {
            plan->attempts[kept++] = d;
            most = fmax(most, usd); /* fmax() ignores NAN, an unknown price */
        } else {
            least = fmin(least, usd);
            note_limit(plan, d);
        }
    }
    plan->unaffordable = plan->count && !kept;
    plan->count = kept;
    if (plan->unaffordable) {
        spending_refusal(all, account, least, r->shared->config, &r->failure);
        return false;
    }
    reserve(r, &r->reserved_usd, most);
    return true;
}

bool request_affords(const struct request *r, double usd)
{
    return spending_allows(r->shared->spending, account_of(r), usd);
}

void request_reserve_hedge(struct request *r, double usd)
{
    reserve(r, &r->hedge_usd, usd);
}

void request_release_hedge(struct request *r)
{
    release(r, &r->hedge_usd);
}

void request_release_reserved(struct request *r)
{
    release(r, &r->reserved_usd);
    release(r, &r->hedge_usd);
}

double attempt_cost(const struct attempt *a, const struct usage *usage, const struct failure *f, enum attempt_end how)
{
    double usd = spending_cost(a->deployment, usage);
    bool begun = how == END_CANCELLED || how == END_LOST ||
                 (f && (f->kind == FAILURE_CUT || f->kind == FAILURE_TIMEOUT));
    if (isfinite(usd))
        return usd;
    if (begun) /* unknown usage: at least the prompt was read */
        return spending_estimate(a->deployment, prompt_tokens(a->request, a->deployment), 0);
    return f ? 0 : NAN;
}

void request_charge(struct request *r, double usd)
{
    holding_charge(r, usd);
    spending_charge(r->shared->spending, account_of(r), usd);
    sharing_spending(r->shared, group_of(r), 0, usd);
}
