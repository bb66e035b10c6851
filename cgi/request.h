/* request: one FastCGI request, read completely. */
#ifndef POINTSMAN_CGI_REQUEST_H
#define POINTSMAN_CGI_REQUEST_H

#include "cgi/peer.h"

#include <fcgiapp.h>

#define REQUEST_BODY_MAX 8192

struct request {
    FCGX_Request fcgi;
    /* Point into fcgi.envp, valid until request_finish(); ptr NULL: absent. */
    struct slice method;
    struct slice path; /* of the request line as it came, without the query */
    struct slice host;
    struct slice origin;
    struct slice fetch_site;   /* Sec-Fetch-Site */
    struct slice content_type; /* without parameters */
    struct slice content_encoding;
    struct slice token; /* X-Pointsman-Token */
    enum peer peer;     /* the user that sent it */
    char *body;         /* the caller's locked memory, REQUEST_BODY_MAX + 1 bytes */
    size_t body_len;
    bool body_too_big;
};

/* Reads what FCGX_Accept_r() left in request->fcgi; libfcgi's copy of the body is overwritten while it is read.
 * `peer_fd` is peer_open()'s. */
void request_read(struct request *request, char *body, int peer_fd);
/* Overwrites the body, and what the functions that handled it left on the stack; the rest of the request stays usable.
 */
void request_wipe_body(struct request *request);
/* Sends what was written and ends the request. */
void request_finish(struct request *request);

#endif
