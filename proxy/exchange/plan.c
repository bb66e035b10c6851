/* loop: which deployments a request tries, in which order, and what follows a failed attempt. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/bridge/segments.h"
#include "proxy/route/retry.h"
#include "proxy/exchange/sharing.h"
#include "proxy/terms/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No deployment is available. A server that is down may be back when the client retries; other reasons stay. */
static void fail_plan(struct request *r, const char *why)
{
    enum failure_kind kind = r->plan.too_long ? FAILURE_CONTEXT : r->plan.down ? FAILURE_CONNECT : FAILURE_NOT_FOUND;
    failure_set(&r->failure, kind, "No deployment of '%.100s' is available: %s", r->model_request.model, why);
    if (kind == FAILURE_CONNECT)
        r->failure.retry_after_s = HEALTH_DOWN_S;
}

/* Capabilities that some deployment of the group or its fallbacks lacks; only these are looked for in the request. */
static unsigned lacked_by_some(const struct model_group *group)
{
    unsigned lacks = 0;
    for (unsigned g = 0; g <= group->fallback_count; g++) {
        const struct model_group *other = g == 0 ? group : group->fallbacks[g - 1];
        for (unsigned i = 0; i < other->count; i++)
            lacks |= other->deployments[i]->lacks;
    }
    return lacks;
}

/* Lets the adaptive router see and change the plan. */
static void adapt(struct request *r, const struct plan_input *input, struct plan *plan)
{
    r->adaptive = malloc(sizeof *r->adaptive);
    if (r->adaptive && adaptive_plan(r->shared->adaptive, input, plan, clock_unix_ms(), r->adaptive))
        return;
    free(r->adaptive);
    r->adaptive = NULL;
}

/* A cost limit may have removed the adaptive router's choice. */
static void confirm(struct request *r)
{
    struct markov_decision *d = r->adaptive;
    if (d && d->applied)
        d->applied = r->plan.count && strcmp(r->plan.attempts[0]->id, d->name[d->suggested]) == 0;
}

/* Plans the attempts for a group. Appends to `why`, which may be NULL, why no deployment is available. */
static void plan_group(struct request *r, const struct model_group *group, struct plan *plan, struct buf *why)
{
    const struct model_request *m = &r->model_request;
    struct plan_input input = {
        .config = r->shared->config,
        .group = group,
        .wires = m->upstream_wires,
        .health = r->shared->health,
        .now_ms = clock_monotonic_ms(),
        .draw = m->conversation,
        .prompt_bytes = m->prompt_bytes,
        .strategy = r->entrance == ENTRANCE_RISK ? strategy_get(r->shared->config->risk_strategy) : NULL,
        .min_quality = r->group->min_quality,
        .needs = model_request_needs(m, lacked_by_some(group)),
        .affinity = affinity_find(r->shared->affinity, r->affinity_key),
    };
    plan_make(&input, plan, why);
    if (r->shared->adaptive && group == r->group)
        adapt(r, &input, plan);
}

/* Replaces the plan by the prompt fallback's, if a deployment there is available. */
static bool take_prompt_fallback(struct request *r, const struct model_group *fallback)
{
    struct plan plan;
    if (!fallback || r->on_prompt_fallback)
        return false;
    plan_group(r, fallback, &plan, NULL);
    if (!plan.count || !request_reserve_plan(r, &plan))
        return false;
    r->plan = plan;
    r->on_prompt_fallback = true;
    r->failed = 0;
    return true;
}

bool request_is_fallback(const struct request *r, const struct deployment *d)
{
    return strcmp(d->alias, r->group->deployments[0]->alias) != 0;
}

/* Whether the plan ends or leaves the request's group at that index. */
static bool leaves_group(const struct request *r, unsigned plan_index)
{
    return plan_index >= r->plan.count || request_is_fallback(r, r->plan.attempts[plan_index]);
}

