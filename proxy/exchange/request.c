/* loop: takes one request from its body to its end. The only file that changes a request's state. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/terms/failure.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>

#define KEEP_ALIVE_MS 10000 /* ms of silence before an open stream gets a keep-alive event */

/* allowed[from][to] */
static const bool allowed[REQUEST_STATES][REQUEST_STATES] = {
    [REQUEST_NEW] = {[REQUEST_LOOKING] = true, [REQUEST_CALLING] = true, [REQUEST_ENDED] = true},
    [REQUEST_LOOKING] = {[REQUEST_CALLING] = true, [REQUEST_ENDED] = true},
    [REQUEST_CALLING] = {[REQUEST_CALLING] = true,
                         [REQUEST_WAITING] = true,
                         [REQUEST_OPEN] = true,
                         [REQUEST_ENDED] = true},
    [REQUEST_WAITING] = {[REQUEST_CALLING] = true, [REQUEST_ENDED] = true},
    [REQUEST_OPEN] = {[REQUEST_ENDED] = true},
    [REQUEST_ENDED] = {false},
};

static void move(struct request *r, enum request_state to)
{
    assert(allowed[r->state][to]);
    r->state = to;
}

void request_waits(struct request *r)
{
    r->overhead_us += clock_monotonic_us() - r->mark_us;
}

void request_works(struct request *r)
{
    r->mark_us = clock_monotonic_us();
    r->heard_ms = r->mark_us / 1000;
}

void request_free_if_done(struct request *r)
{
    bool lost = r->first.state == ATTEMPT_LOST || (r->second && r->second->state == ATTEMPT_LOST);
    if (r->state == REQUEST_ENDED && !lost && !caching_compares(r))
        request_free(r);
}

static bool is_in_flight(const struct attempt *a)
{
    return a->state == ATTEMPT_STARTED || a->state == ATTEMPT_ANSWERING;
}

/* Ends the request; every path ends here. */
static void end(struct request *r, int status, const char *how)
{
    assert(!is_in_flight(&r->first) && (!r->second || !is_in_flight(r->second)));
    move(r, REQUEST_ENDED);
    caching_end(r);
    holding_settle(r, status);
    if (caching_detached(r)) {
        status = 499;
        how = "cancelled";
    }
    if (status != 499)
        outcome_request_ended(r);
    if (!caching_compare(r, status, how))
        request_journal(r, status, how);
    request_free_if_done(r);
}

/* Answers with the failure and ends the request. */
static void refuse(struct request *r, const struct failure *f, const char *how)
{
    holding_settle(r, failure_rule(f->kind)->status);
    int status = request_send_failure(r, f);
    end(r, status, how);
}

/* Answers that the client's virtual key does not allow the request, and ends it. */
static void refuse_key(struct request *r, const struct key_refusal *refusal)
{
    struct buf body;
    buf_init(&body, 4096);
    (void)key_refusal_body(refusal, &body);
    r->holding->refused = refusal;
    request_send_body(r, refusal->status, refusal->retry_after_s ? refusal->retry_after_s : -1, &body);
    r->holding->refused = NULL;
    buf_free(&body);
    end(r, refusal->status, "refused");
}

static void refuse_body(struct request *r, const struct model_request_error *error, int status)
{
    struct buf body;
    buf_init(&body, 16u << 10);
    if (error->no_memory) {
        failure_set(&r->failure, FAILURE_INTERNAL, "out of memory: can't read the request");
        refuse(r, &r->failure, "failed");
        return;
    }
    model_request_error_body(error, &body);
    request_send_body(r, status, -1, &body);
    buf_free(&body);
    end(r, status, "refused");
}

void request_open(struct attempt *a)
{
    struct request *r = a->request;
    hedge_won(a);
    move(r, REQUEST_OPEN);
    attempt_answers(a);
    request_start_stream(r);
}

