/* local_http: a small blocking HTTP/1.1 client for servers on this machine (key-page server, proxy, Ollama). One
 * request per connection, with timeouts. Refuses other hosts, so nothing leaves the machine. */
#ifndef POINTSMAN_CLI_LOCAL_HTTP_H
#define POINTSMAN_CLI_LOCAL_HTTP_H

#include "common/buf.h"

#define LOCAL_HTTP_BODY_MAX (16u << 20) /* bytes */

enum local_http_fault {
    LOCAL_HTTP_FINE,
    LOCAL_HTTP_REFUSED, /* no server listens there */
    LOCAL_HTTP_TIMEOUT,
    LOCAL_HTTP_ELSEWHERE, /* the base is not an http:// URL of this machine */
    LOCAL_HTTP_BROKEN,    /* not HTTP, truncated, too long, or out of memory */
    LOCAL_HTTP_STOPPED,   /* on_body() returned false */
};

struct local_http_request {
    const char *base;          /* "http://127.0.0.1:4000"; may contain a path, which precedes `path` */
    const char *method, *path; /* "GET", "/v1/models" */
    const char *const *fields; /* additional header fields, "Name: value"; NULL-terminated; or NULL */
    const char *content_type;  /* NULL: no body */
    struct slice body;
    int timeout_ms; /* whole request; 0: none */
    int idle_ms;    /* each wait; 0: none */
    /* Gets the body of a 2xx reply in pieces; return false to stop. NULL: the body is collected. */
    bool (*on_body)(struct slice piece, void *ctx);
    void *ctx;
};

struct local_http_reply {
    int status; /* 0: no complete head was read */
    enum local_http_fault fault;
    struct buf body; /* at most LOCAL_HTTP_BODY_MAX; empty if on_body() got it */
};

/* Sends the request and reads the reply. true for a reply of any status; false: kind in `fault`, one line in `error`.
 * Free with local_http_free() in any case. */
MUST_CHECK bool local_http(const struct local_http_request *request, struct local_http_reply *reply, struct buf *error);
void local_http_free(struct local_http_reply *reply);

#endif