static void read_segments(struct request *r)
{
    const struct prefixes *prefixes = r->shared->prefixes;
    struct prefix lines[PREFIX_LINES];
    unsigned count = prefixes_find(prefixes, r->affinity_key, lines);
    segments_read(&r->model_request, prefixes->seed, lines, count, &r->prompt);
    if (r->prompt.line < count)
        r->turn_before = lines[r->prompt.line];
}

int request_plan(struct request *r, struct model_request_error *error)
{
    const struct model_request *m = &r->model_request;
    *error = (struct model_request_error){.param = "model", .code = "model_not_found"};
    r->group = config_match(r->shared->config, slice_of(m->model), &r->model_request.star);
    if (!r->group) {
        (void)snprintf(error->message, sizeof error->message,
                       "Unknown model '%.100s'. GET /v1/models lists the configured models; "
                       "router_settings.model_group_alias gives one of them another name.",
                       m->model);
        return 404;
    }
    if (m->upstream_wires != WIRES_BRIDGED && !plan_possible(r->group, m->upstream_wires)) {
        model_request_unserved(m, error);
        return 400;
    }
    r->affinity_key = affinity_key(m->conversation, r->group->alias);
    if (r->shared->prefixes && (m->wire & WIRES_BRIDGED))
        read_segments(r);
    if (journal_has(r->shared->journal, JOURNAL_SESSION))
        model_request_effort(m, r->effort);
    sharing_sync(r->shared);
    struct buf why;
    buf_init(&why, 400);
    plan_group(r, r->group, &r->plan, &why);
    if (r->plan.too_long && leaves_group(r, 0))
        (void)take_prompt_fallback(r, r->group->on_context);
    if (!r->plan.count)
        fail_plan(r, buf_text(&why));
    else if (!r->on_prompt_fallback)
        (void)request_reserve_plan(r, &r->plan); /* false: the plan is empty and r->failure is set */
    confirm(r);
    debug_planned(r, buf_text(&why));
    buf_free(&why);
    return 0;
}

/* `failed`: failed deployments of the plan. */
static struct retry_input retry_input(const struct attempt *a, unsigned failed, const struct failure *f)
{
    const struct request *r = a->request;
    return (struct retry_input){r->shared->config, r->group,          &r->plan, a->plan_index, failed,
                                f->kind,           failure_goes_on(f)};
}

int request_repeat_ms(const struct attempt *a)
{
    const struct failure *f = &a->failure;
    const struct request *r = a->request;
    struct retry_input input = retry_input(a, r->failed + 1, f);
    uint64_t took_ms = clock_monotonic_ms() - a->started_ms;
    if (failure_retries(f) && a->repeated == 0)
        return 0;
    int ms = retry_wait_ms(&a->deployment->retry, a->repeated, f, r->shared->id_prefix + r->shared->id_count);
    if (ms >= 0)
        return ms;
    if (a->first_content_ms) /* the provider had begun to answer: not a quick failure */
        return -1;
    return retry_same(&input, f, attempt_health(a), a->repeated, took_ms) ? 0 : -1;
}

unsigned request_first(const struct request *r)
{
    return plan_available(&r->plan, 0, r->shared->health, clock_monotonic_ms());
}

bool request_next(struct request *r, const struct failure *f, unsigned *plan_index)
{
    enum failure_kind kind = f->kind;
    struct retry_input input = retry_input(r->attempt, r->failed, f);
    unsigned next = retry_next(&input);
    bool too_long = kind == FAILURE_CONTEXT || kind == FAILURE_TOO_LARGE;
    const struct model_group *fallback = too_long                         ? r->group->on_context
                                         : kind == FAILURE_CONTENT_FILTER ? r->group->on_content_filter
                                                                          : NULL;
    *plan_index = 0;
    if (failure_stops(f))
        return false;
    if (leaves_group(r, next) && take_prompt_fallback(r, fallback))
        return true;
    if (next == r->plan.count)
        return false;
    if (kind != FAILURE_CONTEXT) /* else it must be the next one with a larger window */
        next = plan_available(&r->plan, next, r->shared->health, clock_monotonic_ms());
    *plan_index = next;
    return true;
}
