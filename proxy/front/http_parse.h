/* http_parse: pure. The HTTP/1.1 request grammar (RFC 9112), small and strict: what two readers could take differently
 * is refused. One framing rule: Content-Length or a single "chunked", never both, never twice. */
#ifndef POINTSMAN_HTTP_PARSE_H
#define POINTSMAN_HTTP_PARSE_H

#include "proxy/http/grammar.h"

#define HTTP_FIELDS_MAX 100        /* header fields */
#define HTTP_TARGET_MAX (8u << 10) /* bytes of the request target */

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* All slices point into the text that was parsed. */
struct http_head {
    struct slice method;
    struct slice path;  /* up to the "?" */
    struct slice query; /* after it; empty without one */
    struct slice host;
    unsigned minor;      /* HTTP/1.minor: 0 or 1 */
    struct slice coding; /* Content-Encoding; empty without one */
    enum http_framing framing;
    uint64_t content_length;
    bool keep_alive;
    bool expects_continue;
    unsigned seen; /* fields that may stand once, a bit for each */
    unsigned field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

struct http_error {
    int status;          /* 400, 414, 417, 431, 501 or 505 */
    const char *message; /* static */
};

/* Parses a head of exactly that length. HTTP_OK, or HTTP_BAD with `error` set. */
MUST_CHECK enum http_result http_parse_head(struct slice text, struct http_head *head, struct http_error *error);
/* Whether the first bytes of a head that isn't complete can still become one: else `error` says what it is refused
 * with, long before a client that speaks something else (TLS, HTTP/0.9) runs into a timeout. */
MUST_CHECK bool http_may_begin_request(struct slice input, struct http_error *error);
/* Whether the bytes begin a TLS handshake (RFC 8446, 5.1): a client was given https:// for this port. */
bool http_begins_tls(struct slice input);
/* The value of the first field of that name; ptr NULL when there is none. */
struct slice http_field(const struct http_head *head, const char *name);

#endif
