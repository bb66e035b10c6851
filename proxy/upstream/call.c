/* loop: HTTP requests to providers: chooses the transport, and starts and ends the call. */
#include "proxy/upstream/call_private.h"

#include "common/clock.h"
#include "common/url.h"
#include "proxy/upstream/curl_call.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RELEASED_MAX (64u << 10)       /* bytes of a released call that are still read */
#define ENDING_MS 2000                 /* longest silence before an end mark */
#define RETRY_AFTER_MAX_S (30 * 86400) /* longer times are ignored */
#define SPARE_MAX 256                  /* finished calls that are kept with their timers, for later calls */

static void link_call(struct call *c, struct call **list)
{
    c->next = *list;
    c->back = list;
    if (c->next)
        c->next->back = &c->next;
    *list = c;
}

static void unlink_call(struct call *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
}

static struct call *take_spare(struct upstream *u)
{
    struct call *c = u->spare;
    if (c) {
        unlink_call(c);
        u->spare_count--;
        *c = (struct call){.upstream = u, .timer = c->timer};
        return c;
    }
    c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->upstream = u;
    c->timer = evtimer_new(u->base, call_on_timer, c);
    if (c->timer)
        return c;
    free(c);
    return NULL;
}

/* Keeps a finished call, which is in no list, for a later one, or frees it. */
static void recycle(struct call *c)
{
    struct upstream *u = c->upstream;
    evtimer_del(c->timer);
    buf_free(&c->body);
    if (c->check)
        call_release(c->check); /* not call_cancel(): the transport may be on the stack */
    if (u->spare_count < SPARE_MAX) {
        link_call(c, &u->spare);
        u->spare_count++;
    } else {
        event_free(c->timer);
        free(c);
    }
}

static int parse_retry_after(struct slice value)
{
    char text[64];
    if (!value.len || value.len >= sizeof text)
        return -1;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    char *end;
    double seconds = strtod(text, &end);
    if (*end) {
        time_t date = curl_getdate(text, NULL);
        if (date == (time_t)-1)
            return -1;
        seconds = difftime(date, time(NULL));
    }
    if (!(seconds >= 0) || seconds > RETRY_AFTER_MAX_S)
        return -1;
    return (int)(seconds + 0.999);
}

static void on_head(void *ctx, int status, struct slice content_type, struct slice retry_after)
{
    static const char stream[] = "text/event-stream";
    struct call *c = ctx;
    c->reply.status = status;
    c->reply.event_stream = content_type.len >= sizeof stream - 1 &&
                            slice_is_nocase((struct slice){content_type.ptr, sizeof stream - 1}, stream);
    c->reply.retry_after_s = parse_retry_after(retry_after);
    if (c->curl)
        c->reply.limits = *curl_call_limits(c->curl);
}

static enum call_flow on_body(void *ctx, struct slice bytes, bool more)
{
    struct call *c = ctx;
    if (!c->events) {
        c->released_bytes += bytes.len;
        return c->released_bytes <= RELEASED_MAX ? CALL_GO_ON : CALL_STOP;
    }
    uint64_t heard_ms = c->heard_ms;
    c->heard_ms = clock_monotonic_ms();
    c->reply.more = more;
    enum call_flow flow = c->events->body(c->ctx, &c->reply, bytes);
    if (flow == CALL_SILENT)
        c->heard_ms = heard_ms;
    else if (flow == CALL_PAUSE) /* else the call may be over, and `c` gone */
        c->paused = true;
    return flow == CALL_SILENT ? CALL_GO_ON : flow;
}

/* The transport has ended. done() may start another call. */
static void on_done(void *ctx, enum failure_kind failure, const char *message)
{
    struct call *c = ctx;
    const struct call_events *events = c->events;
    struct call_reply reply = c->reply;
    reply.more = false;
    void *done_ctx = c->ctx;
    unlink_call(c);
    recycle(c);
    if (events)
        events->done(done_ctx, &reply, failure, message);
}

static const struct transport_events transport_events = {on_head, on_body, on_done};

static void cancel_transport(struct call *c)
{
    if (c->loopback)
        loopback_cancel(c->loopback);
    else
        curl_call_cancel(c->curl);
}

void call_fail(struct call *c, enum failure_kind failure, const char *message)
{
    cancel_transport(c);
    on_done(c, failure, message);
}

