/* pure. Orders the attempts of one request: by order, then a weighted shuffle, fallback groups behind. */
#include "proxy/route/plan.h"

#include "proxy/bridge/usage.h"
#include "proxy/route/failure.h"

#include <math.h>

/* splitmix64's finisher (Steele, Lea, Flood 2014): spreads the bits of `x` over all of the result. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Sorting by -ln(u)/weight, u uniform in (0,1), is a weighted shuffle (Efraimidis and Spirakis 2006). As u hangs on
 * draw and deployment alone, one that drops out and comes back changes nothing in the order of the others. */
static double shuffle_key(const struct deployment *d, uint64_t draw)
{
    if (d->weight <= 0)
        return INFINITY;
    double u = ((double)(mix(draw ^ mix(d->index + 1)) >> 11) + 0.5) * 0x1p-53;
    return -log(u) / d->weight;
}

static bool comes_before(const struct deployment *a, double a_key, const struct deployment *b, double b_key)
{
    return a->order != b->order ? a->order < b->order : a_key < b_key;
}

int64_t plan_prompt_tokens(const struct plan_input *in, const struct deployment *d)
{
    return usage_estimate(in->prompt_bytes, 0, in->health[d->index].calibration.bytes_per_token).input;
}

/* A server whose window is too small may cut the prompt without a word (Ollama does), so it is not even asked. */
static bool fits(const struct plan_input *in, const struct deployment *d)
{
    return !d->max_input_tokens || plan_prompt_tokens(in, d) <= d->max_input_tokens;
}

/* Appends the group's ready deployments in their order, as far as there is room. */
static void add_group(const struct plan_input *in, const struct model_group *group, struct plan *out)
{
    double keys[PLAN_MAX];
    unsigned first = out->count;
    for (unsigned i = 0; i < group->count; i++) {
        const struct deployment *d = group->deployments[i];
        if (!(d->wires & in->wires) || !health_ready(&in->health[d->index], d, in->now_ms, NULL))
            continue;
        if (!fits(in, d)) {
            out->too_long = true;
            continue;
        }
        double key = shuffle_key(d, in->draw);
        unsigned at = out->count;
        if (at == PLAN_MAX) {
            if (at == first || !comes_before(d, key, out->attempts[at - 1], keys[at - 1]))
                continue;
            at--;   /* the last one falls off */
        } else {
            out->count++;
        }
        for (; at > first && comes_before(d, key, out->attempts[at - 1], keys[at - 1]); at--) {
            out->attempts[at] = out->attempts[at - 1];
            keys[at] = keys[at - 1];
        }
        out->attempts[at] = d;
        keys[at] = key;
    }
}

/* All groups that may serve: the group itself, then its fallbacks. */
static const struct model_group *group_at(const struct model_group *group, unsigned i)
{
    return i == 0 ? group : group->fallbacks[i - 1];
}

/* Where nothing is ready: the one that could serve and rests shortest; NULL when none could. */
static const struct deployment *shortest_rest(const struct plan_input *in)
{
    const struct deployment *best = NULL;
    for (unsigned g = 0; g <= in->group->fallback_count; g++) {
        const struct model_group *other = group_at(in->group, g);
        for (unsigned i = 0; i < other->count; i++) {
            const struct deployment *d = other->deployments[i];
            if (!(d->wires & in->wires) || d->not_ready || *in->health[d->index].probe || !fits(in, d))
                continue;
            if (!best || in->health[d->index].resting_until < in->health[best->index].resting_until)
                best = d;
        }
    }
    return best;
}

static void explain(const struct plan_input *in, struct buf *why)
{
    for (unsigned g = 0; g <= in->group->fallback_count; g++) {
        const struct model_group *other = group_at(in->group, g);
        for (unsigned i = 0; i < other->count; i++) {
            const struct deployment *d = other->deployments[i];
            buf_add_format(why, "%s%s: ", why->len ? "; " : "", d->id);
            if (!health_ready(&in->health[d->index], d, in->now_ms, why))
                continue;
            if (d->wires & in->wires)
                buf_add_format(why, "takes %lld tokens, the prompt has about %lld", (long long)d->max_input_tokens,
                               (long long)plan_prompt_tokens(in, d));
            else
                buf_add_text(why, "does not speak what is asked");
        }
    }
}

void plan_make(const struct plan_input *in, struct plan *out, struct buf *why)
{
    unsigned limit = 1 + (unsigned)(in->config->num_retries + in->config->more_retries);
    out->count = 0;
    out->too_long = false;
    add_group(in, in->group, out);
    for (unsigned i = 0; i < in->group->fallback_count; i++) {
        bool last = i + 1 == in->group->fallback_count;
        /* The last resort gets a place even where those before it would take all. */
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
        const struct deployment *d = shortest_rest(in);
        if (d)
            out->attempts[out->count++] = d;
        else if (why)
            explain(in, why);
    }
}

bool plan_possible(const struct model_group *group, unsigned wires)
{
    for (unsigned g = 0; g <= group->fallback_count; g++) {
        const struct model_group *other = group_at(group, g);
        for (unsigned i = 0; i < other->count; i++)
            if (other->deployments[i]->wires & wires)
                return true;
    }
    return false;
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
