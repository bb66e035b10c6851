/* loop: walks one request through the rooms; the only file that moves its state. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/bridge/refused.h"
#include "proxy/terms/failure.h"
#include "proxy/route/retry.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define SIGN_INS_MAX 3      /* of an attempt: with the file's other token, with a renewed one, and to hear why not */
#define KEEP_ALIVE_MS 10000 /* silence after which an open stream gets a sign of life */

/* allowed[from][to] */
static const bool allowed[EXCHANGE_STATES][EXCHANGE_STATES] = {
    [NEW] = {[CALLING] = true, [ENDED] = true},
    [CALLING] = {[CALLING] = true, [WAITING] = true, [OPEN] = true, [ENDED] = true},
    [WAITING] = {[CALLING] = true, [ENDED] = true},
    [OPEN] = {[ENDED] = true},
    [ENDED] = {false},
};

static void sign_in(struct exchange *x);

static void move(struct exchange *x, enum exchange_state to)
{
    assert(allowed[x->state][to]);
    x->state = to;
}

/* The end of every way through this file: the exchange is gone. */
static void end(struct exchange *x, int status, const char *how)
{
    move(x, ENDED);
    if (status != 499)
        exchange_request_ended(x);
    exchange_journal(x, status, how);
    exchange_free(x);
}

/* The request can't be served, and the client is told why. */
static void refuse(struct exchange *x, const struct failure *f, const char *how)
{
    int status = exchange_send_failure(x, f);
    end(x, status, how);
}

static void refuse_request(struct exchange *x, const struct model_request_error *error, int status)
{
    struct buf body;
    buf_init(&body, 16u << 10);
    if (error->no_memory) {
        failure_set(&x->failure, FAILURE_INTERNAL, "no memory to read the request");
        refuse(x, &x->failure, "failed");
        return;
    }
    model_request_error_body(error, &body);
    exchange_send_body(x, status, -1, &body);
    buf_free(&body);
    end(x, status, "refused");
}

/* The reply is complete. */
static void complete(struct exchange *x, struct slice last)
{
    exchange_call_ended(x, NULL, 200, CALL_OVER);
    if (x->request.stream)
        exchange_end_stream(x, last);
    else
        exchange_send_reply(x, 200, -1, relay_content_type(x->relay), last);
    end(x, 200, relay_incomplete(x->relay) ? "incomplete" : "completed");
}

/* The reply has begun and can't be completed: it ends as the failure that it is. */
static void break_off(struct exchange *x, const struct failure *f, enum call_end how)
{
    struct slice last = {NULL, 0};
    exchange_call_ended(x, f, 200, how);
    if (relay_fail(x->relay, f, &last))
        exchange_end_stream(x, last);
    else
        exchange_cut_stream(x);
    end(x, 200, f->kind == FAILURE_CUT ? "cut" : "failed");
}

static void on_waited(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    exchange_heard(ctx);
    exchange_start_attempt(ctx);
}

/* How long to wait before the same deployment is called again, where the failure, its provider's row or the plan allow
 * that; -1: not at all. */
static int wait_before_again(struct exchange *x, const struct failure *f)
{
    int ms = retry_wait_ms(&exchange_deployment(x)->retry, x->retries, f, x->shared->id_prefix + x->shared->id_count);
    if (ms < 0 && exchange_repeats(x, f))
        ms = 0;
    if (ms < 0 || x->repeats == EXCHANGE_RETRIES_MAX ||
        (!x->wait && !(x->wait = evtimer_new(x->shared->base, on_waited, x))))
        return -1;
    return ms;
}

static void call_again(struct exchange *x, const struct failure *f, int ms)
{
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    move(x, WAITING);
    x->retries++;
    x->repeats++;
    if (evtimer_add(x->wait, &wait) != 0)
        event_active(x->wait, EV_TIMEOUT, 0); /* without memory it is called again at once */
    exchange_waits(x);
    log_debug("request %s: called again in %d ms: %s", x->id, ms, f->message);
}

/* What of the translated request to leave out, so that the same deployment can be asked again at once: some servers
 * know no response_format, some models no images. What it refused is left out of its later requests too. */
static unsigned parts_to_leave_out(const struct exchange *x, const struct failure *f)
{
    unsigned more = refused_parts(f) & ~exchange_health(x)->without;
    return x->outgoing.wire == x->request.wire || x->repeats == EXCHANGE_RETRIES_MAX ? 0 : more;
}

/* The attempt under way has failed; its call is over. `f` is changed: it gets the deployment's name. */
static void attempt_failed(struct exchange *x, struct failure *f, int status)
{
    failure_name(f, exchange_deployment(x)->id);
    if (x->state == OPEN) {
        break_off(x, f, CALL_OVER);
        return;
    }
    if (exchange_rival_failed(x, f, status) || exchange_hand_over(x, f, status))
        return;
    unsigned without = parts_to_leave_out(x, f);
    int wait = without ? -1 : wait_before_again(x, f);
    exchange_call_ended(x, f, status, without || wait >= 0 ? CALL_REPEATED : CALL_OVER);
    if (without) {
        exchange_health(x)->without |= without;
        x->repeats++;
        exchange_start_attempt(x);
        return;
    }
    if (wait >= 0) {
        call_again(x, f, wait);
        return;
    }
    log_debug("request %s: %s: %s", x->id, failure_rule(f->kind)->name, f->message);
    failure_join(&x->failure, f);
    if (exchange_next(x, f->kind)) {
        x->retries = 0;
        exchange_start_attempt(x);
    } else {
        refuse(x, &x->failure, "failed");
    }
}

