/* dialect: what a wire is to the bridge: four functions on requests and replies. Adding a wire is adding a row. */
#ifndef POINTSMAN_BRIDGE_DIALECT_H
#define POINTSMAN_BRIDGE_DIALECT_H

#include "proxy/bridge/event.h"
#include "proxy/bridge/model.h"
#include "proxy/bridge/reply.h"

struct dialect {
    /* Fills the turn from t->doc. false: turn_refuse() was called, or there is no memory. NULL, with the next one, for
     * a wire that is never translated. */
    bool (*decode_request)(struct turn *t);
    bool (*encode_request)(const struct turn *t, const struct turn_options *options, struct buf *out);
    /* Decodes one event of the upstream's stream into the sink. */
    void (*decode_event)(struct decoder *d, const struct sse_event *event);
    /* Decodes a whole reply, parsed into d->json. */
    void (*decode_whole)(struct decoder *d);
    const struct reply_writer *writer;
};

const struct dialect *dialect_of(enum wire wire);

/* request_from_chat.c, request_from_responses.c */
bool request_from_chat(struct turn *t);
bool request_from_responses(struct turn *t);
/* request_to_chat.c, request_to_responses.c */
bool request_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out);
bool request_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out);
/* reply_from_chat.c, reply_from_responses.c */
void reply_event_from_chat(struct decoder *d, const struct sse_event *event);
void reply_whole_from_chat(struct decoder *d);
void reply_event_from_responses(struct decoder *d, const struct sse_event *event);
void reply_whole_from_responses(struct decoder *d);
/* reply_from_embeddings.c */
void reply_whole_from_embeddings(struct decoder *d);
/* reply_to_chat.c, reply_to_responses.c */
extern const struct reply_writer reply_to_chat, reply_to_responses;

#endif
