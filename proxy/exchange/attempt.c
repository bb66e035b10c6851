/* loop: one attempt, from its body to the last byte of the reply. The only file that changes an attempt's state.
 * request.c decides what follows. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/failure.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIGN_INS_MAX 3 /* per attempt: the file's other token, a renewed one, and one more for the final error */

/* allowed[from][to] */
static const bool allowed[ATTEMPT_STATES][ATTEMPT_STATES] = {
    [ATTEMPT_DONE] = {[ATTEMPT_STARTED] = true},
    [ATTEMPT_STARTED] = {[ATTEMPT_ANSWERING] = true, [ATTEMPT_LOST] = true, [ATTEMPT_DONE] = true},
    [ATTEMPT_ANSWERING] = {[ATTEMPT_DONE] = true},
    [ATTEMPT_LOST] = {[ATTEMPT_DONE] = true},
};

static void sign_in(struct attempt *a);

static void move(struct attempt *a, enum attempt_state to)
{
    assert(allowed[a->state][to]);
    a->state = to;
}

void attempt_answers(struct attempt *a)
{
    move(a, ATTEMPT_ANSWERING);
    if (!a->first_content_ms)
        a->first_content_ms = clock_monotonic_ms();
    outcome_answered(a);
}

void attempt_end(struct attempt *a, const struct failure *f, int status, enum attempt_end how)
{
    move(a, how == END_LOST ? ATTEMPT_LOST : ATTEMPT_DONE);
    login_cancel(&a->login_wait);
    request_release_hedge(a->request);
    outcome_ended(a, f, status, how);
}

void attempt_free(struct attempt *a)
{
    login_cancel(&a->login_wait);
    relay_free(a->relay);
    relay_free(a->recorder);
    a->relay = a->recorder = NULL;
    a->recorded = (struct slice){NULL, 0};
    provider_body_free(&a->body);
    buf_free(&a->error_body);
    free(a->omitted);
    a->omitted = NULL;
}

/* Ends the call; its callbacks must not run afterwards. */
static void drop_call(struct attempt *a, void (*let_go)(struct call *))
{
    struct call *call = a->call;
    a->call = NULL;
    if (call)
        let_go(call);
}

void attempt_cancel(struct attempt *a)
{
    drop_call(a, call_cancel);
    if (a->state != ATTEMPT_LOST)
        return;
    move(a, ATTEMPT_DONE);
    attempt_free(a);
}

/* The reply has begun, so no attempt follows, and a stream may be long: frees the bodies. A translation still needs the
 * client's request, because its turn points into it. */
static void forget_bodies(struct attempt *a)
{
    if (!a->call || !call_sent(a->call))
        return;
    provider_body_free(&a->body);
    if (!a->request->model_request.turn)
        request_forget_body(a->request);
}

/* Acts on the relay's result; the only place that does. Afterwards `a` may be another attempt, or freed. */
static void follow_relay(struct attempt *a, enum relay_state state, struct slice send)
{
    switch (state) {
    case RELAY_HOLD: break;
    case RELAY_OPEN:
        if (a->state == ATTEMPT_STARTED) {
            request_open(a);
            forget_bodies(a);
        }
        request_send(a->request, send, a->more);
        holding_stream(a);
        relay_sent(a->relay);
        break;
    case RELAY_DONE:
        drop_call(a, call_release);
        if (a->state == ATTEMPT_STARTED && a->request->model_request.stream)
            request_open(a); /* the first bytes of the stream are its last */
        if (!a->first_content_ms)
            a->first_content_ms = clock_monotonic_ms();
        request_complete(a, send);
        break;
    case RELAY_FAILED:
        a->failure = *relay_failure(a->relay);
        request_attempt_failed(a, 200);
        break;
    }
}

/* Keeps an error's text. Ignores the rest, and closes the connection. */
static enum call_flow keep_error(struct attempt *a, struct slice bytes)
{
    size_t room = ERROR_BODY_MAX - a->error_body.len;
    buf_add(&a->error_body, bytes.ptr, bytes.len < room ? bytes.len : room);
    return bytes.len <= room ? CALL_GO_ON : CALL_STOP;
}

/* Whether the stream progressed since its event count was `events`. Before the first content only content counts,
 * afterwards any event. Comments and incomplete events can continue forever, so they do not count. */
