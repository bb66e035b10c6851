/* loop: which attempts an exchange makes, what each asks of its upstream, and what the reply means. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/failure.h"
#include "proxy/route/retry.h"
#include "proxy/serve/sharing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the group or its fallbacks have deployments without: nothing else of a request needs to be known. */
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

/* Lets the adaptive router look at the plan. */
static void adapt(struct exchange *x, const struct plan_input *input, struct plan *plan)
{
    x->adaptive = malloc(sizeof *x->adaptive);
    if (x->adaptive && adaptive_plan(x->shared->adaptive, input, plan, clock_unix_ms(), x->adaptive))
        return;
    free(x->adaptive);
    x->adaptive = NULL;
}

/* Money may have taken out what the adaptive router had put first. */
static void confirm(struct exchange *x)
{
    struct markov_decision *d = x->adaptive;
    if (d && d->applied)
        d->applied = x->plan.count && strcmp(x->plan.attempts[0]->id, d->name[d->suggested]) == 0;
}

/* Plans the attempts at a group; why nothing can serve goes into `why`, which may be NULL. */
static void plan_group(struct exchange *x, const struct model_group *group, struct plan *plan, struct buf *why)
{
    const struct model_request *request = &x->request;
    struct plan_input input = {
        .config = x->shared->config,
        .group = group,
        .wires = request->upstream_wires,
        .health = x->shared->health,
        .now_ms = clock_monotonic_ms(),
        .draw = request->conversation,
        .prompt_bytes = request->prompt_bytes,
        .strategy = x->entrance == ENTRANCE_RISK ? x->shared->config->risk_strategy : NULL,
        .min_quality = x->group->min_quality,
        .needs = model_request_needs(request, lacked_by_some(group)),
        .stay = affinity_find(x->shared->affinity, x->affinity_key),
    };
    plan_make(&input, plan, why);
    if (x->shared->adaptive && group == x->group)
        adapt(x, &input, plan);
}

/* Puts the detour's plan in place of the present one, where somebody there can serve. */
static bool take_detour(struct exchange *x, const struct model_group *detour)
{
    struct plan plan;
    if (!detour || x->detoured)
        return false;
    plan_group(x, detour, &plan, NULL);
    if (!plan.count || !exchange_hold_money(x, &plan))
        return false;
    x->plan = plan;
    x->detoured = true;
    x->planned = x->attempt_count;
    x->attempt = 0;
    return true;
}

/* Whether the attempt belongs to another group than that of the request, or is none. */
static bool is_elsewhere(const struct exchange *x, unsigned attempt)
{
    return attempt >= x->plan.count || strcmp(x->plan.attempts[attempt]->alias, x->group->deployments[0]->alias) != 0;
}

int exchange_make_plan(struct exchange *x, struct model_request_error *error)
{
    const struct model_request *request = &x->request;
    *error = (struct model_request_error){.param = "model", .code = "model_not_found"};
    x->group = config_group(x->shared->config, slice_of(request->model));
    if (!x->group) {
        (void)snprintf(error->message, sizeof error->message,
                       "The model '%.100s' is not configured here; GET /v1/models lists those that are.",
                       request->model);
        return 404;
    }
    if (request->upstream_wires != WIRES_BRIDGED && !plan_possible(x->group, request->upstream_wires)) {
        model_request_unserved(request, error);
        return 400;
    }
    x->affinity_key = affinity_key(request->conversation, x->group->alias);
    sharing_sync(x->shared);
    struct buf why;
    buf_init(&why, 400);
    plan_group(x, x->group, &x->plan, &why);
    if (x->plan.too_long && is_elsewhere(x, 0))
        (void)take_detour(x, x->group->on_context);
    if (!x->plan.count)
        failure_set(&x->failure, x->plan.too_long ? FAILURE_CONTEXT : FAILURE_NOT_FOUND,
                    "No deployment of '%.100s' can serve this now: %.*s", request->model, (int)why.len,
                    why.data ? why.data : "");
    else if (!x->detoured)
        (void)exchange_hold_money(x, &x->plan); /* where it says no, the plan is empty and x->failure set */
    confirm(x);
    buf_free(&why);
    return 0;
}

bool exchange_repeats(const struct exchange *x, const struct failure *f)
{
    unsigned failed = x->attempt_count + 1 - x->planned - x->repeats; /* this one is not booked yet */
    struct retry_input input = {x->shared->config, x->group, &x->plan, x->attempt, failed, f->kind};
    return !x->first_content_ms && /* an answer that had begun was worked for */
           retry_same(&input, f, exchange_health(x), x->retries, clock_monotonic_ms() - x->attempt_ms);
}