/* The first content is there: from here on this deployment serves the request, or nobody does. */
static void open_reply(struct exchange *x)
{
    exchange_first_content(x);
    move(x, OPEN);
    if (!x->first_content_ms)
        x->first_content_ms = clock_monotonic_ms();
    exchange_call_answered(x);
    exchange_start_stream(x);
}

/* Lets go of the call, whose listener must not be called any more. */
static void drop_call(struct exchange *x, void (*let_go)(struct call *))
{
    struct call *call = x->call;
    x->call = NULL;
    if (call)
        let_go(call);
}

/* Carries out what the relay made of the upstream's bytes: the one place that follows a relay's state. */
static void follow_relay(struct exchange *x, enum relay_state state, struct slice send)
{
    struct failure f;
    switch (state) {
    case RELAY_HOLD: break;
    case RELAY_OPEN:
        if (x->state == CALLING)
            open_reply(x);
        client_send(x->client, send, x->more);
        break;
    case RELAY_DONE:
        drop_call(x, call_release);
        if (x->state == CALLING && x->request.stream)
            open_reply(x); /* a stream whose first bytes are its last */
        if (!x->first_content_ms)
            x->first_content_ms = clock_monotonic_ms();
        complete(x, send);
        break;
    case RELAY_FAILED:
        f = *relay_failure(x->relay); /* a copy: the next attempt has a relay of its own */
        attempt_failed(x, &f, 200);
        break;
    }
}

/* Keeps what the reply says of the plan's limits. */
static void note_limits(struct exchange *x, const struct call_reply *reply)
{
    health_told_limits(exchange_health(x), &reply->limits, clock_monotonic_ms());
}

/* Keeps an error's words; what is beyond them is of no interest, nor is the connection then. */
static enum call_flow keep_error(struct exchange *x, struct slice bytes)
{
    size_t room = ERROR_BODY_MAX - x->error_body.len;
    buf_add(&x->error_body, bytes.ptr, bytes.len < room ? bytes.len : room);
    return bytes.len <= room ? CALL_GO_ON : CALL_STOP;
}

/* Whether the stream has said something since it had given `events`: before the first content nothing else counts,
 * after it any event. Comments, and bytes that complete no event, may go on for ever. */
static bool says_something(const struct exchange *x, uint64_t events)
{
    return relay_has_content(x->relay) && (!x->first_content_ms || relay_events(x->relay) > events);
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct exchange *x = ctx;
    struct slice send = {NULL, 0};
    if (x->lost)
        return CALL_STOP;
    if (reply->status < 200 || reply->status >= 300)
        return keep_error(x, bytes);
    if (client_is_full(x->client)) {
        x->paused = true;
        return CALL_PAUSE;
    }
    if (!x->relay) {
        note_limits(x, reply);
        if (!exchange_make_relay(x, reply->event_stream))
            return CALL_STOP;
    }
    x->more = reply->more;
    uint64_t events = relay_events(x->relay);
    enum relay_state state = relay_feed(x->relay, bytes, &send);
    if (state == RELAY_FAILED)
        return CALL_STOP; /* the next attempt can't be started with libcurl on the stack: on_done() does it */
    bool silent = reply->event_stream && !says_something(x, events);
    if (!silent)
        exchange_heard(x);
    if (!x->first_content_ms && relay_has_content(x->relay))
        x->first_content_ms = x->heard_ms;
    if (relay_finished(x->relay))
        call_ending(x->call);
    follow_relay(x, state, send);
    return silent && state != RELAY_DONE ? CALL_SILENT : CALL_GO_ON; /* done: `x` is gone, and the call let go */
}

/* The provider refused the login's token: whether another one is tried. */
static bool sign_in_again(struct exchange *x)
{
    if (exchange_deployment(x)->provider->sign_in != SIGN_IN_CHATGPT || ++x->sign_ins > SIGN_INS_MAX)
        return false;
    login_rejected(x->shared->login, x->login_generation);
    buf_clear(&x->error_body);
    sign_in(x);
    return true;
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind kind, const char *message)
{
    struct exchange *x = ctx;
    struct slice send = {NULL, 0};
    struct failure f;
    x->call = NULL;
    x->more = false;
    if (x->lost)
        return; /* exchange_end_lost() follows */
    exchange_heard(x);
    note_limits(x, reply);
    if (x->relay && relay_failure(x->relay)->kind != FAILURE_NONE) {
        follow_relay(x, RELAY_FAILED, send);
    } else if (reply->status == 401 && sign_in_again(x)) {
        return; /* on_signed_in() goes on */
    } else if (exchange_reply_failure(x, reply, kind, message, &f)) {
        attempt_failed(x, &f, reply->status);
    } else {
        enum relay_state state = relay_end(x->relay, &send);
        follow_relay(x, state, send);
    }
}

