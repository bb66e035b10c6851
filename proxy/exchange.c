/* loop: walks one request through the rooms; the only file that moves its state. */
#include "proxy/exchange.h"

#include "common/log.h"
#include "common/secret.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/relay.h"
#include "proxy/front/model_request.h"
#include "proxy/route/failure.h"
#include "proxy/route/plan.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ERROR_BODY_MAX (64u << 10)      /* of an upstream's error reply */
#define UPSTREAM_BODY_MAX (96u << 20)   /* of a request as we send it */
#define KEEP_ALIVE_MS 10000             /* silence after which an open stream gets a sign of life */
#define ID_LEN 24                       /* hexadecimal digits of a request id */

enum exchange_state { NEW, CALLING, OPEN, ENDED };

/* allowed[from][to] */
static const bool allowed[][4] = {
    [NEW] = {[CALLING] = true, [ENDED] = true},
    [CALLING] = {[CALLING] = true, [OPEN] = true, [ENDED] = true},
    [OPEN] = {[ENDED] = true},
    [ENDED] = {false},
};

struct exchange {
    struct exchange_shared *shared;
    struct exchange *next, **back;
    struct client *client;               /* NULL once the reply is finished or the client is gone */
    enum exchange_state state;
    char id[ID_LEN + 1];
    uint64_t started_ms, first_content_ms, heard_ms, attempt_ms;   /* monotonic; 0: not yet */
    int64_t started_unix_ms;

    struct model_request request;
    struct json document;                /* the whole body, parsed when the bridge is needed */
    struct turn *turn;
    struct plan plan;
    unsigned attempt;                    /* index in the plan of the one under way */
    struct journal_attempt attempts[PLAN_MAX];
    unsigned attempt_count;

    struct buf upstream_body;
    struct buf error_body;
    enum wire upstream_wire;
    struct relay *relay;
    struct call *call;
    bool paused;
    struct failure failure;              /* of the last attempt */
};

static void try_next(struct exchange *x);

static uint64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int64_t unix_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const struct deployment *deployment_of(const struct exchange *x)
{
    return x->plan.attempts[x->attempt];
}

static struct health *health_of(const struct exchange *x)
{
    return &x->shared->health[deployment_of(x)->index];
}

static void move(struct exchange *x, enum exchange_state to)
{
    assert(allowed[x->state][to]);
    x->state = to;
}

static void destroy(struct exchange *x)
{
    *x->back = x->next;
    if (x->next)
        x->next->back = x->back;
    x->shared->count--;
    relay_free(x->relay);
    turn_free(x->turn);
    json_free(&x->document);
    model_request_free(&x->request);
    buf_free(&x->upstream_body);
    buf_free(&x->error_body);
    free(x);
}

/* Writes the journal's line and frees the exchange: the end of every way through this file. */
static void end(struct exchange *x, int status, const char *how)
{
    struct usage usage = x->relay ? relay_usage(x->relay) : USAGE_UNKNOWN;
    const struct deployment *served =
        x->attempt_count && x->attempts[x->attempt_count - 1].outcome == FAILURE_NONE ? deployment_of(x) : NULL;
    move(x, ENDED);
    struct journal_entry entry = {
        .time_ms = x->started_unix_ms,
        .request_id = x->id,
        .alias = slice_of(x->request.model),
        .client_wire = x->request.wire,
        .stream = x->request.stream,
        .upstream_wire = served ? x->upstream_wire : 0,
        .attempts = x->attempts,
        .attempt_count = x->attempt_count,
        .ttft_ms = x->first_content_ms ? (int64_t)(x->first_content_ms - x->started_ms) : -1,
        .total_ms = (int64_t)(monotonic_ms() - x->started_ms),
        .usage = usage,
        .cost_usd = served ? journal_cost(served, &usage) : NAN,
        .status = status,
        .end = how,
    };
    if (x->shared->journal)
        journal_write(x->shared->journal, &entry);
    destroy(x);
}

/* Books how the attempt under way went. */
static void book_attempt(struct exchange *x, enum failure_kind outcome, int status)
{
    uint64_t now = monotonic_ms();
    health_of(x)->in_flight--;
    x->attempts[x->attempt_count++] = (struct journal_attempt){
        .deployment = deployment_of(x), .outcome = outcome, .status = status, .ms = (uint32_t)(now - x->attempt_ms)};
}

/* The header fields that say who served: LiteLLM's names, and the id that the journal's line bears. The group's name is the
 * configuration's: what the client wrote has no place in a header. */
