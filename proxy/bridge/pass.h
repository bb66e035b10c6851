/* pass: pure. Requests to an upstream with the client's API, which are passed through. */
#ifndef POINTSMAN_PASS_H
#define POINTSMAN_PASS_H

#include "common/json.h"
#include "proxy/bridge/cache_hint.h"

struct pass_options {
    const char *upstream_model;
    unsigned ignores;              /* set of enum provider_ignores */
    const struct omissions *omit;  /* for pass_omit() */
    const struct cache_hint *hint; /* is added behind the model's name; NULL: none */
};

/* Sets *out to the client's body with the upstream's model name, the hint, and without our reasoning items (carrier.h);
 * all other bytes are unchanged. If the upstream ignores a field (`ignores`), the request uses another one: max_tokens
 * for max_completion_tokens, no tools for tool_choice "none".
 *
 * `doc` is parsed by json_parse() or, which is faster, by json_parse_top() with CARRIER_MARK as its mark, so that a
 * document without carriers is not searched. *out points into the document's text and into `own`, which must be empty,
 * and which must stay with the text. false: `own` has failed. */
MUST_CHECK bool pass_request(const struct json *doc, const struct pass_options *options, struct buf *own,
                             struct pieces *out);

/* Writes the body to `own` without what the upstream refuses: fields are left out, images become placeholders, system
 * messages user messages. Other values are unchanged. PART_ADJACENT is ignored, because it requires a translation.
 * `doc` is parsed by json_parse(). false: `own` has failed. */
MUST_CHECK bool pass_omit(const struct json *doc, enum wire wire, const struct pass_options *options, struct buf *own);
/* Returns those of `ignores` (a set of enum provider_ignores) whose fields the request has, with an effect. */
unsigned pass_ignored(const struct json *doc, unsigned ignores);
/* Returns the name, in quotes, to send for a member of a request, whose `ignored` fields have no effect; empty: leave
 * it out. */
struct slice pass_name(const struct json *doc, uint32_t key, unsigned ignored);
/* Returns whether an item of a Responses request is a carrier. */
bool pass_is_carrier(const struct json *doc, uint32_t item);

#endif
