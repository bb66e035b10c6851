/* loopback: loop. HTTP/1.1 to a server on this machine (Ollama, LM Studio, vLLM, another gateway).
 *
 * Loopback needs none of libcurl's name lookup, TLS, proxies and HTTP/2, and libcurl costs more than the rest of a
 * request (doc/performance.md, the column "pointsman, libcurl"). All other origins use libcurl. */
#ifndef POINTSMAN_LOOPBACK_H
#define POINTSMAN_LOOPBACK_H

#include "common/url.h"
#include "proxy/upstream/transport.h"

struct loopback; /* all idle connections */
struct loopback_call;

/* The server of a base URL on this machine: "http://127.0.0.1:11434/v1", "http://localhost:4000", "http://[::1]:8080".
 */
struct loopback_origin {
    char host[80];                                  /* for the Host field: "127.0.0.1:11434" */
    char path[256];                                 /* "/v1" */
    struct url_address addresses[URL_LOOPBACK_MAX]; /* in the order to try */
    unsigned address_count;
    uint16_t port;
};

struct loopback_request {
    const struct loopback_origin *origin;
    /* "POST /v1/… HTTP/1.1\r\n…", to the end of "Content-Length: "; without a body to before the empty line. */
    struct slice head;
    struct pieces body; /* empty: none */
};

/* Fills the origin. false: the URL is of another machine, or not plain http. */
bool loopback_parse(const char *url, struct loopback_origin *origin);
/* Connections are closed after `idle_ms` without a call at the latest, half of that at the earliest. Free with
 * loopback_free(). NULL: out of memory. */
struct loopback *loopback_new(struct event_base *base, unsigned idle_ms);
/* Closes idle connections. All calls must be done. NULL is allowed. */
void loopback_free(struct loopback *l);
/* Starts a call; head and body must stay until it ends. done() is not called inside this function. If an idle
 * connection turns out to be closed, it is replaced once, unless a byte of a reply has arrived (RFC 9112, 9.3.1). NULL:
 * out of memory or descriptors. */
struct loopback_call *loopback_start(struct loopback *l, const struct loopback_request *request,
                                     const struct transport_events *events, void *ctx);
/* Closes the connection and frees the call, without done(). Allowed inside body(). */
void loopback_cancel(struct loopback_call *c);
/* Continues after CALL_PAUSE. */
void loopback_resume(struct loopback_call *c);
/* Returns whether the whole request has been written. */
bool loopback_sent(const struct loopback_call *c);

#endif