static const struct call_events call_events = {on_body, on_done};

/* The built-in model: its reply goes the same way as an upstream's. */
static void serve_echo(struct exchange *x)
{
    struct slice send = {NULL, 0};
    struct failure f;
    if (!exchange_make_relay(x, x->request.stream)) {
        failure_set(&f, FAILURE_INTERNAL, "no memory");
        attempt_failed(x, &f, 0);
        return;
    }
    enum relay_state state = relay_feed(x->relay, buf_slice(&x->outgoing.own), &send);
    follow_relay(x, state, send);
    if (state == RELAY_HOLD || state == RELAY_OPEN) {
        state = relay_end(x->relay, &send);
        follow_relay(x, state, send);
    }
}

static void start_call(struct exchange *x)
{
    struct failure f;
    errno = 0;
    exchange_start_call(x, &call_events);
    if (x->call) {
        exchange_waits(x);
        return;
    }
    failure_set(&f, FAILURE_INTERNAL, "the call can't be made: %s", strerror(errno ? errno : ENOMEM));
    attempt_failed(x, &f, 0);
}

static void on_signed_in(void *ctx, const struct failure *failure)
{
    struct exchange *x = ctx;
    struct failure f;
    if (!failure) {
        start_call(x);
        return;
    }
    f = *failure;
    attempt_failed(x, &f, 0);
}

/* Gets the login's token, now or later, and goes on with the call. */
static void sign_in(struct exchange *x)
{
    struct failure f;
    x->login_wait = (struct login_wait){.done = on_signed_in, .ctx = x};
    enum login_state state = login_get(x->shared->login, &x->login_wait, &f);
    if (state != LOGIN_WAITING)
        on_signed_in(x, state == LOGIN_FAILED ? &f : NULL);
}

void exchange_start_attempt(struct exchange *x)
{
    struct failure f;
    move(x, CALLING);
    relay_free(x->relay);
    x->relay = NULL;
    x->paused = false;
    x->sign_ins = 0;
    x->first_content_ms = 0;
    x->outgoing.without = exchange_health(x)->without;
    buf_clear(&x->error_body);
    exchange_call_started(x);
    exchange_arm_hedge(x);
    if (!outgoing_make(&x->outgoing, &x->request, client_body(x->client), exchange_deployment(x), &f))
        attempt_failed(x, &f, 0);
    else if (exchange_deployment(x)->provider->kind == PROVIDER_ECHO)
        serve_echo(x);
    else if (exchange_deployment(x)->provider->sign_in == SIGN_IN_CHATGPT)
        sign_in(x);
    else
        start_call(x);
}

static void plan_and_start(struct exchange *x)
{
    struct model_request_error error;
    int refused = exchange_make_plan(x, &error);
    if (refused)
        refuse_request(x, &error, refused);
    else if (x->plan.count)
        exchange_start_attempt(x);
    else
        refuse(x, &x->failure, "refused");
}

void exchange_begin(struct exchange_shared *shared, struct client *client, enum wire wire, enum entrance entrance)
{
    struct exchange *x = exchange_new(shared, client);
    struct model_request_error error = {0};
    if (!x) {
        client_send_no_memory(client);
        return;
    }
    x->entrance = entrance;
    if (model_request_read(&x->request, wire, http_field(client_head(client), "thread-id"), client_body(client),
                           &error))
        plan_and_start(x);
    else
        refuse_request(x, &error, 400);
}

void exchange_client_gone(struct exchange *x)
{
    drop_call(x, call_cancel);
    exchange_drop_rival(x);
    x->client = NULL;
    if (x->state == CALLING || x->state == OPEN)
        exchange_call_ended(x, NULL, 0, CALL_CANCELLED);
    end(x, 499, "cancelled");
}

void exchange_client_drained(struct exchange *x)
{
    if (x->paused && x->call) {
        x->paused = false;
        call_resume(x->call);
    }
}

void exchange_tick(struct exchange_shared *shared)
{
    uint64_t now = clock_monotonic_ms();
    for (struct exchange *x = shared->all; x; x = x->next) {
        struct slice send = {NULL, 0};
        if (x->state != OPEN || !x->request.stream || now - x->heard_ms < KEEP_ALIVE_MS)
            continue;
        x->heard_ms = now;
        relay_keep_alive(x->relay, &send);
        client_send(x->client, send, false);
    }
}

void exchange_end_all(struct exchange_shared *shared)
{
    struct failure f;
    failure_set(&f, FAILURE_OVERLOADED, "pointsman is stopping");
    while (shared->all) {
        struct exchange *x = shared->all->parent ? shared->all->parent : shared->all;
        if (exchange_end_lost(x))
            continue;
        exchange_drop_rival(x);
        drop_call(x, call_cancel);
        if (x->state == OPEN)
            break_off(x, &f, CALL_CANCELLED);
        else
            refuse(x, &f, "failed");
    }
}
