/* chatgpt: pure. Adapts a Responses request to the ChatGPT backend of Codex. Its API is the Responses API with fewer
 * fields, only streamed, and without a store. It answers anything else with 400, so requests are changed:
 *
 * - `model`: an effort at its end ("gpt-5.1-codex-max-high") becomes reasoning.effort, unless the client sent one.
 * - `instructions`: required. The configured text, else the client's, else the first developer or system message.
 * - `input`: an array. Ids and references to reasoning are removed, because the backend would look them up. Outputs
 *   without a call become messages.
 * - `stream`, `store`: true, false.
 * - `include`: has reasoning.encrypted_content, because without a store the client must send the state.
 * - `reasoning`: an effort that the model accepts; no model accepts "minimal".
 *
 * Other fields are left out. */
#ifndef POINTSMAN_CHATGPT_H
#define POINTSMAN_CHATGPT_H

#include "common/buf.h"

/* Appends the adapted request. `body` is a Responses request with the upstream's model name. `instructions` is the
 * configured text, or NULL. If it is set, the client's instructions become a message of the input. false:
 * the body is not a JSON object, `out` has failed, or, with *refusal set, the request can't be adapted. *refusal is
 * NULL or a static text. */
MUST_CHECK bool chatgpt_request(struct slice body, const char *instructions, struct buf *out, const char **refusal);

#endif
