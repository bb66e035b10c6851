/* loopback_private: a connection, for its two files: loopback.c connects, sends and keeps it, loopback_reply.c reads
 * the reply. */
#ifndef POINTSMAN_LOOPBACK_PRIVATE_H
#define POINTSMAN_LOOPBACK_PRIVATE_H

#include "proxy/http/reply.h"
#include "proxy/upstream/loopback.h"

#include <event2/event.h>

enum loopback_phase { CONNECTING, SENDING, HEAD, BODY, COMPLETE };

/* A connection and its current call; it stays open after the call, if possible. */
struct loopback_call {
    struct loopback *owner;
    struct loopback_call *next, **back; /* in owner->idle */
    struct loopback_origin origin;
    unsigned address; /* index in origin.addresses of the connected address, or of the one that is tried */
    int fd;
    struct event *readable, *writable;
    bool reused; /* had a call before this one */
    bool swept;  /* a sweep has found it idle */

    const struct transport_events *events; /* NULL: idle */
    void *ctx;
    struct slice request[2 + PIECES_MAX]; /* the head, the length with the empty line, the body's pieces */
    char digits[DIGITS_MAX + 4];          /* the length and the empty line */
    size_t len, sent;                     /* bytes of the request, and of them sent */
    enum loopback_phase phase;
    bool heard;            /* a byte of the reply has arrived */
    struct buf reply_head; /* the head so far, if it is incomplete */
    struct http_reply reply;
    struct http_chunked chunked;
    uint64_t left;          /* HTTP_REPLY_LENGTH: bytes of the body to come */
    struct buf piece, rest; /* while paused: decoded bytes that were not processed, and the raw bytes after them */
    bool paused, cancelled;
    bool inside;  /* body() is on the stack */
    bool refused; /* connect() failed at once; reported from the loop */
};

/* Processes raw bytes of the reply. Afterwards the call may have ended, and `c` be freed. */
void loopback_take(struct loopback_call *c, struct slice input);
/* Ends the call with done(). Keeps the connection if it can be reused, else frees `c`. */
void loopback_finish(struct loopback_call *c, enum failure_kind failure, const char *message);
/* Closes the connection and frees `c`. */
void loopback_destroy(struct loopback_call *c);

#endif
