/* local_http: a small blocking HTTP/1.1 client for servers on this machine (the session app, the proxy, Ollama): one
 * request, one connection, deadlines. What is sent through it can't leave the machine: other hosts are refused. */
#ifndef POINTSMAN_CLI_LOCAL_HTTP_H
#define POINTSMAN_CLI_LOCAL_HTTP_H

#include "common/buf.h"

#define LOCAL_HTTP_BODY_MAX (16u << 20)

enum local_http_fault {
    LOCAL_HTTP_FINE,
    LOCAL_HTTP_NOBODY, /* no server listens there */
    LOCAL_HTTP_TIMEOUT,
    LOCAL_HTTP_ELSEWHERE, /* the base is no http:// URL of this machine */
    LOCAL_HTTP_BROKEN,    /* not HTTP, cut, too long, no memory */
    LOCAL_HTTP_STOPPED,   /* on_body() said so */
};

struct local_http_request {
    const char *base;          /* "http://127.0.0.1:4000"; a path in it stands before `path` */
    const char *method, *path; /* "GET", "/v1/models" */
    const char *const *fields; /* further header fields, "Name: value", NULL-terminated; or NULL */
    const char *content_type;  /* NULL: there is no body */
    struct slice body;
    int timeout_ms; /* for all of it; 0: none */
    int idle_ms;    /* for each wait; 0: none */
    /* Takes a successful (2xx) reply's body piece by piece; false stops. NULL: the body is collected. */
    bool (*on_body)(struct slice piece, void *ctx);
    void *ctx;
};

struct local_http_reply {
    int status; /* 0: no reply's head was read */
    enum local_http_fault fault;
    struct buf body; /* what was not handed to on_body(); at most LOCAL_HTTP_BODY_MAX */
};

/* Makes the call. false: `fault` says of which kind, and `error` has a line for people; a reply of any status is true.
 * Free with local_http_free() in any case. */
MUST_CHECK bool local_http(const struct local_http_request *request, struct local_http_reply *reply, struct buf *error);
void local_http_free(struct local_http_reply *reply);

#endif
