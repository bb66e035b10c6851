/* pure: except for shared memory: what a call holds, and what it came to. */
#include "proxy/keys/private.h"

#include <stdio.h>

/* The accounts that a call draws on; index by role, 0: none. */
struct drawn {
    uint32_t at[ROLES];
};

_Static_assert((int)ROLE_KEY == (int)OWNER_KEY && (int)ROLE_BUDGET == (int)OWNER_BUDGET, "owners are the first roles");

/* Finds the account of a model of an account: the longest name that matches. 0: none. */
static uint32_t model_account(const struct key_table *t, uint32_t owner, const struct key_need *need)
{
    uint32_t best = 0;
    size_t longest = 0;
    for (uint32_t i = t->accounts[owner].models; i; i = t->accounts[i].sibling) {
        const char *name = blob_read(t, t->accounts[i].model);
        bool matches = pattern_matches(name, need->alias) || (need->target.len && pattern_matches(name, need->target));
        if (matches && strlen(name) >= longest) {
            best = i;
            longest = strlen(name);
        }
    }
    return best;
}

static void draw(struct key_table *t, struct key *k, const struct key_need *need, account_id customer, struct drawn *d)
{
    for (unsigned i = 0; i < KEY_OWNERS; i++)
        d->at[i] = k->at[i] = account_find(t, k->ids[i], k->at[i]);
    d->at[ROLE_CUSTOMER] = account_find(t, customer, 0);
    d->at[ROLE_KEY_MODEL] = model_account(t, d->at[ROLE_KEY], need);
    d->at[ROLE_TEAM_MODEL] = model_account(t, d->at[ROLE_TEAM], need);
    d->at[ROLE_USER_MODEL] = model_account(t, d->at[ROLE_USER], need);
}

/* Finds a budget that has less left than the call needs. */
static bool exceeds_budget(struct key_table *t, uint32_t account, int64_t nano, int64_t now_ms, struct limit_hit *hit)
{
    const struct account *a = &t->accounts[account];
    const struct budget *b = account_budgets(t, a, now_ms);
    for (unsigned i = 0; i < a->budget_count; i++)
        if (b[i].limit_nano >= 0 && b[i].spent_nano + a->held_nano + nano > b[i].limit_nano) {
            *hit = (struct limit_hit){.account = account, .budget = &b[i], .need = nano};
            return true;
        }
    return false;
}

static void note(struct limit_hit *hit, uint64_t wait_ms, uint32_t account, int rate, int64_t most, int64_t used,
                 int64_t need)
{
    if (wait_ms > hit->wait_ms)
        *hit = (struct limit_hit){
            .account = account, .rate = rate, .most = most, .left = most - used, .need = need, .wait_ms = wait_ms};
}

/* Finds the limit that the call has to wait for longest. */
static void find_wait(struct key_table *t, uint32_t account, int64_t tokens, uint64_t now_ms, struct limit_hit *hit)
{
    const struct account *a = &t->accounts[account];
    struct rate *r = account_window(t, account, now_ms);
    const struct rate_step *steps = r ? window_steps(t, r) : NULL;
    if (r)
        rate_advance(r, steps, now_ms);
    if (r && a->rpm >= 0 && r->requests >= a->rpm)
        note(hit, rate_wait(r, steps, a->rpm - 1, INT64_MAX, now_ms), account, LIMIT_REQUESTS, a->rpm, r->requests, 1);
    if (r && a->tpm >= 0 && r->tokens + tokens > a->tpm)
        note(hit, rate_wait(r, steps, INT64_MAX, a->tpm - tokens, now_ms), account, LIMIT_TOKENS, a->tpm, r->tokens,
             tokens);
    if (a->parallel >= 0 && a->in_flight >= a->parallel)
        note(hit, a->parallel ? 1000 : UINT64_MAX, account, LIMIT_PARALLEL, a->parallel, a->in_flight, 1);
}

/* The time of a call for the windows: not before what any of them has counted, so that all count it in one step. */
static uint64_t common_time(const struct key_table *t, const struct drawn *d, uint64_t now_ms)
{
    uint64_t step = now_ms / RATE_STEP_MS;
    for (unsigned i = 0; i < ROLES; i++) {
        uint32_t window = t->accounts[d->at[i]].window;
        if (window && t->windows[window].newest > step)
            step = t->windows[window].newest;
    }
    return step > now_ms / RATE_STEP_MS ? step * RATE_STEP_MS : now_ms;
}

