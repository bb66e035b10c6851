/* responses_object: the response object of the Responses API, and its output items, as the bridge writes them. */
#ifndef POINTSMAN_BRIDGE_RESPONSES_OBJECT_H
#define POINTSMAN_BRIDGE_RESPONSES_OBJECT_H

#include "proxy/bridge/reply.h"

/* The response object: OpenAI's full set of fields, those that repeat the request taken from it. `status` is
 * "in_progress", "completed", "incomplete" or "failed" (with `f`); output and usage are written for the last three. */
void response_write(struct reply *r, const char *status, const struct failure *f);
/* An output item as it is when it ends, or, `done` false, as it begins. */
void response_item_write(struct reply *r, const struct output *o, bool done);
/* Its id: "msg_<response id>_<index>". */
void response_item_id(const struct reply *r, const struct output *o, struct buf *out);

#endif
