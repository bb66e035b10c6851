/* responses_object: pure. Writes the response object of the Responses API and its output items. */
#ifndef POINTSMAN_BRIDGE_RESPONSES_OBJECT_H
#define POINTSMAN_BRIDGE_RESPONSES_OBJECT_H

#include "proxy/bridge/reply.h"

/* Appends the response object to r->out, with all of OpenAI's fields; some repeat the request's. `status`:
 * "in_progress" (without output and usage), "completed", "incomplete", or "failed" with `f`. */
void response_write(struct reply *r, const char *status, const struct failure *f);
/* Appends an output item to r->out, as at its beginning or, if `done`, at its end. */
void response_item_write(struct reply *r, const struct output *o, bool done);
/* Appends the item's id: "msg_<response id>_<index>". */
void response_item_id(const struct reply *r, const struct output *o, struct buf *out);

#endif
