/* content: the content of messages and tool results, which both wires write in much the same way. */
#ifndef POINTSMAN_BRIDGE_CONTENT_H
#define POINTSMAN_BRIDGE_CONTENT_H

#include "proxy/bridge/model.h"

/* Adds the parts of `content`, a string or an array of parts, to the item that was added last. null and absent content
 * adds nothing. false: turn_refuse() was called; `where` names the field in its message. */
bool content_read(struct turn *t, uint32_t content, const char *where);
/* All text of the item, escaped, its parts joined by `join` (escaped); pictures and files leave a placeholder when
 * `placeholders` is set. Returns whether there was any. */
bool content_write_text(const struct turn *t, const struct item *item, const char *join, bool placeholders,
                        struct buf *out);
/* Reads one part of a message's content, in either wire's shape. false: it is none that is known. */
bool content_part(const struct json *doc, uint32_t node, struct part *part);
/* The text, escaped, in place of a part of that kind that an upstream does not take. */
const char *content_placeholder(enum part_kind kind);
/* Whether the item has a part that is not text. */
bool content_has_media(const struct turn *t, const struct item *item);

#endif
