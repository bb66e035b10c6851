/* loop: records the results of attempts in health, request log and affinity. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/exchange/sharing.h"
#include "proxy/terms/failure.h"
#include "proxy/terms/usage.h"

#include <assert.h>
#include <math.h>

static struct health *health_of(const struct attempt *a)
{
    return &a->request->shared->health[a->deployment->index];
}

void outcome_started(struct attempt *a)
{
    const struct request *r = a->request;
    struct health *h = health_of(a);
    int64_t prompt = usage_estimate(r->model_request.prompt_bytes, 0, h->calibration.bytes_per_token).input;
    a->started_ms = clock_monotonic_ms();
    a->health_attempt = health_started(h, r->shared->config, a->deployment, prompt, a->started_ms);
    sharing_started(r->shared, a->deployment, &a->health_attempt);
    if (!r->model_request.stream)
        health_not_streamed(h, &a->health_attempt);
}

void outcome_answered(struct attempt *a)
{
    health_answered(health_of(a), &a->health_attempt, a->first_content_ms);
    outcome_omitted(a);
}

void outcome_limits(const struct attempt *a, const struct call_reply *reply)
{
    health_set_rate_limits(health_of(a), &reply->limits, clock_monotonic_ms());
}

static void refused(const struct attempt *a, const struct omissions *found)
{
    struct buf names;
    if (!found->parts || !health_refused(health_of(a), found, clock_monotonic_ms()))
        return;
    buf_init(&names, 1024);
    omissions_describe(found, &names);
    log_info("%s refuses %s: for a day, or until a reload, requests are sent without%s", a->deployment->id,
             buf_text(&names),
             found->parts & PART_RESPONSES ? "; use_chat_completions_api: true says so for good" : "");
    buf_free(&names);
}

void outcome_omitted(const struct attempt *a)
{
    const struct request *r = a->request;
    for (unsigned i = 0; r->repeats && i < r->ended_count; i++) {
        const struct journal_attempt *ended = &r->ended[i];
        /* A wildcard's other models may take what one refuses, but all lack the same paths. */
        bool of_all = !a->deployment->wildcard || ended->outcome == FAILURE_NOT_FOUND;
        if (ended->deployment == a->deployment && ended->again_without && of_all)
            refused(a, ended->again_without);
    }
}

void outcome_lacks_api(const struct attempt *a)
{
    struct omissions found = {.parts = a->body.wire == WIRE_RESPONSES ? PART_RESPONSES : PART_CHAT};
    refused(a, &found);
}

/* Whether the failure counts against the deployment. Faults of the request do not, nor does a chat model that rejects
 * embeddings, which providers report in several ways, nor a server that lacks one of the two APIs, nor a model that a
 * wildcard's provider does not have. */
static bool is_deployment_error(const struct attempt *a, const struct failure *f)
{
    if (failure_cooldown_s(f) == 0 || omit_can_switch_api(a) ||
        (a->deployment->wildcard && f->kind == FAILURE_NOT_FOUND))
        return false;
    return (a->request->model_request.wire & WIRES_BRIDGED) ||
           (f->kind != FAILURE_AUTH && f->kind != FAILURE_NOT_FOUND);
}

/* Time to the first content, ms; the total time if not streamed; -1: no content. */
static int64_t ttft_ms(const struct attempt *a, uint64_t now)
{
    if (!a->first_content_ms)
        return -1;
    return (int64_t)((a->request->model_request.stream ? a->first_content_ms : now) - a->started_ms);
}

static void note_in_journal(const struct attempt *a, const struct outcome *o, bool lost)
{
    struct request *r = a->request;
    assert(r->ended_count < ATTEMPTS_MAX);
    r->ended[r->ended_count++] = (struct journal_attempt){.deployment = a->deployment,
                                                          .outcome = o->failure ? o->failure->kind : FAILURE_NONE,
                                                          .status = o->status,
                                                          .ms = (uint32_t)o->total_ms,
                                                          .lost = lost,
                                                          .cost_usd = o->cost_usd,
                                                          .pattern = o->failure ? o->failure->pattern : NULL};
}

void outcome_ended(struct attempt *a, const struct failure *f, int status, enum attempt_end how)
{
    const struct request *r = a->request;
    const struct exchange_shared *shared = r->shared;
    struct health *h = health_of(a);
    uint64_t now = clock_monotonic_ms();
    struct usage usage = a->relay && a->first_content_ms ? relay_usage(a->relay) : USAGE_UNKNOWN;
    struct outcome outcome = {
        .failure = f,
        .status = status,
        .ttft_ms = ttft_ms(a, now),
        .total_ms = (int64_t)(now - a->started_ms),
        .prompt_tokens = usage.input,
        .prompt_bytes = usage.estimated ? 0 : r->model_request.prompt_bytes,
        .output_tokens = usage.output,
        .cost_usd = attempt_cost(a, &usage, f, how),
        .cancelled = how == END_CANCELLED || how == END_LOST,
        .deployment_error = how == END_FINAL && f && is_deployment_error(a, f),
        .draw = shared->id_prefix + shared->id_count,
    };
    note_in_journal(a, &outcome, how == END_LOST);
    debug_ended(a, outcome.ttft_ms, how);
    request_charge(a->request, outcome.cost_usd);
    if (shared->gate && !f && usage.output >= 0)
        ewma_add(&h->seen.output_squares, (double)usage.output * (double)usage.output,
                 shared->config->strategy_settings.half_life_ms, now);
    int64_t correction = health_ended(h, shared->config, a->deployment, &a->health_attempt, &outcome, now);
    sharing_ended(r->shared, a->deployment, &a->health_attempt, correction, now);
    if (shared->adaptive)
        adaptive_learn(shared->adaptive, a->deployment, h, &outcome, now, clock_unix_ms());
    if (!f && !outcome.cancelled)
        outcome_omitted(a);
    if (!f && !outcome.cancelled)
        affinity_record(shared->affinity, r->affinity_key, a->deployment->index, usage.input, now);
    if (!f && !outcome.cancelled && r->prompt.prefix.items)
        prefixes_record(shared->prefixes, r->affinity_key, r->prompt.line < PREFIX_LINES ? &r->turn_before : NULL,
                        &r->prompt.prefix);
}

void outcome_request_ended(const struct request *r)
{
    const struct attempt *a = r->attempt;
    struct usage usage = a->relay ? relay_usage(a->relay) : USAGE_UNKNOWN;
    uint64_t now = clock_monotonic_ms();
    if (!r->adaptive || !r->ended_count)
        return;
    const struct journal_attempt *last = &r->ended[r->ended_count - 1];
    bool error = last->outcome != FAILURE_NONE;
    if (error && failure_rule(last->outcome)->cooldown_s == 0)
        return; /* the request was at fault and would fail in either arm */
    struct canary_sample sample = {
        .conversation = r->model_request.conversation,
        .ttft_ms = (double)(a->first_content_ms - r->started_ms),
        .total_ms = (double)(now - r->started_ms),
        .cost_usd = spending_cost(last->deployment, &usage),
        .quality = last->deployment->quality / 100,
        .error = error,
    };
    if (adaptive_request_ended(r->shared->adaptive, &sample))
        log_warning("adaptive router: back to shadow mode: %s", adaptive_rollback_reason(r->shared->adaptive));
}
