/* loop: the time limits of a call, and health checks of silent servers. */
#include "proxy/upstream/call_private.h"

#include "common/clock.h"

#include <event2/event.h>
#include <stdio.h>

#define RELEASED_MS 500 /* for the remaining bytes of a released call */

/* Returns the first limit, in monotonic ms, and its message; UINT64_MAX: none. */
static uint64_t deadline(const struct call *c, const char **why)
{
    uint64_t first = UINT64_MAX, silent_since = c->heard_ms ? c->heard_ms : c->started_ms;
    int silence = c->heard_ms ? c->idle_timeout_ms : c->first_timeout_ms;
    *why = "released";
    if (!c->events)
        return c->started_ms + RELEASED_MS;
    if (silence && !c->paused) { /* a paused call is silent because of the client */
        first = silent_since + (uint64_t)silence;
        *why = c->heard_ms ? "the reply stalled" : "no reply within the timeout";
    }
    if (c->total_timeout_ms && c->started_ms + (uint64_t)c->total_timeout_ms <= first) {
        first = c->started_ms + (uint64_t)c->total_timeout_ms;
        *why = "the call exceeded its timeout";
    }
    return first;
}

/* Returns when to check the server's health, in monotonic ms; UINT64_MAX: never. */
static uint64_t check_due(const struct call *c)
{
    if (!c->checked || c->check || c->reply.status || !c->events)
        return UINT64_MAX;
    uint64_t since = c->checked->alive_ms > c->started_ms ? c->checked->alive_ms : c->started_ms;
    return since + (uint64_t)c->upstream->config->connect_timeout_ms;
}

bool call_arm(struct call *c)
{
    const char *why;
    uint64_t now = clock_monotonic_ms(), until = deadline(c, &why), check = check_due(c);
    until = check < until ? check : until;
    if (until == UINT64_MAX)
        return true;
    uint64_t left = until > now ? until - now : 0;
    struct timeval wait = {(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)};
    return evtimer_add(c->timer, &wait) == 0;
}

static enum call_flow on_check_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    (void)ctx;
    (void)reply;
    (void)bytes;
    return CALL_STOP;
}

/* Only silence means that the server is dead, not an error status. */
static void on_check_done(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message)
{
    struct call *c = ctx;
    uint64_t now = clock_monotonic_ms();
    (void)reply;
    (void)failure;
    (void)message;
    c->check = NULL;
    if (c->reply.status)
        return;
    if (now - c->checked_ms >= (uint64_t)c->upstream->config->connect_timeout_ms) {
        call_fail(c, FAILURE_CONNECT, "the server accepts connections, but does not reply");
        return;
    }
    c->checked->alive_ms = now;
    if (!call_arm(c))
        call_fail(c, FAILURE_INTERNAL, "out of memory");
}

/* Sends HEAD / to a server without TLS that has not begun its reply within connect_timeout. Servers reply to it at
 * once, even while their model works. Without a reply after another connect_timeout, the server is regarded as dead.
 * With TLS the handshake has the same time limit, and makes this unnecessary. */
static void start_check(struct call *c)
{
    static const struct call_events events = {on_check_body, on_check_done};
    static const char *const no_fields[] = {NULL};
    char url[PLAIN_MAX + 2];
    struct call_request request = {
        .fields = no_fields, .url = url, .head = true, .total_timeout_ms = c->upstream->config->connect_timeout_ms};
    (void)snprintf(url, sizeof url, "%.*s/", SLICE_ARGS(c->checked->plain));
    c->checked_ms = clock_monotonic_ms();
    c->check = call_start(c->upstream, &request, &events, c);
    if (!c->check)
        c->checked->alive_ms = c->checked_ms; /* out of memory: check again later */
}

void call_on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct call *c = arg;
    (void)fd;
    (void)what;
    const char *why;
    uint64_t now = clock_monotonic_ms();
    if (now >= check_due(c))
        start_check(c);
    if (now >= deadline(c, &why) || !call_arm(c))
        call_fail(c, FAILURE_TIMEOUT, why);
}
