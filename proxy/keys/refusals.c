/* pure: what a refusal by a limit says: which limit, what is left, when it resets. No allocation. */
#include "proxy/keys/private.h"

#include <stdio.h>

#define WHO_SIZE 200
#define MONEY_SIZE 32

/* Writes how messages call an account: key "agent-7". */
static char *who(const struct key_table *t, uint32_t account, char out[WHO_SIZE])
{
    static const char *const KINDS[ACCOUNT_KINDS] = {"",       "key",      "team",  "user",
                                                     "budget", "customer", "model", "master key"};
    const struct account *a = &t->accounts[account];
    const char *name = blob_read(t, a->kind == ACCOUNT_MODEL ? a->model : a->label ? a->label : a->name);
    int len = snprintf(out, WHO_SIZE, *name ? "%s \"%.80s\"" : "%s", KINDS[a->kind], name);
    if (a->kind == ACCOUNT_MODEL && len > 0 && len < WHO_SIZE) {
        const struct account *owner = &t->accounts[a->owner];
        name = blob_read(t, owner->label ? owner->label : owner->name);
        (void)snprintf(out + len, (size_t)(WHO_SIZE - len), *name ? " of %s \"%.80s\"" : " of the %s",
                       KINDS[owner->kind], name);
    }
    return out;
}

/* Writes an amount in USD: "$0.05", "$1.234567". */
static const char *money(int64_t nano, char out[MONEY_SIZE])
{
    const char *sign = nano < 0 ? "-" : "";
    uint64_t all = nano < 0 ? -(uint64_t)nano : (uint64_t)nano;
    int len = snprintf(out, MONEY_SIZE, "%s$%llu.%09llu", sign, (unsigned long long)(all / NANO_USD),
                       (unsigned long long)(all % NANO_USD));
    for (int least = len - 7; len > least && out[len - 1] == '0'; len--)
        out[len - 1] = 0;
    return out;
}

void refuse_budget(struct key_refusal *r, const struct key_table *t, const struct limit_hit *hit, int status)
{
    const struct budget *b = hit->budget;
    int64_t held = t->accounts[hit->account].held_nano, left = b->limit_nano - b->spent_nano - held;
    char whose[WHO_SIZE], most[MONEY_SIZE], spent[MONEY_SIZE], reserved[MONEY_SIZE], need[MONEY_SIZE], rest[MONEY_SIZE];
    char per[PERIOD_TEXT_SIZE], date[PERIOD_DATE_SIZE];
    bool resets = b->next_ms != INT64_MAX;
    *r = (struct key_refusal){.status = status ? status : 400,
                              .type = "budget_exceeded",
                              .code = status && status != 400 ? NULL : "model_not_found",
                              .reset_at_ms = resets ? b->next_ms : 0};
    (void)snprintf(
        r->message, sizeof r->message,
        "Budget has been exceeded: %s may spend %s%s%s, has spent %s, and %s is reserved for requests in flight. "
        "This request may need %s, and %s is left. The budget %s%s.",
        who(t, hit->account, whose), money(b->limit_nano, most), resets ? " per " : "", period_text(&b->period, per),
        money(b->spent_nano, spent), money(held, reserved), money(hit->need, need), money(left < 0 ? 0 : left, rest),
        resets ? "resets at " : "does not reset", resets ? period_date(b->next_ms, date) : "");
}

void refuse_rate(struct key_refusal *r, const struct key_table *t, const struct limit_hit *hit,
                 const struct gate_time *now)
{
    static const char *const NAMES[] = {"requests", "tokens", "max_parallel_requests"};
    static const char *const UNITS[] = {"requests per minute", "tokens per minute", "requests at once"};
    char whose[WHO_SIZE], date[PERIOD_DATE_SIZE];
    bool never = hit->wait_ms == UINT64_MAX;
    *r = (struct key_refusal){.status = never ? 400 : 429,
                              .type = "rate_limit_error",
                              .code = never ? "model_not_found" : NULL,
                              .rate_limit_type = NAMES[hit->rate]};
    if (!never) {
        r->retry_after_s = hit->wait_ms < 1000 ? 1 : (int)((hit->wait_ms + 999) / 1000);
        r->reset_at_ms = hit->rate == LIMIT_PARALLEL ? 0 : now->unix_ms + (int64_t)hit->wait_ms;
    }
    int len = snprintf(r->message, sizeof r->message,
                       "Rate limit exceeded: %s may have %lld %s, %lld left, and this request needs %lld.",
                       who(t, hit->account, whose), (long long)hit->most, UNITS[hit->rate],
                       (long long)(hit->left < 0 ? 0 : hit->left), (long long)hit->need);
    if (len < 0 || len >= (int)sizeof r->message)
        return;
    if (never)
        (void)snprintf(r->message + len, sizeof r->message - (size_t)len, " It can never have that many.");
    else if (hit->rate == LIMIT_PARALLEL)
        (void)snprintf(r->message + len, sizeof r->message - (size_t)len, " Wait until one of them ends.");
    else
        (void)snprintf(r->message + len, sizeof r->message - (size_t)len, " There is room at %s, in %d s.",
                       period_date(r->reset_at_ms, date), r->retry_after_s);
}
