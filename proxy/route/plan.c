/* pure: orders the attempts of one request: by order, then by the strategy; fallback groups last. */
#include "proxy/route/plan.h"

#include "proxy/terms/usage.h"
#include "proxy/terms/failure.h"

#include <math.h>
#include <string.h>

/* Eligible before limited, then by order, then by key. */
static bool comes_before(const struct choice *a, const struct choice *b)
{
    if ((a->limit == LIMIT_NONE) != (b->limit == LIMIT_NONE))
        return a->limit == LIMIT_NONE;
    if (a->deployment->order != b->deployment->order)
        return a->deployment->order < b->deployment->order;
    return a->key < b->key;
}

/* Insertion sort: stable, and fast for short or nearly sorted arrays. */
static void sort(struct choice *choices, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct choice moved = choices[i];
        unsigned at = i;
        for (; at && comes_before(&moved, &choices[at - 1]); at--)
            choices[at] = choices[at - 1];
        choices[at] = moved;
    }
}

/* Fills `out` with the group's deployments and their limits, sorted; the first *eligible have no limit. Keeps the
 * first STRATEGY_CANDIDATES_MAX. */
static unsigned gather(const struct plan_input *in, const struct model_group *group, struct choice *out,
                       unsigned *eligible)
{
    unsigned count = 0;
    *eligible = 0;
    for (unsigned i = 0; i < group->count; i++) {
        struct choice c = {.deployment = group->deployments[i], .score = NAN};
        limit_find(in, &c);
        if (count < STRATEGY_CANDIDATES_MAX) {
            out[count++] = c;
        } else {
            sort(out, count);
            if (!comes_before(&c, &out[count - 1]))
                continue;
            out[count - 1] = c;
        }
    }
    sort(out, count);
    while (*eligible < count && out[*eligible].limit == LIMIT_NONE)
        ++*eligible;
    return count;
}

/* Sorts the candidates of each order by the strategy. They are sorted by order already. */
static void rank(const struct plan_input *in, const struct strategy *strategy, struct choice *choices, unsigned count)
{
    for (unsigned from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && choices[to].deployment->order == choices[from].deployment->order; to++)
            ;
        strategy->rank(in, &choices[from], to - from);
        sort(&choices[from], to - from);
    }
}

/* Moves the conversation's last deployment to the front if its order is the lowest one and its cost is not above
 * move_factor times the least. Returns whether it did. */
static bool keep_sticky(const struct plan_input *in, const struct strategy *strategy, struct choice *choices,
                        unsigned count)
{
    double most = strategy->keys_are_costs ? in->config->strategy_settings.move_factor * choices[0].key : INFINITY;
    for (unsigned i = 0; i < count && choices[i].deployment->order == choices[0].deployment->order; i++)
        if (choices[i].deployment->index == in->affinity->deployment) {
            struct choice own = choices[i];
            if (own.key > most)
                return false;
            memmove(&choices[1], &choices[0], i * sizeof *choices);
            choices[0] = own;
            return true;
        }
    return false;
}

/* Appends the group's deployments in order, up to PLAN_MAX. */
static void add_group(const struct plan_input *in, const struct model_group *group, struct plan *out)
{
    struct choice choices[STRATEGY_CANDIDATES_MAX];
    unsigned eligible, count = gather(in, group, choices, &eligible);
    rank(in, out->strategy, choices, eligible);
    if (in->affinity && eligible && group == in->group)
        out->sticky = keep_sticky(in, out->strategy, choices, eligible);
    for (unsigned i = 0; i < eligible && out->count < PLAN_MAX; i++)
        out->attempts[out->count++] = choices[i].deployment;
    for (unsigned i = 0; i < count; i++) {
        out->too_long |= choices[i].limit == LIMIT_CONTEXT_WINDOW;
        out->down |= choices[i].limit == LIMIT_NOT_READY && in->health[choices[i].deployment->index].down;
        if (out->choice_count < PLAN_CHOICES_MAX)
            out->choices[out->choice_count++] = choices[i];
    }
}

/* Attempts in flight over the maximum; LIMIT_IN_FLIGHT only. */
static double load(const struct choice *c)
{
    return (double)c->figure / (double)c->deployment->max_in_flight;
}

