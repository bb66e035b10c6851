/* grammar: pure. What HTTP/1.1 messages of either direction have in common (RFC 9112): lines, fields, lengths, the
 * chunked coding. Small and strict: what two readers could take differently is refused. */
#ifndef POINTSMAN_HTTP_GRAMMAR_H
#define POINTSMAN_HTTP_GRAMMAR_H

#include "common/buf.h"

#define HTTP_HEAD_MAX (64u << 10) /* bytes of a first line and its header fields */

struct http_field {
    struct slice name, value;
};

enum http_result {
    HTTP_OK,
    HTTP_MORE, /* the input ends before the grammar does */
    HTTP_BAD,  /* refuse and close */
};

/* Looks for the empty line that ends a head, from `*scanned` on, which is moved so that a head that arrives byte by
 * byte is scanned once. Returns the head's length with its empty line, 0 while it is not there. */
size_t http_head_length(struct slice input, size_t *scanned);
/* Cuts `*rest` at the first `c`: what stands before it goes into *part. false when there is none. */
bool http_cut(struct slice *rest, char c, struct slice *part);
/* Cuts off the next line, which must end in CRLF and hold neither character elsewhere. */
bool http_cut_line(struct slice *rest, struct slice *line);
/* RFC 9110, 5.6.2; at least one character. */
bool http_is_token(struct slice s);
/* Splits "Name: value" (RFC 9112, 5): no blank before the colon, no control character in the value, blanks around it
 * off. */
MUST_CHECK bool http_split_field(struct slice line, struct http_field *field);
/* Content-Length's value: digits only, at most 18. */
MUST_CHECK bool http_parse_length(struct slice value, uint64_t *length);
/* Whether a list such as Connection's ("close, te") holds the token, in any case. */
bool http_lists(struct slice value, const char *token);

/* A body in chunked coding. Zeroed before its first use. */
struct http_chunked {
    int state;
    uint64_t left;   /* bytes of the current chunk that are still to come */
    unsigned digits; /* of the chunk size */
    unsigned line;   /* bytes of extensions and trailer so far */
};

/* Reads from *input (which is moved) the next piece of data into *piece, a part of the input. HTTP_OK: the body is
 * complete, and *input stands behind it. HTTP_MORE: all input is read; *piece may hold data. Call again while *piece is
 * not empty. */
MUST_CHECK enum http_result http_read_chunked(struct http_chunked *c, struct slice *input, struct slice *piece);

#endif
