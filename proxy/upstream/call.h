/* call: loop. HTTP requests to providers, driven by the event loop: through libcurl, or directly to a server on this
 * machine (see loopback.h). */
#ifndef POINTSMAN_CALL_H
#define POINTSMAN_CALL_H

#include "proxy/config/config.h"
#include "proxy/terms/rate_limits.h"

struct event_base;
struct upstream;
struct call;

/* The reply's head. */
struct call_reply {
    int status;
    bool event_stream; /* Content-Type is text/event-stream; servers send it wrongly too, so the body decides */
    bool more;         /* in body(): more bytes have arrived and follow at once */
    int retry_after_s; /* Retry-After, whole seconds (dates are converted); -1: none */
    struct rate_limits limits;
};

enum call_flow {
    CALL_GO_ON,
    CALL_SILENT, /* as CALL_GO_ON, but the bytes do not restart the idle timeout: they had no content */
    CALL_PAUSE,  /* the bytes were not processed: body() gets them again after call_resume() */
    CALL_STOP,   /* the reply is not usable: close the connection; done() follows, from the loop */
};

struct call_events {
    /* The next bytes of the body; the head is complete. Called by the transport, which cannot be re-entered: of the
     * functions of this file, only call_cancel(), call_release() and call_ending() may be called. */
    enum call_flow (*body)(void *ctx, const struct call_reply *reply, struct slice bytes);
    /* The call ended, and is freed. FAILURE_NONE: the reply is complete; else `message` is the error. Not called after
     * call_cancel() or call_release(). */
    void (*done)(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message);
};

#define CALL_FIELDS_MAX (16u << 10) /* bytes of a request's header fields */

struct call_request {
    const struct deployment *deployment;
    const char *path; /* appended to api_base: "/chat/completions" */
    /* Header fields "Name: value", NULL-terminated, copied; they replace the deployment's Authorization. NULL: none. */
    const char *const *fields;
    const char *url; /* only with `fields`: replaces api_base and path, so that `deployment` is not used; NULL: none */
    const char *extra_field; /* one more header field, "Name: value", copied; NULL: none */
    struct pieces body;      /* borrowed until the call ends (see call_sent()); empty: a GET */
    bool head;               /* send a HEAD; only with `url` and without a body */
    bool stream;             /* request an event stream */
    int first_timeout_ms;    /* ms to the first content of the body; 0: none */
    int idle_timeout_ms;     /* ms of silence after it; 0: none */
    int total_timeout_ms;    /* ms; 0: none */
};

/* Creates the owner of all calls and connections to providers. `base` and `config` must outlive it. Calls use http and
 * https only, and ignore redirects, netrc, cookies, and the environment's proxies. NULL: out of memory, or libcurl
 * failed to start. Free with upstream_free(). */
struct upstream *upstream_new(struct event_base *base, const struct config *config);
/* Cancels all calls. NULL is allowed. */
void upstream_free(struct upstream *u);

/* Starts a call, owned by `u`. `request` is copied, `events` and `ctx` must stay until the call ends. NULL: out of
 * memory; no event follows. */
struct call *call_start(struct upstream *u, const struct call_request *request, const struct call_events *events,
                        void *ctx);
/* Ends the call at once and closes its connection, so that the provider notices. */
void call_cancel(struct call *c);
/* Ends the call for the caller, whose body and events are no longer used. If the remaining bytes are few and arrive
 * soon, they are read and discarded, and the connection can be reused. */
void call_release(struct call *c);
/* The reply is complete except for its end mark, which may never arrive: from now on a short silence ends the call with
 * FAILURE_TIMEOUT, which the caller ignores. Allowed inside body(). */
void call_ending(struct call *c);
/* Returns whether the whole request was sent; its body is then no longer used. */
bool call_sent(const struct call *c);
/* Continues after CALL_PAUSE. */
void call_resume(struct call *c);

#endif
