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

struct pass_options {
    const char *upstream_model;
    unsigned ignores; /* set of enum provider_ignores */
    const struct omissions *omit;
};

/* The same without what the upstream refuses: fields are left out, images become placeholders, system messages the
 * user's. The values that are left stay byte for byte. `doc` is parsed whole; the body is written into `own`. What only
 * a translation can do (PART_ADJACENT) is not done. */
MUST_CHECK bool pass_omit(const struct json *doc, enum wire wire, const struct pass_options *options, struct buf *own);
/* Of `ignores` (a set of enum provider_ignores), the fields that the request has, and that it means. */
unsigned pass_ignored(const struct json *doc, unsigned ignores);
/* The name, with its quotes, of a member of a request whose fields of that set are ignored; empty: it is left out. */
struct slice pass_name(const struct json *doc, uint32_t key, unsigned ignored);
/* Whether an item of a Responses request is a reasoning item with our mark. */
bool pass_is_carrier(const struct json *doc, uint32_t item);

#endif
