/* chat_writer: what request_to_chat.c and assistant_to_chat.c share to encode a Chat Completions request. */
#ifndef POINTSMAN_BRIDGE_CHAT_WRITER_H
#define POINTSMAN_BRIDGE_CHAT_WRITER_H

#include "proxy/bridge/content.h"

/* State of one encoding. `text` and `json` are scratch space to check arguments. `state` and `state_json` are the
 * provider's state of the current run (assistant_to_chat.c). */
struct chat_writer {
    const struct turn *t;
    const struct turn_options *options;
    struct buf *out;
    struct buf text, state;
    struct json json, state_json;
    const char *last; /* role of the last message written; NULL: none */
};

static inline const struct item *chat_item(const struct chat_writer *w, uint32_t i)
{
    return &w->t->items[i];
}

/* Writes `{"role":"…","content":`, after a comma unless the message is the first. */
void chat_begin_message(struct chat_writer *w, const char *role);
/* Returns whether the item has images, files or audio, and the upstream accepts them. */
bool chat_shows_media(const struct chat_writer *w, const struct item *item);
/* Writes one part of a message's content. */
void chat_write_part(struct chat_writer *w, const struct part *part);
/* Writes one assistant message with all text and calls of the assistant's items from `i` on, then the calls' results,
 * wherever they are in the input. Returns the index of the next item to write. */
uint32_t chat_write_assistant(struct chat_writer *w, uint32_t i);

#endif