static void add_reply_fields(const struct exchange *x, struct buf *out)
{
    buf_add_format(out, "x-request-id: %s\r\nx-litellm-call-id: %s\r\n", x->id, x->id);
    if (x->plan.count)
        buf_add_format(out, "x-litellm-model-group: %s\r\nx-litellm-model-id: %s\r\nx-litellm-attempted-fallbacks: %u\r\n",
                       x->plan.attempts[0]->alias, deployment_of(x)->id, x->attempt);
}

static void send_reply(struct exchange *x, int status, int retry_after_s, const char *content_type, struct slice body)
{
    struct buf fields;
    buf_init(&fields, 2048);
    add_reply_fields(x, &fields);
    if (retry_after_s >= 0)
        buf_add_format(&fields, "Retry-After: %d\r\n", retry_after_s);
    struct client_reply reply = {status, content_type, buf_slice(&fields), body};
    struct client *client = x->client;
    x->client = NULL;
    client_send_reply(client, &reply);
    buf_free(&fields);
}

/* The request can't be served: the client is told, in OpenAI's error shape. */
static void refuse(struct exchange *x, const struct failure *f, const char *how)
{
    struct buf body;
    int status = failure_rule(f->kind)->status;
    buf_init(&body, 16u << 10);
    failure_body(f, &body);
    send_reply(x, status, failure_retry_after(f), "application/json", buf_slice(&body));
    buf_free(&body);
    end(x, status, how);
}

static void refuse_request(struct exchange *x, const struct model_request_error *error, int status)
{
    struct buf body;
    buf_init(&body, 16u << 10);
    model_request_error_body(error, &body);
    send_reply(x, status, -1, "application/json", buf_slice(&body));
    buf_free(&body);
    end(x, status, "refused");
}

/* The reply is complete. */
static void complete(struct exchange *x, struct slice last)
{
    book_attempt(x, FAILURE_NONE, 200);
    health_succeeded(health_of(x));
    if (x->state == CALLING && !x->request.stream) {
        send_reply(x, 200, -1, relay_content_type(x->relay), last);
    } else {
        struct client *client = x->client;
        x->client = NULL;
        client_send(client, last);
        client_end_stream(client);
    }
    end(x, 200, relay_incomplete(x->relay) ? "incomplete" : "completed");
}

/* The reply has begun and can't be completed: it ends as the failure that it is. */
static void break_off(struct exchange *x, const struct failure *f)
{
    struct slice last = {NULL, 0};
    book_attempt(x, f->kind, 200);
    health_failed(health_of(x), x->shared->config, f, monotonic_ms());
    relay_fail(x->relay, f, &last);
    struct client *client = x->client;
    x->client = NULL;
    client_send(client, last);
    client_end_stream(client);
    end(x, 200, f->kind == FAILURE_CUT ? "cut" : "failed");
}

/* The attempt under way has failed; its call is over or about to be. */
static void attempt_failed(struct exchange *x, const struct failure *f, int status)
{
    if (x->state == OPEN) {
        break_off(x, f);
        return;
    }
    book_attempt(x, f->kind, status);
    health_failed(health_of(x), x->shared->config, f, monotonic_ms());
    log_debug("request %s: %s failed: %s: %s", x->id, deployment_of(x)->id, failure_rule(f->kind)->name, f->message);
    x->failure = *f;
    if (failure_rule(f->kind)->next && x->attempt + 1 < x->plan.count) {
        x->attempt++;
        try_next(x);
    } else {
        refuse(x, &x->failure, "failed");
    }
}

/* The first content is there: from here on this deployment serves the request, or nobody does. */
static void open_reply(struct exchange *x)
{
    move(x, OPEN);
    x->first_content_ms = monotonic_ms();
    if (!x->request.stream)
        return;
    struct buf fields;
    buf_init(&fields, 2048);
    add_reply_fields(x, &fields);
    client_start_stream(x->client, &(struct client_reply){200, relay_content_type(x->relay), buf_slice(&fields), {NULL, 0}});
    buf_free(&fields);
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
    case RELAY_HOLD:
        break;
    case RELAY_OPEN:
        if (x->state == CALLING)
            open_reply(x);
        client_send(x->client, send);
        break;
    case RELAY_DONE:
        drop_call(x, call_release);
        if (x->state == CALLING && x->request.stream)
            open_reply(x);
        if (!x->first_content_ms)
            x->first_content_ms = monotonic_ms();
        complete(x, send);
        break;
    case RELAY_FAILED:
        f = *relay_failure(x->relay);   /* a copy: the next attempt has a relay of its own */
        attempt_failed(x, &f, 200);
        break;
    }
}

