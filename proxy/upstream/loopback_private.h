/* loopback_private: a connection as its own two files see it: loopback.c connects, sends and keeps, loopback_reply.c
 * reads. */
#ifndef POINTSMAN_LOOPBACK_PRIVATE_H
#define POINTSMAN_LOOPBACK_PRIVATE_H

#include "proxy/http/reply.h"
#include "proxy/upstream/loopback.h"

#include <event2/event.h>

enum loopback_phase { CONNECTING, SENDING, HEAD, BODY, COMPLETE };

/* A connection with the call that it carries; kept, without one, for the next. */
struct loopback_call {
    struct loopback *owner;
    struct loopback_call *next, **back; /* in owner->kept */
    struct loopback_origin origin;
    unsigned address; /* of origin.addresses: the one that is connected, or tried */
    int fd;
    struct event *readable, *writable;
    bool reused; /* served a call before this one */
    bool swept;  /* a sweep has found it idle */

    const struct transport_events *events; /* NULL: no call */
    void *ctx;
    struct slice request[2 + PIECES_MAX]; /* the head, the length with the empty line behind it, the body's pieces */
    char digits[DIGITS_MAX + 4];          /* of the length */
    size_t len, sent;                     /* of the request */
    enum loopback_phase phase;
    bool heard;            /* a byte of the reply has come */
    struct buf reply_head; /* of a head that came in pieces */
    struct http_reply reply;
    struct http_chunked chunked;
    uint64_t left;          /* HTTP_REPLY_LENGTH */
    struct buf piece, rest; /* while paused: decoded bytes that were not taken, and raw ones behind them */
    bool paused, inside, cancelled;
    bool refused; /* connect() said no at once; told from the loop */
};

/* Works off raw bytes of the reply. The call may be over afterwards, and `c` gone. */
void loopback_take(struct loopback_call *c, struct slice input);
/* The call is over: its connection is kept when it can serve again, and its listener hears of it. */
void loopback_finish(struct loopback_call *c, enum failure_kind failure, const char *message);
void loopback_destroy(struct loopback_call *c);

#endif