static bool fits(struct gate *g, const struct drawn *d, const struct key_need *need, const struct gate_time *now,
                 struct key_refusal *refusal)
{
    struct limit_hit hit = {0};
    for (unsigned i = 0; i < ROLES && need->nano > 0; i++)
        if (d->at[i] && exceeds_budget(g->table, d->at[i], need->nano, now->unix_ms, &hit))
            return refuse_budget(refusal, g->table, &hit, g->budget_status), false;
    for (unsigned i = 0; i < ROLES; i++)
        if (d->at[i])
            find_wait(g->table, d->at[i], need->tokens, now->mono_ms, &hit);
    if (hit.wait_ms)
        refuse_rate(refusal, g->table, &hit, now);
    return !hit.wait_ms;
}

/* Copies a text as far as it fits, without the part of a character at its end. */
static void copy_text(char *out, size_t size, struct slice text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len < text.len)
        while (len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
            len--;
    if (len)
        memcpy(out, text.ptr, len);
    out[len] = 0;
}

/* Writes the slot and adds to the accounts. */
static void open_slot(struct key_table *t, struct call_slot *s, const struct drawn *d, const struct key_need *need,
                      const struct gate_time *now)
{
    s->flags = need->flags;
    s->started_ms = now->unix_ms;
    s->held_nano = need->nano;
    s->held_tokens = need->tokens;
    s->rate_step = now->mono_ms / RATE_STEP_MS;
    copy_text(s->alias, sizeof s->alias, need->alias);
    copy_text(s->request_id, sizeof s->request_id, need->request_id);
    copy_text(s->customer, sizeof s->customer, need->customer);
    copy_text(s->session, sizeof s->session, need->session);
    for (unsigned i = 0; i < ROLES; i++) {
        s->at[i] = d->at[i];
        s->accounts[i] = t->accounts[d->at[i]].id;
    }
    atomic_store_explicit(&s->state, CALL_OPEN, memory_order_release);
    for (unsigned i = 0; i < ROLES; i++) {
        struct account *a = &t->accounts[d->at[i]];
        if (!d->at[i])
            continue;
        a->held_nano += need->nano;
        a->in_flight++;
        if (a->window) {
            struct rate *r = &t->windows[a->window];
            window_reserve(t, r);
            (void)rate_add(r, window_steps(t, r), need->tokens, now->mono_ms);
        }
    }
}

