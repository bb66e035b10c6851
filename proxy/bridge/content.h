/* content: pure. The content of messages and tool results, which has nearly the same form in both APIs. */
#ifndef POINTSMAN_BRIDGE_CONTENT_H
#define POINTSMAN_BRIDGE_CONTENT_H

#include "proxy/bridge/model.h"

/* Adds the parts of `content`, a string or an array of parts, to the last item. If it is null or absent, adds nothing.
 * false: turn_refuse() was called; its message names the field as `where`. */
bool content_read(struct turn *t, uint32_t content, const char *where);
/* Appends all text of the item, escaped, with `join` (escaped) between its parts; `placeholders`: with a placeholder
 * for each image, file or recording. Returns whether the item has such a part. */
bool content_write_text(const struct turn *t, const struct item *item, const char *join, bool placeholders,
                        struct buf *out);
/* Reads one part of a message's content, in the form of either API. false: unknown type. */
bool content_part(const struct json *doc, uint32_t node, struct part *part);
/* Returns the text (escaped) that replaces a part of this kind if the upstream does not accept it. */
const char *content_placeholder(enum part_kind kind);
/* Returns whether the item has a part that is not text. */
bool content_has_media(const struct turn *t, const struct item *item);

#endif
