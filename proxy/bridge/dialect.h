/* dialect: pure. An API as the bridge sees it: functions for its requests and replies, and what it supports. A new API
 * is a new row; no other code of the bridge tests for an API. */
#ifndef POINTSMAN_BRIDGE_DIALECT_H
#define POINTSMAN_BRIDGE_DIALECT_H

#include "proxy/bridge/decoder.h"
#include "proxy/bridge/model.h"
#include "proxy/bridge/reply.h"

/* A field of a request that can't be translated, because the reply would lack what it requests: only an upstream with
 * the client's API can serve it. (Settings of the answer, such as stop, seed or temperature, are left out instead.) */
struct own_field {
    const char *key;
    bool (*asks)(const struct json *j, uint32_t value); /* returns whether the value requests the feature */
    bool stored; /* it refers to content that the upstream stores, so the request's may be absent */
};

struct dialect {
    /* Requests. */

    /* Fills the turn from t->doc. false: turn_refuse() was called, or out of memory. Both functions are NULL if the API
     * is never translated. */
    bool (*decode_request)(struct turn *t);
    /* Appends the body. false: `out` has failed. */
    bool (*encode_request)(const struct turn *t, const struct turn_options *options, struct buf *out);
    const char *content;                /* the key of the messages, input or prompt, an array … */
    bool content_string;                /* … or a string */
    const char *format;                 /* the key that can request structured output; NULL: none */
    const struct own_field *own_fields; /* ends with a NULL key; NULL: none */
    bool streams;                       /* replies can be streams */

    /* Replies. */

    /* Emits the events of one server-sent event. */
    void (*decode_event)(struct decoder *d, const struct sse_event *event);
    /* Emits the events of a whole reply, parsed into d->json. */
    void (*decode_whole)(struct decoder *d);
    const struct reply_writer *writer;
    /* Returns whether an event of a passed-through stream must be decoded even after the first content: it may have the
     * end, the usage or an error. */
    bool (*matters)(const struct sse_event *event);
    const char *end_mark; /* appended to a stream if the upstream sent none; "": the last event is the end */
    bool items;           /* a reply consists of items with their own id and state (reasoning, searches) */
    bool may_be_empty;    /* a complete reply may have no content */
};

/* Returns the row of the API. */
const struct dialect *dialect_of(enum wire wire);
/* Returns the API of the set to translate a request to: the first row that can be translated; the set has one. */
enum wire dialect_translated(unsigned wires);

/* request_from_chat.c, request_from_responses.c */
bool request_from_chat(struct turn *t);
bool request_from_responses(struct turn *t);
/* request_to_chat.c, request_to_responses.c */
bool request_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
bool request_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out);
/* calls_from_chat.c: decodes the tool calls of a message, or of a stream's delta. */
void calls_from_chat(struct decoder *d, uint32_t message);
/* The reply has ended. */
void calls_from_chat_end(struct decoder *d);
/* reply_from_chat.c, reply_from_responses.c */
void reply_event_from_chat(struct decoder *d, const struct sse_event *event);
void reply_whole_from_chat(struct decoder *d);
void reply_event_from_responses(struct decoder *d, const struct sse_event *event);
void reply_whole_from_responses(struct decoder *d);
/* reply_from_embeddings.c */
void reply_whole_from_embeddings(struct decoder *d);
/* reply_to_chat.c, reply_to_responses.c */
extern const struct reply_writer reply_to_chat, reply_to_responses;
/* watch.c */
bool watch_matters_in_chat(const struct sse_event *event);
bool watch_matters_in_responses(const struct sse_event *event);

#endif