static int64_t within(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

static bool refuse(struct key_refusal *r, int status, const char *type, const char *code, const char *message)
{
    *r = (struct key_refusal){.status = status, .type = type, .code = code, .retry_after_s = status == 503};
    (void)snprintf(r->message, sizeof r->message, "%s", message);
    return false;
}

static bool hold(struct gate *g, const struct key_ref *ref, const struct key_need *need, account_id customer,
                 struct gate_time *now, struct key_hold *out, struct key_refusal *refusal)
{
    struct drawn d;
    struct key *k = key_of(g->table, ref->hash, now->unix_ms, refusal);
    if (!k)
        return false;
    draw(g->table, k, need, customer, &d);
    now->mono_ms = common_time(g->table, &d, now->mono_ms);
    if (g->table->accounts[d.at[ROLE_CUSTOMER]].blocked)
        return refuse(refusal, 400, "auth_error", "model_not_found",
                      "The customer that this request names as its user is blocked.");
    if (!fits(g, &d, need, now, refusal))
        return false;
    struct call_slot *s = calls_take(g->calls);
    if (!s)
        return refuse(refusal, 503, "no_db_connection", NULL,
                      "The key store writes too slowly, and no further call can be noted: try again.");
    memcpy(s->key, ref->hash, KEY_HASH_SIZE);
    open_slot(g->table, s, &d, need, now);
    *out = (struct key_hold){calls_index(g->calls, s) + 1, s->id};
    return true;
}

bool gate_hold(struct gate *g, const struct key_ref *ref, const struct key_need *need, const struct gate_time *now,
               struct key_hold *out, struct key_refusal *refusal)
{
    struct key_need checked = *need;
    struct gate_time time = *now;
    checked.nano = within(need->nano, MONEY_MAX);
    checked.tokens = within(need->tokens, TOKENS_MAX);
    account_id customer = need->customer.len ? table_account_id(ACCOUNT_CUSTOMER, need->customer) : 0;
    *out = (struct key_hold){0};
    table_lock(g->table);
    bool held = hold(g, ref, &checked, customer, &time, out, refusal);
    table_unlock(g->table);
    return held;
}

/* Returns the slot of a hold; NULL: none. */
static struct call_slot *slot_of(struct gate *g, const struct key_hold *h)
{
    struct call_slot *s = h->slot ? calls_slot(g->calls, h->slot - 1) : NULL;
    return s && s->id == h->id && s->state == CALL_OPEN ? s : NULL;
}

/* The account that a call drew on; 0: none, or it was removed. */
static uint32_t account_of(const struct key_table *t, const struct call_slot *s, unsigned role)
{
    return account_find(t, s->accounts[role], s->at[role]);
}

static void correct(struct key_table *t, const struct account *a, int requests, int64_t tokens, uint64_t step,
                    uint64_t now_ms)
{
    struct rate *r = &t->windows[a->window];
    if (a->window)
        rate_correct(r, window_steps(t, r), requests, tokens, step, now_ms);
}

bool gate_grow(struct gate *g, const struct key_hold *h, int64_t nano, int64_t tokens, const struct gate_time *now)
{
    struct limit_hit hit;
    bool fit = true;
    table_lock(g->table);
    struct call_slot *s = slot_of(g, h);
    int64_t more = s ? within(nano, MONEY_MAX) - s->held_nano : 0;
    int64_t more_tokens = s ? within(tokens, TOKENS_MAX) - s->held_tokens : 0;
    more = more > 0 ? more : 0;
    more_tokens = more_tokens > 0 ? more_tokens : 0;
    for (unsigned i = 0; i < ROLES && (more || more_tokens); i++) {
        uint32_t at = account_of(g->table, s, i);
        struct account *a = &g->table->accounts[at];
        if (!at)
            continue;
        a->held_nano += more;
        correct(g->table, a, 0, more_tokens, s->rate_step, now->mono_ms);
        fit = !(more && exceeds_budget(g->table, at, 0, now->unix_ms, &hit)) && fit;
    }
    if (s) {
        s->held_nano += more;
        s->held_tokens += more_tokens;
    }
    table_unlock(g->table);
    return fit;
}

/* Gives back what a call holds; adds what it spent instead. */
static void release(struct key_table *t, const struct call_slot *s, int64_t nano, int requests, int64_t tokens,
                    const struct gate_time *now)
{
    for (unsigned i = 0; i < ROLES; i++) {
        uint32_t at = account_of(t, s, i);
        struct account *a = &t->accounts[at];
        if (!at)
            continue;
        a->held_nano = a->held_nano > s->held_nano ? a->held_nano - s->held_nano : 0;
        a->in_flight = a->in_flight > 0 ? a->in_flight - 1 : 0;
        a->total_nano += nano;
        struct budget *b = account_budgets(t, a, now->unix_ms);
        for (unsigned k = 0; k < a->budget_count; k++)
            b[k].spent_nano += nano;
        correct(t, a, requests, tokens - s->held_tokens, s->rate_step, now->mono_ms);
    }
}

bool gate_settle(struct gate *g, struct key_hold *h, const struct key_bill *bill, const struct gate_time *now,
                 struct gate_limits *after)
{
    bool wake = false;
    table_lock(g->table);
    struct call_slot *s = slot_of(g, h);
    if (s) {
        s->flags |= bill->flags;
        s->ended_ms = now->unix_ms;
        s->nano = within(bill->nano, MONEY_MAX);
        s->tokens_in = within(bill->tokens_in, TOKENS_MAX);
        s->tokens_cached = within(bill->tokens_cached, s->tokens_in);
        s->tokens_out = within(bill->tokens_out, TOKENS_MAX);
        s->http_status = bill->http_status;
        copy_text(s->model, sizeof s->model, bill->model);
        release(g->table, s, s->nano, 0, s->tokens_in + s->tokens_out, now);
        if (after)
            limits_read(g->table, s, now, after);
        atomic_store_explicit(&s->state, CALL_CLOSED, memory_order_release);
        wake = g->table->head->sleeping;
        g->table->head->sleeping = false;
    }
    table_unlock(g->table);
    *h = (struct key_hold){0};
    return wake;
}

void gate_cancel(struct gate *g, struct key_hold *h, const struct gate_time *now)
{
    table_lock(g->table);
    struct call_slot *s = slot_of(g, h);
    if (s) {
        release(g->table, s, 0, -1, 0, now);
        calls_give_back(g->calls, s);
    }
    table_unlock(g->table);
    *h = (struct key_hold){0};
}
