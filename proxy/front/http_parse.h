/* http_parse: pure. The HTTP/1.1 request grammar (RFC 9112), small and strict: what two readers could take differently is
 * refused. One framing rule: Content-Length or a single "chunked", never both, never twice. */
#ifndef POINTSMAN_HTTP_PARSE_H
#define POINTSMAN_HTTP_PARSE_H

#include "common/buf.h"

#define HTTP_HEAD_MAX (64u << 10)   /* bytes of request line and header fields */
#define HTTP_FIELDS_MAX 100         /* header fields */
#define HTTP_TARGET_MAX (8u << 10)  /* bytes of the request target */

struct http_field {
    struct slice name, value;
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

/* All slices point into the text that was parsed. */
struct http_head {
    struct slice method;
    struct slice path;         /* up to the "?" */
    struct slice query;        /* after it; empty without one */
    struct slice host;
    unsigned minor;            /* HTTP/1.minor: 0 or 1 */
    enum http_framing framing;
    uint64_t content_length;
    bool keep_alive;
    bool expects_continue;
    unsigned field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

enum http_result {
    HTTP_OK,
    HTTP_MORE,   /* the input ends before the grammar does */
    HTTP_BAD,    /* refuse and close */
};

struct http_error {
    int status;            /* 400, 417, 431, 501 or 505 */
    const char *message;   /* static */
};

/* Looks for the empty line that ends a head, from `*scanned` on, which is moved so that a head that arrives byte by byte is
 * scanned once. Returns the head's length with its empty line, 0 while it is not there. */
size_t http_head_length(struct slice input, size_t *scanned);
/* Parses a head of exactly that length. HTTP_OK, or HTTP_BAD with `error` set. */
MUST_CHECK enum http_result http_parse_head(struct slice text, struct http_head *head, struct http_error *error);
/* The value of the first field of that name; ptr NULL when there is none. */
struct slice http_field(const struct http_head *head, const char *name);

/* A body in chunked coding. Zeroed before its first use. */
struct http_chunked {
    int state;
    uint64_t left;        /* bytes of the current chunk that are still to come */
    unsigned digits;      /* of the chunk size */
    unsigned line;        /* bytes of extensions and trailer so far */
};

/* Reads from *input (which is moved) the next piece of data into *piece, a part of the input. HTTP_OK: the body is complete,
 * and *input stands behind it. HTTP_MORE: all input is read; *piece may hold data. Call again while *piece is not empty. */
MUST_CHECK enum http_result http_read_chunked(struct http_chunked *c, struct slice *input, struct slice *piece);

#endif
