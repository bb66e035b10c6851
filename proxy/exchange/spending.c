/* loop: an exchange and its money: what may be asked within the spending limits, what is held for it, what it has cost.
 */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/usage.h"
#include "proxy/serve/sharing.h"

#include <math.h>

#define OUTPUT_TOKENS 500 /* of a reply, until replies were seen */

static int64_t prompt_tokens(const struct exchange *x, const struct deployment *d)
{
    const struct calibration *c = &x->shared->health[d->index].calibration;
    return usage_estimate(x->request.prompt_bytes, 0, c->bytes_per_token).input;
}

double exchange_estimate(const struct exchange *x, const struct deployment *d)
{
    const struct strategy_settings *s = &x->shared->config->strategy_settings;
    double output = ewma_read(&x->shared->health[d->index].seen.output_tokens, OUTPUT_TOKENS, 1, s->half_life_ms,
                              clock_monotonic_ms());
    return spending_estimate(d, prompt_tokens(x, d), output);
}

static unsigned group_of(const struct exchange *x)
{
    return (unsigned)(x->group - x->shared->config->groups);
}

static struct spend *account_of(const struct exchange *x)
{
    return x->shared->accounts[group_of(x)];
}

static void note_limit(struct plan *plan, const struct deployment *d)
{
    for (unsigned i = 0; i < plan->choice_count; i++)
        if (plan->choices[i].deployment == d)
            plan->choices[i].limit = LIMIT_BUDGET;
}

bool exchange_hold_money(struct exchange *x, struct plan *plan)
{
    struct spending *all = x->shared->spending;
    struct spend *account = account_of(x);
    unsigned kept = 0;
    double most = 0, least = INFINITY;
    exchange_free_money(x);
    for (unsigned i = 0; i < plan->count; i++) {
        const struct deployment *d = plan->attempts[i];
        double usd = exchange_estimate(x, d);
        if (spending_allows(all, account, usd)) {
            plan->attempts[kept++] = d;
            most = fmax(most, usd); /* an unknown price counts for nothing */
        } else {
            least = fmin(least, usd);
            note_limit(plan, d);
        }
    }
    bool refused = plan->count && !kept;
    plan->count = kept;
    if (refused) {
        spending_refusal(all, account, least, x->shared->config, &x->failure);
        return false;
    }
    exchange_hold(x, most);
    return true;
}

bool exchange_affords(const struct exchange *x, double usd)
{
    return spending_allows(x->shared->spending, account_of(x), usd);
}

void exchange_hold(struct exchange *x, double usd)
{
    x->held_usd = usd;
    spending_hold(x->shared->spending, account_of(x), usd);
    sharing_money(x->shared, group_of(x), isnan(usd) ? 0 : usd, 0);
}

void exchange_free_money(struct exchange *x)
{
    if (x->held_usd > 0) {
        spending_release(x->shared->spending, account_of(x), x->held_usd);
        sharing_money(x->shared, group_of(x), -x->held_usd, 0);
    }
    x->held_usd = 0;
}

double exchange_call_cost(const struct exchange *x, const struct usage *usage, const struct failure *f,
                          enum call_end how)
{
    const struct deployment *d = exchange_deployment(x);
    double usd = journal_cost(d, usage);
    bool begun = how == CALL_CANCELLED || (f && (f->kind == FAILURE_CUT || f->kind == FAILURE_TIMEOUT));
    if (isfinite(usd))
        return usd;
    if (begun) /* nobody told what it used: at least the prompt has been read */
        return spending_estimate(d, prompt_tokens(x, d), 0);
    return f ? 0 : NAN;
}

void exchange_book_money(struct exchange *x, double usd)
{
    spending_book(x->shared->spending, account_of(x), usd);
    sharing_money(x->shared, group_of(x), 0, usd);
}
