/* dialect: what a wire is to the bridge: the functions on its requests and replies, and what it can do. Adding a wire
 * is adding a row; nothing else in the bridge asks which wire it deals with. */
#ifndef POINTSMAN_BRIDGE_DIALECT_H
#define POINTSMAN_BRIDGE_DIALECT_H

#include "proxy/bridge/decoder.h"
#include "proxy/bridge/model.h"
#include "proxy/bridge/reply.h"

/* A field of a request that a translation would leave out of the reply, or could not find: only an upstream of the
 * client's own wire serves it. Settings that only shape the answer (stop, seed, temperature) are left out instead. */
struct own_field {
    const char *key;
    bool (*asks)(const struct json *j, uint32_t value); /* whether that value asks for it */
    bool stored; /* it names a conversation that the upstream keeps: the content may be absent */
};

struct dialect {
    /* Requests. */

    /* Fills the turn from t->doc. false: turn_refuse() was called, or there is no memory. NULL, with the next one, for
     * a wire that is never translated. */
    bool (*decode_request)(struct turn *t);
    bool (*encode_request)(const struct turn *t, const struct turn_options *options, struct buf *out);
    const char *content;                /* the key of the messages, the input or the prompt: an array … */
    bool content_string;                /* … or a string */
    const char *format;                 /* the key that may ask for structured output; NULL: none */
    const struct own_field *own_fields; /* until one without a key; NULL: none */
    bool streams;                       /* a reply can be a stream */

    /* Replies. */

    /* Decodes one event of the upstream's stream into the sink. */
    void (*decode_event)(struct decoder *d, const struct sse_event *event);
    /* Decodes a whole reply, parsed into d->json. */
    void (*decode_whole)(struct decoder *d);
    const struct reply_writer *writer;
    /* Whether an event of a stream that passes through needs decoding once the first content is out: it may hold the
     * end, the usage or an error. */
    bool (*matters)(const struct sse_event *event);
    const char *end_mark; /* ends a stream whose upstream sent none; "": its last event is its end */
    bool items;           /* a reply consists of items, each with an id and state of its own (reasoning, searches) */
    bool may_be_empty;    /* a reply without content can be complete */
};

const struct dialect *dialect_of(enum wire wire);
/* The wire of a set that a request is translated for: the first row that can be; the set has one. */
enum wire dialect_translated(unsigned wires);

/* request_from_chat.c, request_from_responses.c */
bool request_from_chat(struct turn *t);
bool request_from_responses(struct turn *t);
/* request_to_chat.c, request_to_responses.c */
bool request_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
bool request_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out);
/* calls_from_chat.c: decodes the tool calls of a message, or of a stream's delta. */
void calls_from_chat(struct decoder *d, uint32_t message);
/* No more of the calls comes. */
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
