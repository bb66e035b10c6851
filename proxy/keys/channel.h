/* channel: loop. Frames between a worker and the keeper, over a socket pair. A frame is a number of bytes and a tag,
 * both in the machine's own order, and the bytes. A reply has the tag of its request. */
#ifndef POINTSMAN_KEYS_CHANNEL_H
#define POINTSMAN_KEYS_CHANNEL_H

#include "common/buf.h"

#define CHANNEL_FRAME_MAX (16u << 20) /* bytes */

struct event_base;
struct channel;

struct channel_events {
    void (*frame)(void *ctx, uint32_t tag, struct slice bytes);
    void (*closed)(void *ctx); /* the other side has ended; free the channel here or later */
    void *ctx;
};

/* Takes ownership of the socket, also on failure. NULL: out of memory. */
struct channel *channel_new(struct event_base *base, int fd, const struct channel_events *events);
/* Sends a frame of these pieces. false: out of memory, or too large; nothing was sent. */
MUST_CHECK bool channel_send(struct channel *c, uint32_t tag, const struct slice *pieces, unsigned count);
/* NULL is allowed. Not from `frame`. */
void channel_free(struct channel *c);

#endif
