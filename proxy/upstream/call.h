/* call: loop. One HTTP request to a provider, driven by the event loop: through libcurl, or straight where the provider
 * is a server on this machine (see loopback.h). */
#ifndef POINTSMAN_CALL_H
#define POINTSMAN_CALL_H

#include "proxy/config/config.h"
#include "proxy/terms/rate_limits.h"

struct event_base;
struct upstream;
struct call;

/* What is known of the reply once its head is complete. */
struct call_reply {
    int status;
    bool event_stream; /* Content-Type: text/event-stream; the body may be otherwise */
    bool more;         /* in body(): further bytes follow at once */
    int retry_after_s; /* Retry-After in whole seconds (dates are converted), -1 without one */
    struct rate_limits limits;
};

enum call_flow {
    CALL_GO_ON,
    CALL_SILENT, /* the same, but these bytes said nothing: they end no silence */
    CALL_PAUSE,  /* these bytes were not taken: give them again after call_resume() */
    CALL_STOP,   /* the reply is of no use: the connection is closed and done() follows, from the loop */
};

struct call_events {
    /* Bytes of the body, the reply's head being complete. The transport is on the stack: of this file's functions only
     * call_cancel(), call_release() and call_ending() may be called in here. */
    enum call_flow (*body)(void *ctx, const struct call_reply *reply, struct slice bytes);
    /* The call is over, and the pointer to it invalid: FAILURE_NONE when the reply arrived whole, else why not, with
     * words for people. Not called after call_cancel() or call_release(). */
    void (*done)(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message);
};

#define CALL_FIELDS_MAX (16u << 10) /* bytes of a request's header fields */

struct call_request {
    const struct deployment *deployment;
    const char *path; /* behind api_base: "/chat/completions" */
    /* Both may be NULL. Header lines up to a NULL, copied, in place of the deployment's Authorization; and, with these
     * only, a URL in place of api_base and path: `deployment` is then not looked at. */
    const char *const *fields;
    const char *url;
    const char *one_more; /* a further header line, "Name: value", copied; NULL: none */
    struct pieces body;   /* must stay until the call is over; nothing: a GET */
    bool head;            /* without a body, and with a URL of its own: a HEAD */
    bool stream;          /* an event stream is asked for */
    int first_timeout_ms; /* to the first bytes of the body that say something; 0: none */
    int idle_timeout_ms;  /* silence after them; 0: none */
    int total_timeout_ms; /* 0: none */
};

/* The connections to all providers, kept warm. Only http and https; no redirects, no netrc, no cookies, and no
 * proxy but the configuration's, whatever the environment says. NULL: libcurl would not start. */
struct upstream *upstream_new(struct event_base *base, const struct config *config);
/* Cancels what is still in flight. */
void upstream_free(struct upstream *u);

/* Starts a call. NULL: no memory; nothing is called then. `events` and `ctx` must stay until the call is over. */
struct call *call_start(struct upstream *u, const struct call_request *request, const struct call_events *events,
                        void *ctx);
/* Ends the call at once and closes its connection: the provider sees the hang-up. */
void call_cancel(struct call *c);
/* We have what we need: the rest of the reply is read and thrown away (as long as it is short and quick), so that the
 * connection can serve again. The request's body is no longer touched. */
void call_release(struct call *c);
/* The reply is finished but for its end mark, which may never come: from here on a short silence is its end, and
 * FAILURE_TIMEOUT then no failure of it. Also from inside body(). */
void call_ending(struct call *c);
/* Whether the request was sent, whole: its body is then no longer touched. */
bool call_sent(const struct call *c);
/* Goes on after CALL_PAUSE. */
void call_resume(struct call *c);

#endif
