/* relay_state: what a relay is made of. Private to relay.c (which translates) and watch.c (which lets through). */
#ifndef POINTSMAN_BRIDGE_RELAY_STATE_H
#define POINTSMAN_BRIDGE_RELAY_STATE_H

#include "proxy/bridge/dialect.h"
#include "proxy/bridge/relay.h"

struct relay {
    struct relay_options options;
    const struct dialect *upstream; /* what its upstream speaks */
    enum relay_state state;
    bool begun;  /* options.upstream_stream is what the reply is, no longer what its type says */
    bool passes; /* same wire, same manner: the bytes go through as they are */
    bool sent;   /* the client was given something */
    struct failure failure;
    struct sse_reader sse;
    struct reply reply;
    struct buf out;             /* what was written in this call */
    struct buf body;            /* a whole reply as it comes in; of a stream, what came before it was known as one */
    struct ceiling_hold memory; /* for these, and for the text that the reply keeps */
    enum finish finish;
    char filter[64]; /* of FINISH_FILTER: the upstream's word */
    bool ended;      /* the wire's end mark was seen */
    bool content;    /* in pass-through: what opens the reply was seen */
    struct buf held; /* in pass-through: bytes that were given out, then those that were not yet */
    size_t given;    /* of them, how many were */
    size_t complete; /* of what was not given out, how much is whole events */
    uint64_t events;
    struct decoder decoder;
};

/* Takes an EVENT_FINISH. */
void relay_finish(struct relay *r, const struct reply_event *e);
/* The reply fails, unless it has before. */
void relay_set_failure(struct relay *r, enum failure_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* … by what the reader of events could not take. */
void relay_set_unread(struct relay *r);
/* Fills in what the upstream did not count. */
void relay_count(struct relay *r, size_t reply_bytes);

/* The pass-through's part of relay.h's functions of the same names. */
void watch_take(void *relay, const struct reply_event *event);
void watch_feed(struct relay *r, struct slice bytes, struct slice *send);
void watch_end(struct relay *r, struct slice last, struct slice *send);
/* Forgets the event that the upstream was in the middle of. */
void watch_drop_rest(struct relay *r);

/* A whole reply's part of relay_end(): whole.c. */
void whole_end(struct relay *r, struct slice *send);

#endif
