/* call_private: a call, for its two files: call.c starts and ends it, call_limits.c has its time limits. */
#ifndef POINTSMAN_CALL_PRIVATE_H
#define POINTSMAN_CALL_PRIVATE_H

#include "proxy/upstream/heads.h"
#include "proxy/upstream/loopback.h"

#include <event2/util.h>

#define PLAIN_MAX 512 /* bytes of the URL of a server without TLS */

/* The server of a deployment. */
struct target {
    struct slice plain; /* "http://host:port"; empty: https */
    uint64_t alive_ms;  /* ms, monotonic: last reply to HEAD /; 0: none */
    bool is_loopback;   /* `origin` and `heads` are used */
    struct loopback_origin origin;
    struct heads heads;
};

struct upstream {
    struct event_base *base;
    const struct config *config;
    struct curl_calls *curl_calls;
    struct loopback *loopback;
    struct target *targets; /* by deployment index */
    struct call *active, *spare;
    unsigned spare_count;
};

struct call {
    struct upstream *upstream;
    struct call *next, **back;
    struct target *checked; /* the server to health-check, if it does not reply; NULL: none (https) */
    struct call *check;     /* the health check in flight; NULL: none */
    struct event *timer;
    struct curl_call *curl; /* the transport: one of these two is set */
    struct loopback_call *loopback;
    struct buf body;                  /* copy of the request's body, if libcurl needs it in one piece */
    const struct call_events *events; /* NULL: released */
    void *ctx;
    struct call_reply reply;
    size_t released_bytes; /* read since the release */
    uint64_t started_ms;   /* ms, monotonic */
    uint64_t heard_ms;     /* ms, monotonic: last content of the body; 0: none */
    uint64_t checked_ms;   /* ms, monotonic: start of `check` */
    int first_timeout_ms, idle_timeout_ms, total_timeout_ms;
    bool paused; /* after CALL_PAUSE */
};

/* Arms the timer for the first limit. If the limit has moved when the timer fires, it is armed again, so that a chunk
 * costs no timer operation. false: out of memory, only possible at the first time. */
bool call_arm(struct call *c);
/* The timer's callback; `call` is the struct call. */
void call_on_timer(evutil_socket_t fd, short what, void *call);
/* Ends the call with done(). Not inside a callback of its transport. */
void call_fail(struct call *c, enum failure_kind failure, const char *message);

#endif
