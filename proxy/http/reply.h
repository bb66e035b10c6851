/* http_reply: pure. The head of an HTTP/1.1 reply: status, framing and the fields that a call needs. */
#ifndef POINTSMAN_HTTP_REPLY_H
#define POINTSMAN_HTTP_REPLY_H

#include "proxy/http/grammar.h"

enum http_reply_framing { HTTP_REPLY_EMPTY, HTTP_REPLY_LENGTH, HTTP_REPLY_CHUNKED, HTTP_REPLY_UNTIL_CLOSE };

struct http_reply {
    int status;
    enum http_reply_framing framing;
    uint64_t content_length;
    bool keep_alive;
    struct slice content_type, retry_after; /* point into the head; ptr NULL: absent */
};

/* Parses a head of exactly this length (http_head_length()). false: malformed or ambiguous (RFC 9112, 6.3: chunked with
 * a length, two lengths, another transfer coding). */
MUST_CHECK bool http_reply_parse(struct slice head, struct http_reply *reply);

#endif
