/* http_reply: pure. The head of an HTTP/1.1 reply, as far as a call needs it: status, framing, and a few fields. */
#ifndef POINTSMAN_HTTP_REPLY_H
#define POINTSMAN_HTTP_REPLY_H

#include "proxy/http/grammar.h"

enum http_reply_framing { HTTP_REPLY_EMPTY, HTTP_REPLY_LENGTH, HTTP_REPLY_CHUNKED, HTTP_REPLY_UNTIL_CLOSE };

struct http_reply {
    int status;
    enum http_reply_framing framing;
    uint64_t content_length;
    bool keep_alive;
    struct slice content_type, retry_after; /* point into the head; ptr NULL when absent */
};

/* Parses a head of exactly that length (http_head_length()). false: not a reply that can be read in one way only (RFC
 * 9112, 6.3: chunked together with a length, two lengths, another transfer coding). */
MUST_CHECK bool http_reply_parse(struct slice head, struct http_reply *reply);

#endif