/* Whether limit `a` is easier to overcome than `b`: attempts in flight end soon, other temporary limits end later, and
 * a declaration may be wrong. */
static bool is_less_limited(const struct choice *a, const struct choice *b)
{
    if (a->limit == LIMIT_IN_FLIGHT && b->limit == LIMIT_IN_FLIGHT)
        return load(a) < load(b);
    if (a->limit == LIMIT_IN_FLIGHT || b->limit == LIMIT_IN_FLIGHT)
        return a->limit == LIMIT_IN_FLIGHT;
    if (limit_is_temporary(a->limit) != limit_is_temporary(b->limit))
        return limit_is_temporary(a->limit);
    return a->limit_s < b->limit_s;
}

/* If no deployment is eligible, plans the least limited one, or all that are only at max_in_flight. */
static void add_least_limited(struct plan *p, unsigned limit)
{
    const struct choice *found[PLAN_CHOICES_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < p->choice_count; i++) {
        const struct choice *c = &p->choices[i];
        unsigned at = count;
        if (!limit_is_temporary(c->limit) && c->limit != LIMIT_CAPABILITY)
            continue;
        for (; at && is_less_limited(c, found[at - 1]); at--)
            found[at] = found[at - 1];
        found[at] = c;
        count++;
    }
    for (unsigned i = 0; i < count && i < limit && i < PLAN_MAX && (!i || found[i]->limit == LIMIT_IN_FLIGHT); i++)
        p->attempts[p->count++] = found[i]->deployment;
    p->all_limited = p->count > 0;
}

static void explain(const struct plan_input *in, const struct plan *p, struct buf *why)
{
    for (unsigned i = 0; i < p->choice_count; i++) {
        const struct choice *c = &p->choices[i];
        buf_add_format(why, "%s%s: ", why->len ? "; " : "", c->deployment->id);
        limit_message(c, in->health[c->deployment->index].probe, why);
    }
}

static const struct strategy *strategy_of(const struct plan_input *in)
{
    return in->strategy ? in->strategy : strategy_get(in->config->strategy);
}

void plan_clear(struct plan *p)
{
    p->strategy = NULL;
    p->count = p->choice_count = 0;
    p->too_long = p->down = p->sticky = p->unaffordable = p->all_limited = false;
}

void plan_make(const struct plan_input *in, struct plan *out, struct buf *why)
{
    unsigned limit = 1 + (unsigned)(in->config->num_retries + in->config->extra_retries);
    plan_clear(out);
    out->strategy = strategy_of(in);
    add_group(in, in->group, out);
    for (unsigned i = 0; i < in->group->fallback_count; i++) {
        bool last = i + 1 == in->group->fallback_count;
        /* The last fallback group gets an attempt even if those before it fill the plan. */
        if (last && out->count == PLAN_MAX)
            out->count--;
        unsigned before = out->count;
        add_group(in, in->group->fallbacks[i], out);
        if (last && out->count > before && limit < before + 1)
            limit = before + 1;
    }
    if (out->count > limit)
        out->count = limit;
    if (out->count == 0) {
        add_least_limited(out, limit);
        if (!out->count && why)
            explain(in, out, why);
    }
}

bool plan_possible(const struct model_group *group, unsigned wires)
{
    for (unsigned g = 0; g <= group->fallback_count; g++) {
        const struct model_group *other = g == 0 ? group : group->fallbacks[g - 1];
        for (unsigned i = 0; i < other->count; i++)
            if (other->deployments[i]->wires & wires)
                return true;
    }
    return false;
}

unsigned plan_available(const struct plan *p, unsigned attempt, const struct health *health, uint64_t now_ms)
{
    for (unsigned i = attempt; i < p->count; i++)
        if (limit_available(&health[p->attempts[i]->index], p->attempts[i], now_ms, NULL))
            return i;
    return attempt;
}

unsigned plan_next(const struct plan *p, unsigned attempt, enum failure_kind kind)
{
    unsigned next = attempt + 1;
    if (kind == FAILURE_CONTEXT) {
        while (next < p->count && p->attempts[next]->max_input_tokens <= p->attempts[attempt]->max_input_tokens)
            next++;
        return next;
    }
    return failure_rule(kind)->next ? next : p->count;
}