void request_complete(struct attempt *a, struct slice last)
{
    struct request *r = a->request;
    attempt_end(a, NULL, 200, END_FINAL);
    caching_complete(a);
    caching_gives(r);
    holding_settle(r, 200);
    if (r->model_request.stream)
        request_end_stream(r, last);
    else
        request_send_reply(r, 200, -1, relay_content_type(a->relay), last);
    end(r, 200, relay_incomplete(a->relay) ? "incomplete" : "completed");
}

/* The reply has begun and can't be completed: ends it as failed. */
static void interrupt(struct request *r, const struct failure *f, enum attempt_end how)
{
    struct slice last = {NULL, 0};
    attempt_end(r->attempt, f, 200, how);
    holding_settle(r, 200);
    if (relay_fail(r->attempt->relay, f, &last))
        request_end_stream(r, last);
    else
        request_abort_stream(r);
    end(r, 200, f->kind == FAILURE_CUT ? "cut" : "failed");
}

/* Answers without a call, which costs nothing: a spending limit that has left no deployment does not matter. */
static void answer_at_once(struct request *r, struct slice whole)
{
    r->failure = (struct failure){.kind = FAILURE_NONE};
    caching_gives(r);
    holding_settle(r, 200);
    if (r->model_request.stream) {
        request_start_stream(r);
        request_end_stream(r, whole);
    } else {
        request_send_reply(r, 200, -1, relay_content_type(r->attempt->relay), whole);
    }
    end(r, 200, "completed");
}

static void start(struct request *r, unsigned plan_index, unsigned repeated)
{
    move(r, REQUEST_CALLING);
    hedge_arm(r);
    attempt_begin(r->attempt, plan_index, repeated);
}

static void on_waited(evutil_socket_t fd, short what, void *ctx)
{
    struct request *r = ctx;
    (void)fd, (void)what;
    request_works(r);
    start(r, r->attempt->plan_index, r->attempt->repeated + 1);
}

/* Whether the failed attempt can be repeated after `ms` (-1: no). */
static bool can_wait(struct request *r, int ms)
{
    if (ms < 0 || r->repeats == REPEATS_MAX)
        return false;
    if (!r->wait)
        r->wait = evtimer_new(r->shared->base, on_waited, r);
    return r->wait != NULL;
}

static void repeat_later(struct request *r, const struct failure *f, int ms)
{
    struct timeval delay = {ms / 1000, ms % 1000 * 1000};
    move(r, REQUEST_WAITING);
    r->repeats++;
    if (evtimer_add(r->wait, &delay) != 0)
        event_active(r->wait, EV_TIMEOUT, 0); /* out of memory: repeat at once */
    request_waits(r);
    log_debug("request %s: retry in %d ms: %s", r->id, ms, f->message);
}

/* Starts the next attempt; ends the request if there is none. */
static void try_next(struct request *r, const struct failure *f)
{
    unsigned plan_index;
    log_debug("request %s: %s: %s", r->id, failure_rule(f->kind)->name, f->message);
    failure_join(&r->failure, f);
    r->failed++;
    if (request_next(r, f, &plan_index))
        start(r, plan_index, 0);
    else
        refuse(r, &r->failure, "failed");
}

void request_attempt_failed(struct attempt *a, int status)
{
    struct request *r = a->request;
    struct failure *f = &a->failure;
    failure_name(f, a->deployment->id);
    if (r->state == REQUEST_OPEN) {
        interrupt(r, f, END_FINAL);
        return;
    }
    if (hedge_continues(a, status))
        return;
    struct omissions *again_without = r->repeats < REPEATS_MAX ? omit_find(a) : NULL;
    int ms = again_without ? 0 : request_repeat_ms(a);
    bool repeats = again_without || can_wait(r, ms);
    attempt_end(a, f, status, repeats ? END_REPEATED : END_FINAL);
    if (again_without) {
        r->ended[r->ended_count - 1].again_without = again_without;
        r->repeats++;
        start(r, a->plan_index, a->repeated);
    } else if (repeats) {
        repeat_later(r, f, ms);
    } else {
        try_next(r, f);
    }
}

