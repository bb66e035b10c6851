/* pure: except for shared memory: what is left of limits, and what the store says was spent. */
#include "proxy/keys/private.h"

static int64_t left_of(int64_t most, int64_t used)
{
    return most < 0 ? -1 : most > used ? most - used : 0;
}

static struct gate_left read_left(struct key_table *t, const struct call_slot *s, enum call_role role, uint64_t now_ms)
{
    uint32_t at = account_find(t, s->accounts[role], s->at[role]);
    const struct account *a = &t->accounts[at];
    if (!at)
        return (struct gate_left){-1, -1, -1, -1, -1, -1};
    struct rate *r = account_window(t, at, now_ms);
    if (r)
        rate_advance(r, window_steps(t, r), now_ms);
    return (struct gate_left){.requests = a->rpm,
                              .requests_left = left_of(a->rpm, r ? r->requests : 0),
                              .tokens = a->tpm,
                              .tokens_left = left_of(a->tpm, r ? r->tokens : 0),
                              .parallel = a->parallel,
                              .parallel_left = left_of(a->parallel, a->in_flight)};
}

void limits_read(struct key_table *t, const struct call_slot *s, const struct gate_time *now, struct gate_limits *out)
{
    *out = (struct gate_limits){.key = read_left(t, s, ROLE_KEY, now->mono_ms),
                                .team = read_left(t, s, ROLE_TEAM, now->mono_ms),
                                .user = read_left(t, s, ROLE_USER, now->mono_ms),
                                .model_per_key = read_left(t, s, ROLE_KEY_MODEL, now->mono_ms),
                                .max_budget_nano = -1};
    const struct account *own = &t->accounts[account_find(t, s->accounts[ROLE_KEY], s->at[ROLE_KEY])];
    const struct budget *b = account_budgets(t, own, now->unix_ms);
    out->spent_nano = own->held_nano + (b ? b->spent_nano : own->total_nano);
    if (b) {
        out->max_budget_nano = b->limit_nano;
        out->start_ms = b->start_ms;
        out->reset_ms = b->next_ms;
    }
}

void gate_limits(struct gate *g, const struct key_hold *h, const struct gate_time *now, struct gate_limits *out)
{
    static const struct call_slot NOTHING;
    table_lock(g->table);
    const struct call_slot *s = h->slot ? calls_slot(g->calls, h->slot - 1) : &NOTHING;
    limits_read(g->table, s->id == h->id ? s : &NOTHING, now, out);
    table_unlock(g->table);
}

/* Adds a closed call, which the store does not have yet. */
static void add_closed(struct account *a, struct budget *b, const struct call_slot *s)
{
    a->total_nano += s->nano;
    for (unsigned i = 0; i < a->budget_count; i++)
        if (s->ended_ms >= b[i].start_ms)
            b[i].spent_nano += s->nano;
}

void gate_set_spent(struct gate *g, account_id id, int64_t total_nano, const int64_t spent_nano[ACCOUNT_BUDGETS],
                    int64_t now_ms)
{
    table_lock(g->table);
    uint32_t at = account_find(g->table, id, 0);
    struct account *a = &g->table->accounts[at];
    struct budget *b = account_budgets(g->table, a, now_ms);
    if (at) {
        a->total_nano = total_nano;
        for (unsigned i = 0; i < a->budget_count; i++)
            b[i].spent_nano = spent_nano[i];
        for (unsigned i = calls_find(g->calls, CALL_CLOSED, 0); i < calls_end(g->calls);
             i = calls_find(g->calls, CALL_CLOSED, i + 1)) {
            const struct call_slot *s = calls_slot(g->calls, i);
            for (unsigned role = 0; role < ROLES; role++)
                if (s->accounts[role] == id)
                    add_closed(a, b, s);
        }
    }
    table_unlock(g->table);
}