/* Copies the body into one piece: with a read callback, libcurl would need one more write per request. */
static void start_curl(struct call *c, const struct call_request *request)
{
    struct call_request whole = *request;
    size_t len = pieces_length(&request->body);
    if (len > request->body.of[0].len) {
        buf_init(&c->body, len);
        if (!buf_add_pieces(&c->body, &request->body))
            return;
        whole.body = pieces_of(buf_slice(&c->body));
    }
    c->curl = curl_call_start(c->upstream->curl_calls, &whole, &transport_events, c);
}

static bool start_transport(struct call *c, const struct call_request *request)
{
    struct upstream *u = c->upstream;
    struct target *t = request->url ? NULL : &u->targets[request->deployment->index];
    c->checked = t && t->plain.len ? t : NULL;
    if (t && t->is_loopback && !request->fields && !request->extra_field) {
        struct loopback_request plain = {.origin = &t->origin, .body = request->body};
        if (heads_get(&t->heads, &t->origin, request, &plain.head))
            c->loopback = loopback_start(u->loopback, &plain, &transport_events, c);
    } else {
        start_curl(c, request);
    }
    return c->loopback || c->curl;
}

struct call *call_start(struct upstream *u, const struct call_request *request, const struct call_events *events,
                        void *ctx)
{
    struct call *c = take_spare(u);
    if (!c)
        return NULL;
    c->events = events;
    c->ctx = ctx;
    c->reply.retry_after_s = -1;
    c->started_ms = clock_monotonic_ms();
    c->first_timeout_ms = request->first_timeout_ms;
    c->idle_timeout_ms = request->idle_timeout_ms;
    c->total_timeout_ms = request->total_timeout_ms;
    if (!start_transport(c, request)) {
        recycle(c);
        return NULL;
    }
    link_call(c, &u->active);
    if (call_arm(c))
        return c;
    call_cancel(c);
    return NULL;
}

void call_cancel(struct call *c)
{
    cancel_transport(c);
    unlink_call(c);
    recycle(c);
}

bool call_sent(const struct call *c)
{
    return c->loopback ? loopback_sent(c->loopback) : c->curl && curl_call_sent(c->curl);
}

void call_release(struct call *c)
{
    if (!call_sent(c)) {
        call_cancel(c); /* the server replied early, and the caller's body must not be read any longer */
        return;
    }
    c->events = NULL;
    c->started_ms = clock_monotonic_ms();
    if (!call_arm(c))
        call_cancel(c);
}

void call_ending(struct call *c)
{
    if (c->idle_timeout_ms && c->idle_timeout_ms <= ENDING_MS)
        return;
    c->idle_timeout_ms = ENDING_MS;
    (void)call_arm(c);
}

void call_resume(struct call *c)
{
    c->paused = false;
    c->heard_ms = clock_monotonic_ms();
    (void)call_arm(c);
    if (c->loopback)
        loopback_resume(c->loopback);
    else
        curl_call_resume(c->curl);
}

static void set_target(struct target *t, const char *base_url)
{
    struct url url;
    if (!base_url || !url_split(slice_of(base_url), &url))
        return;
    if (!url.tls && url.origin.len < PLAIN_MAX)
        t->plain = url.origin;
    t->is_loopback = loopback_parse(base_url, &t->origin);
}

struct upstream *upstream_new(struct event_base *base, const struct config *config)
{
    struct upstream *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->base = base;
    u->config = config;
    u->curl_calls = curl_calls_new(base, config);
    u->loopback = loopback_new(base, UPSTREAM_KEPT_S * 1000);
    u->targets = calloc(config->deployment_count + 1u, sizeof *u->targets);
    if (!u->curl_calls || !u->loopback || !u->targets) {
        upstream_free(u);
        return NULL;
    }
    for (unsigned i = 0; i < config->deployment_count; i++)
        set_target(&u->targets[i], config->deployments[i].api_base);
    return u;
}

void upstream_free(struct upstream *u)
{
    if (!u)
        return;
    while (u->active)
        call_cancel(u->active);
    for (struct call *c = u->spare, *next; c; c = next) {
        next = c->next;
        event_free(c->timer);
        free(c);
    }
    for (unsigned i = 0; u->targets && i < u->config->deployment_count; i++)
        heads_free(&u->targets[i].heads);
    curl_calls_free(u->curl_calls);
    loopback_free(u->loopback);
    free(u->targets);
    free(u);
}