static bool make_relay(struct exchange *x, bool event_stream)
{
    relay_free(x->relay);
    x->relay = relay_new(&(struct relay_options){
        .client_wire = x->request.wire,
        .upstream_wire = x->upstream_wire,
        .client_stream = x->request.stream,
        .upstream_stream = event_stream,
        .turn = x->turn,
        .alias = x->request.model,
        .response_id = x->id,
        .created_s = x->started_unix_ms / 1000,
    });
    return x->relay != NULL;
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct exchange *x = ctx;
    struct slice send = {NULL, 0};
    if (reply->status < 200 || reply->status >= 300) {
        size_t room = ERROR_BODY_MAX - x->error_body.len;   /* what is beyond it is of no interest */
        buf_add(&x->error_body, bytes.ptr, bytes.len < room ? bytes.len : room);
        return CALL_GO_ON;
    }
    if (client_is_full(x->client)) {
        x->paused = true;
        return CALL_PAUSE;
    }
    x->heard_ms = monotonic_ms();
    if (!x->relay && !make_relay(x, reply->event_stream))
        return CALL_STOP;
    enum relay_state state = relay_feed(x->relay, bytes, &send);
    if (state == RELAY_FAILED)
        return CALL_STOP;   /* the next attempt can't be started with libcurl on the stack: on_done() does it */
    follow_relay(x, state, send);
    return CALL_GO_ON;
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind kind, const char *message)
{
    struct exchange *x = ctx;
    struct slice send = {NULL, 0};
    struct failure f;
    x->call = NULL;
    if (x->relay && relay_failure(x->relay)->kind != FAILURE_NONE) {
        follow_relay(x, RELAY_FAILED, send);
    } else if (reply->status >= 400 || (reply->status && reply->status < 200)) {
        failure_from_reply(&f, reply->status, reply->retry_after_s, buf_slice(&x->error_body));
        attempt_failed(x, &f, reply->status);
    } else if (reply->status >= 300) {
        failure_set(&f, FAILURE_PROTOCOL, "%s answered with a redirect (%d), which is never followed: a key goes to its own "
                    "server only. Mend api_base.", deployment_of(x)->api_base, reply->status);
        attempt_failed(x, &f, reply->status);
    } else if (kind != FAILURE_NONE) {
        failure_set(&f, kind, "%s: %s", deployment_of(x)->api_base, message);
        attempt_failed(x, &f, reply->status);
    } else if (!x->relay) {
        failure_set(&f, FAILURE_EMPTY, "the upstream's reply has no body");
        attempt_failed(x, &f, reply->status);
    } else {
        enum relay_state state = relay_end(x->relay, &send);
        follow_relay(x, state, send);
    }
}

static const struct call_events call_events = {on_body, on_done};

/* The body for this attempt's upstream, in the wire that it speaks. */
static bool make_body(struct exchange *x, struct failure *f)
{
    const struct deployment *d = deployment_of(x);
    struct slice client_body_bytes = client_body(x->client);
    struct turn_error error = {"", ""};
    buf_clear(&x->upstream_body);
    bool same = (d->wires & (unsigned)x->request.wire) != 0;
    x->upstream_wire = same ? x->request.wire : x->request.wire == WIRE_CHAT ? WIRE_RESPONSES : WIRE_CHAT;
    if (same && d->provider->kind == PROVIDER_HTTP) {
        if (pass_request(&x->request.top, d->upstream_model, &x->upstream_body))
            return true;
        failure_set(f, FAILURE_INTERNAL, "no memory for the request's body");
        return false;
    }
    if (!x->turn && json_parse(&x->document, client_body_bytes.ptr, client_body_bytes.len))
        x->turn = turn_decode(&x->document, x->request.wire, &error);
    if (!x->turn) {
        failure_set(f, FAILURE_BAD_REQUEST, "%s%s%s", error.param, *error.param ? ": " : "",
                    *error.message ? error.message : "the request could not be read");
        return false;
    }
    if (d->provider->kind == PROVIDER_ECHO)
        return true;
    struct turn_options options = {.upstream_model = d->upstream_model, .stream = x->request.stream};
    if (turn_encode(x->turn, x->upstream_wire, &options, &x->upstream_body))
        return true;
    failure_set(f, FAILURE_INTERNAL, "no memory for the request's body");
    return false;
}

/* The built-in model: its reply goes the same way as an upstream's. */
static void serve_echo(struct exchange *x)
{
    struct slice send = {NULL, 0};
    struct failure f;
    failure_set(&f, FAILURE_INTERNAL, "no memory");
    x->upstream_wire = WIRE_CHAT;
    if (!echo_reply(x->turn, x->request.stream, &x->upstream_body) || !make_relay(x, x->request.stream)) {
        attempt_failed(x, &f, 0);
        return;
    }
    enum relay_state state = relay_feed(x->relay, buf_slice(&x->upstream_body), &send);
    follow_relay(x, state, send);
    if (state == RELAY_HOLD || state == RELAY_OPEN) {
        state = relay_end(x->relay, &send);
        follow_relay(x, state, send);
    }
}

