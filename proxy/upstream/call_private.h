/* call_private: a call as its own two files see it: call.c starts and ends it, call_limits.c watches the time. */
#ifndef POINTSMAN_CALL_PRIVATE_H
#define POINTSMAN_CALL_PRIVATE_H

#include "proxy/upstream/heads.h"
#include "proxy/upstream/loopback.h"

#include <event2/util.h>

#define PLAIN_MAX 512 /* bytes of the URL of a server without TLS */

/* The server of a deployment. */
struct target {
    struct slice plain; /* "http://host:port"; empty: it has TLS */
    uint64_t alive_ms;  /* monotonic: HEAD / was answered for the last time; 0: never */
    bool is_loopback;   /* then it has: */
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
    struct target *checked; /* the server, if it is one to be asked whether it is alive; else NULL */
    struct call *check;     /* asks it; NULL: none is under way */
    struct event *timer;
    struct curl_call *curl; /* one of the two carries it */
    struct loopback_call *loopback;
    struct buf body;                  /* of the request, where it came in pieces and libcurl carries it */
    const struct call_events *events; /* NULL: released, nobody listens any more */
    void *ctx;
    struct call_reply reply;
    size_t released_bytes;
    uint64_t started_ms, heard_ms; /* monotonic; heard_ms 0 before the body says something */
    uint64_t checked_ms;           /* monotonic: `check` began */
    int first_timeout_ms, idle_timeout_ms, total_timeout_ms;
    bool paused; /* the listener could take no more */
};

/* Arms the timer for the first limit. If the limit has moved by the time it fires, it is armed again, so that a chunk
 * costs no timer operation. false: no memory, which only a timer that was not armed before needs. */
bool call_arm(struct call *c);
/* The timer's callback; `call` is the call. */
void call_on_timer(evutil_socket_t fd, short what, void *call);
/* Ends the call. Not from within a callback of its transport. */
void call_fail(struct call *c, enum failure_kind failure, const char *message);

#endif
