/* http_parse: pure. The HTTP/1.1 request grammar (RFC 9112). Strict: ambiguous input is rejected. One framing only:
 * Content-Length or a single "chunked", never both or twice. */
#ifndef POINTSMAN_HTTP_PARSE_H
#define POINTSMAN_HTTP_PARSE_H

#include "proxy/http/grammar.h"

#define HTTP_FIELDS_MAX 100        /* header fields */
#define HTTP_TARGET_MAX (8u << 10) /* bytes of the request target */

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* All slices point into the parsed text. */
struct http_head {
    struct slice method;
    struct slice path;  /* before the "?" */
    struct slice query; /* after it; empty: none */
    struct slice host;
    unsigned minor;      /* HTTP/1.minor: 0 or 1 */
    struct slice coding; /* Content-Encoding; empty: none */
    enum http_framing framing;
    uint64_t content_length;
    bool keep_alive;
    bool expects_continue;
    unsigned seen; /* bits of the unique fields seen so far */
    unsigned field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

struct http_error {
    int status;          /* 400, 414, 417, 431, 501 or 505 */
    const char *message; /* static */
};

/* Parses a head of exactly this length. HTTP_OK, or HTTP_BAD with `error` set. */
MUST_CHECK enum http_result http_parse_head(struct slice text, struct http_head *head, struct http_error *error);
/* Returns whether an incomplete head can still become valid. If not, `error` says why, so that a client with another
 * protocol (TLS, HTTP/0.9) gets an answer long before the timeout. */
MUST_CHECK bool http_may_begin_request(struct slice input, struct http_error *error);
/* Returns whether the input starts a TLS handshake (RFC 8446, 5.1): a client uses https:// on this port. */
bool http_begins_tls(struct slice input);
/* Returns the value of the first field of this name; ptr NULL: none. */
struct slice http_field(const struct http_head *head, const char *name);

#endif