static void start_call(struct exchange *x)
{
    const struct deployment *d = deployment_of(x);
    struct call_request request = {
        .deployment = d,
        .path = x->upstream_wire == WIRE_CHAT ? "/chat/completions" : "/responses",
        .body = buf_slice(&x->upstream_body),
        .stream = x->request.stream,
        .first_byte_timeout_ms = x->request.stream ? d->stream_timeout_ms : d->timeout_ms,
        .idle_timeout_ms = d->timeout_ms,
        .total_timeout_ms = x->request.stream ? 0 : d->timeout_ms,
    };
    x->call = call_start(x->shared->upstream, &request, &call_events, x);
    if (!x->call) {
        struct failure f;
        failure_set(&f, FAILURE_INTERNAL, "no memory for the call");
        attempt_failed(x, &f, 0);
    }
}

/* Starts the attempt that x->attempt names. */
static void try_next(struct exchange *x)
{
    struct failure f;
    move(x, CALLING);
    relay_free(x->relay);
    x->relay = NULL;
    x->paused = false;
    buf_clear(&x->error_body);
    x->attempt_ms = monotonic_ms();
    health_of(x)->in_flight++;
    health_of(x)->calls++;
    if (!make_body(x, &f))
        attempt_failed(x, &f, 0);
    else if (deployment_of(x)->provider->kind == PROVIDER_ECHO)
        serve_echo(x);
    else
        start_call(x);
}

static void plan_and_start(struct exchange *x)
{
    struct model_request_error error = {.param = "model", .code = "model_not_found"};
    const struct model_group *group = config_group(x->shared->config, slice_of(x->request.model));
    if (!group) {
        (void)snprintf(error.message, sizeof error.message,
                       "The model '%.100s' is not configured here; GET /v1/models lists those that are.", x->request.model);
        refuse_request(x, &error, 404);
        return;
    }
    struct buf why;
    buf_init(&why, 400);
    plan_make(x->shared->config, group, x->shared->health, monotonic_ms(), x->request.conversation, &x->plan, &why);
    if (x->plan.count) {
        try_next(x);
    } else {
        failure_set(&x->failure, FAILURE_NOT_FOUND, "No deployment of '%.100s' can serve now: %.*s", x->request.model,
                    (int)why.len, why.data ? why.data : "");
        refuse(x, &x->failure, "refused");
    }
    buf_free(&why);
}

void exchange_begin(struct exchange_shared *shared, struct client *client, enum endpoint endpoint)
{
    struct exchange *x = calloc(1, sizeof *x);
    struct model_request_error error = {0};
    char token[SECRET_TOKEN_SIZE];
    if (!x) {
        static const char body[] = "{\"error\":{\"message\":\"no memory\",\"type\":\"server_error\",\"param\":null,\"code\":null}}";
        client_send_reply(client, &(struct client_reply){503, "application/json", {NULL, 0}, SLICE(body)});
        return;
    }
    x->shared = shared;
    x->client = client;
    x->next = shared->all;
    x->back = &shared->all;
    if (x->next)
        x->next->back = &x->next;
    shared->all = x;
    shared->count++;
    x->started_ms = monotonic_ms();
    x->started_unix_ms = unix_ms();
    buf_init(&x->upstream_body, UPSTREAM_BODY_MAX);
    buf_init(&x->error_body, ERROR_BODY_MAX);
    secret_random_token(token);
    memcpy(x->id, token, ID_LEN);
    client_set_user(client, x);
    if (model_request_read(&x->request, endpoint == ENDPOINT_CHAT ? WIRE_CHAT : WIRE_RESPONSES, client_head(client),
                           client_body(client), &error))
        plan_and_start(x);
    else
        refuse_request(x, &error, 400);
}

void exchange_client_gone(struct exchange *x)
{
    drop_call(x, call_cancel);
    x->client = NULL;
    if (x->state == CALLING || x->state == OPEN)
        book_attempt(x, FAILURE_NONE, 0);
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
    uint64_t now = monotonic_ms();
    for (struct exchange *x = shared->all; x; x = x->next) {
        struct slice send = {NULL, 0};
        if (x->state != OPEN || !x->request.stream || now - x->heard_ms < KEEP_ALIVE_MS)
            continue;
        x->heard_ms = now;
        relay_keep_alive(x->relay, &send);
        client_send(x->client, send);
    }
}

void exchange_end_all(struct exchange_shared *shared)
{
    struct failure f;
    failure_set(&f, FAILURE_OVERLOADED, "pointsman is stopping");
    while (shared->all) {
        struct exchange *x = shared->all;
        drop_call(x, call_cancel);
        if (x->state == OPEN)
            break_off(x, &f);
        else
            refuse(x, &f, "failed");
    }
}
