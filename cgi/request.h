/* request: reads one FastCGI request completely. */
#ifndef POINTSMAN_CGI_REQUEST_H
#define POINTSMAN_CGI_REQUEST_H

#include "cgi/peer.h"

#include <fcgiapp.h>

#define REQUEST_BODY_MAX 8192 /* bytes */

struct request {
    FCGX_Request fcgi;
    /* Point into fcgi.envp, valid until request_finish(); ptr NULL: absent. */
    struct slice method;
    struct slice path;  /* as in the request line, without the query */
    struct slice query; /* behind the '?' of the request line; empty: none */
    struct slice host;
    struct slice origin;
    struct slice fetch_site;   /* Sec-Fetch-Site */
    struct slice content_type; /* without parameters */
    struct slice content_encoding;
    struct slice token; /* X-Pointsman-Token */
    enum peer peer;     /* the user that sent it */
    char *body;         /* the caller's memory, REQUEST_BODY_MAX + 1 bytes; locked if it may get a key */
    size_t body_len;
    bool body_too_big;
};

/* Reads the request that FCGX_Accept_r() put into request->fcgi, its body into `body`, and overwrites libfcgi's copy of
 * the body meanwhile. `peer_fd` is peer_open()'s. */
void request_read(struct request *request, char *body, int peer_fd);
/* Overwrites the body and the part of the stack that the functions that read it used; the rest of the request stays. */
void request_wipe_body(struct request *request);
/* Sends the answer that was written, and ends the request. */
void request_finish(struct request *request);

#endif
