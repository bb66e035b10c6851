/* pass: pure. A request on its way to an upstream of its own wire. */
#ifndef POINTSMAN_PASS_H
#define POINTSMAN_PASS_H

#include "common/json.h"

/* The client's body byte for byte, but for the model's name and reasoning items that bear our mark (carrier.h): to
 * their upstream they would be unknown. `doc` may be parsed whole or, which is faster, by json_parse_top(), and with
 * CARRIER_MARK as its mark, which spares a look for carriers where there are none: *out then points into the document's
 * text, and only the name is written into `own`, which is empty at first and must stay with the text. false: no memory,
 * or over the buffer's ceiling. */
MUST_CHECK bool pass_request(const struct json *doc, const char *upstream_model, struct buf *own, struct pieces *out);

#endif
