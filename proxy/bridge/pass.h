/* pass: pure. A request on its way to an upstream of its own wire. */
#ifndef POINTSMAN_PASS_H
#define POINTSMAN_PASS_H

#include "common/json.h"
#include "proxy/terms/provider.h"

/* The client's body byte for byte, but for the model's name and reasoning items that bear our mark (carrier.h), which
 * the upstream does not know. If the upstream ignores a field of it (`ignores`: a set of enum provider_ignores), the
 * request says the same in another way: max_completion_tokens as max_tokens, tool_choice "none" by no tools. `doc` may
 * be parsed whole or, which is faster, by json_parse_top(), and with CARRIER_MARK as its mark, which spares a look for
 * carriers where there are none: *out then points into the document's text, and only the name is written into `own`,
 * which is empty at first and must stay with the text. false: no memory, or over the buffer's ceiling. */
MUST_CHECK bool pass_request(const struct json *doc, const char *upstream_model, unsigned ignores, struct buf *own,
                             struct pieces *out);

#endif