bool exchange_next(struct exchange *x, enum failure_kind kind)
{
    unsigned next = retry_next(&(struct retry_input){x->shared->config, x->group, &x->plan, x->attempt,
                                                     x->attempt_count - x->planned - x->repeats, kind});
    const struct model_group *detour = kind == FAILURE_CONTEXT          ? x->group->on_context
                                       : kind == FAILURE_CONTENT_FILTER ? x->group->on_content_filter
                                                                        : NULL;
    if (is_elsewhere(x, next) && take_detour(x, detour))
        return true;
    if (next == x->plan.count)
        return false;            /* x->attempt stays: it is the one that is spoken of */
    if (kind != FAILURE_CONTEXT) /* the next one with a larger window, that is */
        next = plan_free(&x->plan, next, x->shared->health, clock_monotonic_ms());
    x->attempt = next;
    return true;
}

/* Adds a header line, ended by a NUL. */
static PRINTF_LIKE(2, 3) void add_line(struct buf *lines, const char *format, ...)
{
    char line[CALL_FIELDS_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    lines->failed |= len < 0 || (size_t)len >= sizeof line;
    buf_add(lines, line, strlen(line) + 1);
    explicit_bzero(line, sizeof line);
}

/* The header lines of a call with the ChatGPT login. The conversation's name serves the backend's prompt cache; Codex
 * has written it in both ways. */
static bool add_login_lines(const struct exchange *x, struct buf *lines)
{
    const struct login *login = x->shared->login;
    unsigned long long conversation = x->request.conversation;
    add_line(lines, "Authorization: Bearer %s", login_access_token(login));
    if (*login_account_id(login))
        add_line(lines, "chatgpt-account-id: %s", login_account_id(login));
    add_line(lines, "originator: %s", exchange_deployment(x)->originator);
    add_line(lines, "session_id: %016llx", conversation);
    add_line(lines, "session-id: %016llx", conversation);
    return !lines->failed;
}

/* Points at each of the lines; ends with a NULL. */
static void point_at_lines(const struct buf *lines, const char *fields[], size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < lines->len && count + 1 < max; at += strlen(lines->data + at) + 1)
        fields[count++] = lines->data + at;
    fields[count] = NULL;
}

void exchange_start_call(struct exchange *x, const struct call_events *events)
{
    const struct deployment *d = exchange_deployment(x);
    bool signs_in = d->provider->sign_in == SIGN_IN_CHATGPT;
    bool stream = x->request.stream || signs_in; /* that backend streams and nothing else */
    const char *fields[8];
    struct buf lines;
    struct call_request request = {
        .deployment = d,
        .path = wire_path(x->outgoing.wire),
        .fields = signs_in ? fields : NULL,
        .body = x->outgoing.body,
        .stream = stream,
        .first_timeout_ms = stream ? d->stream_timeout_ms : d->timeout_ms,
        .idle_timeout_ms = d->timeout_ms,
        .total_timeout_ms = x->request.stream ? 0 : d->timeout_ms,
    };
    buf_init(&lines, 2 * CALL_FIELDS_MAX);
    if (!signs_in || (buf_reserve(&lines, lines.max) && add_login_lines(x, &lines))) {
        point_at_lines(&lines, fields, sizeof fields / sizeof *fields);
        x->login_generation = signs_in ? login_generation(x->shared->login) : 0;
        x->call = call_start(x->shared->upstream, &request, events, x);
    }
    buf_wipe(&lines);
}

bool exchange_make_relay(struct exchange *x, bool event_stream)
{
    relay_free(x->relay);
    x->relay = relay_new(&(struct relay_options){
        .client_wire = x->request.wire,
        .upstream_wire = x->outgoing.wire,
        .client_stream = x->request.stream,
        .upstream_stream = event_stream,
        .hold = x->shared->config->hold_streams,
        .turn = x->outgoing.turn,
        .alias = is_elsewhere(x, x->attempt) ? exchange_deployment(x)->upstream_model : x->request.model,
        .response_id = x->id,
        .created_s = x->started_unix_ms / 1000,
        .carrier_key = x->outgoing.carrier_key,
        .deployment_id = slice_of(exchange_deployment(x)->id),
        .prompt_bytes = x->request.prompt_bytes,
        .bytes_per_token = x->shared->health[exchange_deployment(x)->index].calibration.bytes_per_token,
    });
    return x->relay != NULL;
}

bool exchange_reply_failure(const struct exchange *x, const struct call_reply *reply, enum failure_kind kind,
                            const char *message, struct failure *f)
{
    const char *base = exchange_deployment(x)->api_base;
    if (reply->status >= 400 || (reply->status && reply->status < 200)) {
        int wait = reply->retry_after_s >= 0 ? reply->retry_after_s : rate_limits_wait(&reply->limits);
        failure_from_reply(f, reply->status, wait, buf_slice(&x->error_body));
    } else if (reply->status >= 300) {
        failure_set(f, FAILURE_PROTOCOL,
                    "%s answered with a redirect (%d), which is never followed: a key goes to its own "
                    "server only. Mend api_base.",
                    base, reply->status);
    } else if (kind != FAILURE_NONE && !(x->relay && relay_finished(x->relay))) {
        failure_set(f, kind, "%s: %s", base, message);
    } else if (!x->relay) {
        failure_set(f, FAILURE_EMPTY, "the upstream's reply has no body");
    } else {
        return false;
    }
    return true;
}
