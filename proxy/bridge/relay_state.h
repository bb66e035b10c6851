/* relay_state: pure. The struct of a relay, for relay.c (translates), watch.c (passes streams through) and whole.c
 * (whole replies). */
#ifndef POINTSMAN_BRIDGE_RELAY_STATE_H
#define POINTSMAN_BRIDGE_RELAY_STATE_H

#include "proxy/bridge/dialect.h"
#include "proxy/bridge/relay.h"

struct relay {
    struct relay_options options;
    const struct dialect *upstream; /* the upstream's API */
    enum relay_state state;
    bool begun;  /* the form of the reply is known: options.upstream_stream is right */
    bool passes; /* same API and form on both sides: the bytes pass through */
    bool sent;   /* something was sent to the client */
    struct failure failure;
    struct sse_reader sse;
    struct reply reply;
    struct buf out;             /* written in this call */
    struct buf body;            /* a whole reply so far; the start of a reply whose form is not known yet */
    struct ceiling_hold memory; /* of these buffers and of the reply's text */
    enum finish finish;
    char filter[64]; /* FINISH_FILTER: the finish reason */
    bool ended;      /* the API's end mark was received */
    bool content;    /* pass-through: content was received */
    bool text;       /* pass-through: of it, text or vectors */
    struct buf held; /* pass-through: bytes that were sent in the last call, then bytes held back */
    size_t given;    /* bytes of `held` that were sent */
    size_t complete; /* bytes held back that are complete events */
    uint64_t events; /* complete events of the upstream */
    struct decoder decoder;
};

#define RELAY_TRUNCATED "the upstream's reply was truncated"
#define RELAY_EMPTY "the upstream sent an empty reply"

/* Processes an EVENT_FINISH. */
void relay_finish(struct relay *r, const struct reply_event *e);
/* Sets the failure, unless there is one. */
void relay_set_failure(struct relay *r, enum failure_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same, after the reader of events has failed. */
void relay_set_unread(struct relay *r);
/* Estimates the counts of the usage that the upstream omitted. */
void relay_count(struct relay *r, size_t reply_bytes);

/* watch.c: event sink, relay_feed() and relay_end() of a stream that passes through. */
void watch_take(void *relay, const struct reply_event *event);
void watch_feed(struct relay *r, struct slice bytes, struct slice *send);
void watch_end(struct relay *r, struct slice last, struct slice *send);
/* Drops the incomplete event at the end. */
void watch_drop_rest(struct relay *r);

/* whole.c: relay_end() of a whole reply. */
void whole_end(struct relay *r, struct slice *send);

#endif
