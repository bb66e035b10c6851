/* chat_writer: what the two files that encode a turn as a Chat Completions request share. */
#ifndef POINTSMAN_BRIDGE_CHAT_WRITER_H
#define POINTSMAN_BRIDGE_CHAT_WRITER_H

#include "proxy/bridge/content.h"

/* One encoding. `text` and `json` are for looking into arguments, `state` and `state_json` for the state of the run
 * that is being written (assistant_to_chat.c). */
struct chat_writer {
    const struct turn *t;
    const struct turn_options *options;
    struct buf *out;
    struct buf text, state;
    struct json json, state_json;
    const char *last; /* role of the message that was written last; NULL: none was */
};

static inline const struct item *chat_item(const struct chat_writer *w, uint32_t i)
{
    return &w->t->items[i];
}

/* `{"role":"…","content":` with a comma before it where a message precedes. */
void chat_begin_message(struct chat_writer *w, const char *role);
/* Whether the item has pictures and the like, and the upstream takes them. */
bool chat_shows_media(const struct chat_writer *w, const struct item *item);
/* A part of a message's content. */
void chat_write_part(struct chat_writer *w, const struct part *part);
/* One assistant message with all text and calls of the assistant's side that begins at item `i`, then each call's
 * result, wherever in the input it stands. Returns where that side ends. */
uint32_t chat_write_assistant(struct chat_writer *w, uint32_t i);

#endif