/* Makes the first call, if the spending limits leave a deployment. */
static void call_first(struct request *r, unsigned plan_index)
{
    if (r->plan.count)
        start(r, plan_index, 0);
    else
        refuse(r, &r->failure, "refused");
}

/* The cache has an answer, or none. */
static void on_landed(evutil_socket_t fd, short what, void *ctx)
{
    struct request *r = ctx;
    struct slice whole;
    (void)fd, (void)what;
    request_works(r);
    switch (caching_landed(r, on_landed, &whole)) {
    case CACHING_NONE: call_first(r, request_first(r)); break;
    case CACHING_HIT: answer_at_once(r, whole); break;
    case CACHING_WAITS: request_waits(r); break;
    }
}

/* The request has a plan. */
static void begin_planned(struct request *r)
{
    struct slice whole;
    switch (r->shared->cache ? caching_look(r, on_landed, &whole) : CACHING_NONE) {
    case CACHING_NONE: call_first(r, 0); break;
    case CACHING_HIT: answer_at_once(r, whole); break;
    case CACHING_WAITS:
        move(r, REQUEST_LOOKING);
        request_waits(r);
        break;
    }
}

void request_begin(struct exchange_shared *shared, struct client *client, enum wire wire, enum entrance entrance)
{
    struct request *r = request_make(shared, client, entrance);
    struct model_request_error error = {0};
    struct key_refusal refusal;
    if (!r) {
        client_send_no_memory(client);
        return;
    }
    struct slice thread_id = http_field(client_head(client), "thread-id");
    bool read = model_request_read(&r->model_request, wire, thread_id, client_body(client), &error);
    if (read)
        holding_rename(r);
    int refused = read ? request_plan(r, &error) : 400;
    if (refused)
        refuse_body(r, &error, refused);
    else if (!holding_begin(r, &refusal))
        refuse_key(r, &refusal);
    else if (r->plan.count || r->plan.unaffordable)
        begin_planned(r);
    else
        refuse(r, &r->failure, "refused");
}

/* Nobody wants the reply. */
static void cancel(struct request *r)
{
    struct request *leader = caching_leave(r);
    attempt_cancel(r->attempt);
    hedge_drop(r);
    r->client = NULL;
    if (is_in_flight(r->attempt))
        attempt_end(r->attempt, NULL, 0, END_CANCELLED);
    end(r, 499, "cancelled");
    if (leader)
        cancel(leader);
}

static void resume(struct attempt *a)
{
    if (a->paused && a->call) {
        a->paused = false;
        call_resume(a->call);
    }
}

void request_client_drained(struct request *r)
{
    resume(&r->first);
    if (r->second)
        resume(r->second);
}

void request_client_gone(struct request *r)
{
    if (!caching_goes_on(r)) {
        cancel(r);
        return;
    }
    r->client = NULL;
    request_client_drained(r);
}

void request_tick_all(struct exchange_shared *shared)
{
    uint64_t now = clock_monotonic_ms();
    for (struct request *r = shared->all; r; r = r->next) {
        struct slice send = {NULL, 0};
        if (r->state != REQUEST_OPEN || !r->model_request.stream || now - r->heard_ms < KEEP_ALIVE_MS)
            continue;
        r->heard_ms = now;
        relay_keep_alive(r->attempt->relay, &send);
        request_send(r, send, false);
    }
}

void request_end_all(struct exchange_shared *shared)
{
    struct failure f;
    failure_set(&f, FAILURE_OVERLOADED, "pointsman is stopping");
    for (struct request *r; (r = shared->all);) {
        attempt_cancel(r->attempt);
        hedge_drop(r);
        if (r->state == REQUEST_ENDED) {
            caching_end_comparison(r);
            request_free_if_done(r);
        } else if (r->state == REQUEST_OPEN) {
            interrupt(r, &f, END_CANCELLED);
        } else {
            if (is_in_flight(r->attempt))
                attempt_end(r->attempt, &f, 0, END_CANCELLED);
            refuse(r, &f, "failed");
        }
    }
}
