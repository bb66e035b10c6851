/* loopback: loop. HTTP/1.1 to a server on this machine (Ollama, LM Studio, vLLM, another gateway).
 *
 * On loopback there are no names to resolve, no TLS, no proxies and no HTTP/2, which is what libcurl is for; what is
 * left is a socket, a head and a body, and libcurl's general way through them costs more than all the rest of a request
 * does (doc/performance.md, the column "pointsman, libcurl"). Every other origin is libcurl's. */
#ifndef POINTSMAN_LOOPBACK_H
#define POINTSMAN_LOOPBACK_H

#include "common/url.h"
#include "proxy/upstream/transport.h"

struct loopback; /* the connections that are kept */
struct loopback_call;

/* Where a base URL leads, when it leads to this machine: "http://127.0.0.1:11434/v1", "http://localhost:4000",
 * "http://[::1]:8080". */
struct loopback_origin {
    char host[80];                                  /* for the Host field: "127.0.0.1:11434" */
    char path[256];                                 /* "/v1" */
    struct url_address addresses[URL_LOOPBACK_MAX]; /* in the order in which they are tried */
    unsigned address_count;
    uint16_t port;
};

struct loopback_request {
    const struct loopback_origin *origin;
    /* "POST /v1/… HTTP/1.1\r\n…", up to the length behind "Content-Length: "; without a body up to the empty line. */
    struct slice head;
    struct pieces body; /* nothing: none */
};

/* false: the URL is another machine's, or not plain http. */
bool loopback_parse(const char *url, struct loopback_origin *origin);
/* A connection that is idle for `kept_ms` is closed, at the latest; half of that, at the earliest. NULL: no memory. */
struct loopback *loopback_new(struct event_base *base, unsigned kept_ms);
/* Closes what is kept; all calls must be over. */
void loopback_free(struct loopback *l);
/* Starts a call; head and body must stay until it is over. done() never comes before this has returned. NULL: no memory
 * or no descriptor. A kept connection that turns out to have been closed meanwhile is replaced once, as long as no byte
 * of a reply has come (RFC 9112, 9.3.1). */
struct loopback_call *loopback_start(struct loopback *l, const struct loopback_request *request,
                                     const struct transport_events *events, void *ctx);
/* Closes the connection and forgets the call; allowed within body(). */
void loopback_cancel(struct loopback_call *c);
/* Goes on after CALL_PAUSE. */
void loopback_resume(struct loopback_call *c);
/* Whether the whole request has been written. */
bool loopback_sent(const struct loopback_call *c);

#endif
