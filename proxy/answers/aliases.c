/* pure: the aliases on the key page: readiness, deployments and their results. */
#include "proxy/answers/private.h"

#include "proxy/route/plan.h"

#include <math.h>
#include <string.h>

static bool group_ready(const struct answers *a, const struct model_group *group, struct buf *why)
{
    struct buf one;
    bool ready = false;
    buf_init(&one, 1024);
    for (unsigned i = 0; i < group->count && !ready; i++) {
        buf_clear(&one);
        ready = answers_ready(a, group->deployments[i], &one);
        /* Report a reason once, even if several deployments share it. */
        if (!ready && one.len && !(why->len && memmem(why->data, why->len, one.data, one.len))) {
            if (why->len)
                BUF_ADD(why, "; ");
            buf_add_slice(why, buf_slice(&one));
        }
    }
    buf_free(&one);
    if (ready)
        buf_clear(why);
    return ready;
}

/* The deployment for a new conversation, or for most of them if drawn by weight; NULL: none. */
static const struct deployment *serves_now(const struct answers *a, const struct model_group *group)
{
    struct plan_input in = {.config = a->config,
                            .group = group,
                            .wires = ~0u,
                            .health = a->health,
                            .now_ms = a->now_ms,
                            .strategy = strategy_get(a->strategy)};
    const struct deployment *best = NULL;
    struct plan plan;
    plan_make(&in, &plan, NULL);
    if (plan.strategy != &STRATEGY_SHUFFLE || !plan.count || plan.all_limited)
        return plan.count ? plan.attempts[0] : NULL;
    for (unsigned i = 0; i < group->count; i++) {
        const struct deployment *d = group->deployments[i];
        if (answers_ready(a, d, NULL) &&
            (!best || d->order < best->order || (d->order == best->order && d->weight > best->weight)))
            best = d;
    }
    return best ? best : plan.attempts[0];
}

static void add_deployment(const struct answers *a, const struct deployment *d, const struct deployment *serving,
                           struct container in)
{
    const struct health *h = &a->health[d->index];
    double ttft = ewma_mean(&h->seen.ttft_ms);
    struct buf why;
    buf_init(&why, 1024);
    bool ready = answers_ready(a, d, &why);
    document_add_text(in, "model", d->model);
    document_add_bool(in, "ready", ready);
    document_add_bool(in, "serves", d == serving);
    document_add_buf(in, "reason", &why);
    document_add_count(in, "calls", (int64_t)h->calls);
    document_add_count(in, "failed", (int64_t)(h->ended > h->successes ? h->ended - h->successes : 0));
    document_add_fixed(in, "ttft_ms", isfinite(ttft) ? ttft : -1, 0);
    buf_free(&why);
}

/* Adds the group's own deployments, and the one of a fallback group that would answer now, if any. */
static void add_deployments(const struct answers *a, const struct model_group *group, struct container in)
{
    const struct deployment *serving = serves_now(a, group);
    bool own = false;
    for (unsigned i = 0; i < group->count; i++) {
        add_deployment(a, group->deployments[i], serving, document_add_object(in, NULL));
        own |= group->deployments[i] == serving;
    }
    if (serving && !own)
        add_deployment(a, serving, serving, document_add_object(in, NULL));
}

void answers_aliases(const struct answers *a, bool with_deployments, struct container in)
{
    struct buf why;
    buf_init(&why, 2048);
    for (unsigned i = 0; i < a->config->group_count; i++) {
        const struct model_group *group = &a->config->groups[i];
        struct container alias = document_add_object(in, NULL);
        buf_clear(&why);
        bool ready = group_ready(a, group, &why);
        document_add_text(alias, "name", group->alias);
        document_add_bool(alias, "ready", ready);
        document_add_buf(alias, "reason", &why);
        if (with_deployments)
            add_deployments(a, group, document_add_array(alias, "deployments"));
    }
    buf_free(&why);
}