static bool has_progress(const struct attempt *a, uint64_t events)
{
    return relay_has_content(a->relay) && (!a->first_content_ms || relay_events(a->relay) > events);
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct attempt *a = ctx;
    struct slice send = {NULL, 0};
    if (a->state == ATTEMPT_LOST)
        return CALL_STOP;
    if (reply->status < 200 || reply->status >= 300)
        return keep_error(a, bytes);
    if (request_is_full(a->request)) {
        a->paused = true;
        return CALL_PAUSE;
    }
    if (!a->relay) {
        outcome_limits(a, reply);
        if (!attempt_make_relay(a, reply->event_stream))
            return CALL_STOP;
    }
    a->more = reply->more;
    uint64_t events = relay_events(a->relay);
    caching_feed(a, bytes);
    enum relay_state state = relay_feed(a->relay, bytes, &send);
    if (state == RELAY_FAILED)
        return CALL_STOP; /* libcurl is on the stack, so on_done() starts the next attempt */
    bool silent = relay_streams(a->relay) && !has_progress(a, events);
    if (!silent)
        request_works(a->request);
    if (!a->first_content_ms && relay_has_content(a->relay))
        a->first_content_ms = a->request->heard_ms;
    if (relay_finished(a->relay))
        call_ending(a->call);
    follow_relay(a, state, send);
    return silent && state != RELAY_DONE ? CALL_SILENT : CALL_GO_ON; /* done: `a` is invalid and the call released */
}

/* The provider rejected the credential. true: trying another one. */
static bool sign_in_again(struct attempt *a)
{
    if (++a->sign_ins > SIGN_INS_MAX || !sign_in_rejected(a->request->shared->sign_ins, a->deployment, a->credential))
        return false;
    buf_clear(&a->error_body);
    sign_in(a);
    return true;
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind kind, const char *message)
{
    struct attempt *a = ctx;
    struct slice send = {NULL, 0};
    a->call = NULL;
    a->more = false;
    if (a->state == ATTEMPT_LOST)
        return; /* the hedge timer cleans up */
    request_works(a->request);
    outcome_limits(a, reply);
    if (a->relay && relay_failure(a->relay)->kind != FAILURE_NONE) {
        follow_relay(a, RELAY_FAILED, send);
    } else if (reply->status == 401 && sign_in_again(a)) {
        return; /* on_signed_in() continues */
    } else if (attempt_reply_failed(a, reply, kind, message)) {
        request_attempt_failed(a, reply->status);
    } else {
        enum relay_state state = relay_end(a->relay, &send);
        follow_relay(a, state, send);
    }
}

static const struct call_events call_events = {on_body, on_done};

/* The built-in model; its reply is processed like an upstream's. */
static void serve_echo(struct attempt *a)
{
    struct slice send = {NULL, 0};
    if (!attempt_make_relay(a, a->request->model_request.stream)) {
        failure_set(&a->failure, FAILURE_INTERNAL, "out of memory");
        request_attempt_failed(a, 0);
        return;
    }
    caching_feed(a, buf_slice(&a->body.own));
    enum relay_state state = relay_feed(a->relay, buf_slice(&a->body.own), &send);
    follow_relay(a, state, send);
    if (state == RELAY_HOLD || state == RELAY_OPEN) {
        state = relay_end(a->relay, &send);
        follow_relay(a, state, send);
    }
}

static void start_call(struct attempt *a)
{
    errno = 0;
    attempt_start_call(a, &call_events);
    if (a->call) {
        debug_called(a);
        request_waits(a->request);
        return;
    }
    failure_set(&a->failure, FAILURE_INTERNAL, "can't start the call: %s", strerror(errno ? errno : ENOMEM));
    request_attempt_failed(a, 0);
}

static void on_signed_in(void *ctx, const struct failure *failure)
{
    struct attempt *a = ctx;
    if (!failure) {
        start_call(a);
        return;
    }
    a->failure = *failure;
    request_attempt_failed(a, 0);
}

/* Gets the credential, now or later, then starts the call. */
static void sign_in(struct attempt *a)
{
    a->login_wait = (struct login_wait){.done = on_signed_in, .ctx = a};
    enum login_state state = sign_in_get(a->request->shared->sign_ins, a->deployment, &a->login_wait, &a->failure);
    if (state == LOGIN_READY)
        start_call(a);
    else if (state == LOGIN_FAILED)
        request_attempt_failed(a, 0);
}

static bool make_body(struct attempt *a)
{
    struct request *r = a->request;
    if (!omit_begin(a)) {
        failure_set(&a->failure, FAILURE_INTERNAL, "out of memory");
        return false;
    }
    struct provider_body_options options = omit_body_options(a, a->omitted);
    return provider_body_make(&a->body, &r->model_request, request_body(r), &options, &a->failure);
}

void attempt_begin(struct attempt *a, unsigned plan_index, unsigned repeated)
{
    struct request *r = a->request;
    if (a->deployment) { /* left by an earlier attempt */
        attempt_free(a);
        *a = (struct attempt){.request = r};
    }
    a->deployment = r->plan.attempts[plan_index];
    a->plan_index = plan_index;
    a->repeated = repeated;
    move(a, ATTEMPT_STARTED);
    buf_init(&a->error_body, ERROR_BODY_MAX);
    outcome_started(a);
    holding_attempt(r);
    if (!make_body(a))
        request_attempt_failed(a, 0);
    else if (a->deployment->provider->kind == PROVIDER_ECHO)
        serve_echo(a);
    else
        sign_in(a);
}
