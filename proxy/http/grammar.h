/* grammar: pure. HTTP/1.1 grammar shared by requests and replies (RFC 9112): lines, fields, lengths, chunked coding.
 * Strict: ambiguous input is rejected. */
#ifndef POINTSMAN_HTTP_GRAMMAR_H
#define POINTSMAN_HTTP_GRAMMAR_H

#include "common/buf.h"

#define HTTP_HEAD_MAX (64u << 10) /* bytes of the start line and header fields */

struct http_field {
    struct slice name, value;
};

enum http_result {
    HTTP_OK,
    HTTP_MORE, /* incomplete: more input is needed */
    HTTP_BAD,  /* malformed: refuse and close */
};

/* Finds the empty line that ends a head, from *scanned on. Moves *scanned, so that slow input is scanned once. Returns
 * the head's length including the empty line; 0: incomplete. */
size_t http_head_length(struct slice input, size_t *scanned);
/* Cuts *rest at the first `c`; *part receives the text before it. false: no `c`. */
bool http_cut(struct slice *rest, char c, struct slice *part);
/* Cuts the next line off *rest. false: it does not end in CR LF, or contains another CR or LF. */
bool http_cut_line(struct slice *rest, struct slice *line);
/* Returns whether `s` is a token (RFC 9110, 5.6.2): at least one character. */
bool http_is_token(struct slice s);
/* Splits "Name: value" (RFC 9112, 5) and trims the value. false: blank before the colon, or a control character in the
 * value. */
MUST_CHECK bool http_split_field(struct slice line, struct http_field *field);
/* Parses Content-Length's value: 1 to 18 digits. */
MUST_CHECK bool http_parse_length(struct slice value, uint64_t *length);
/* Returns whether a comma-separated list ("close, te") contains the token, ignoring case. */
bool http_lists(struct slice value, const char *token);

/* State of a chunked body. Zero it before use. */
struct http_chunked {
    int state;
    uint64_t left;   /* bytes of the current chunk still missing */
    unsigned digits; /* digits of the chunk size so far */
    unsigned line;   /* bytes of extensions and trailer so far */
};

/* Reads the next piece of data from *input and moves it. *piece points into the input. HTTP_OK: the body is complete
 * and *input is after it. HTTP_MORE: all input is used; *piece may hold data. Call again while *piece is not empty. */
MUST_CHECK enum http_result http_read_chunked(struct http_chunked *c, struct slice *input, struct slice *piece);

#endif
