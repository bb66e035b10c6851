/* chatgpt: pure. What the ChatGPT backend of Codex takes of a Responses request. It is the Responses API with a shorter
 * list of fields, streamed only and without a store: other values are answered with 400, so they are mended here.
 *
 * - `model`: an effort behind it ("gpt-5.1-codex-max-high") becomes reasoning.effort, unless the client gave one.
 * - `instructions`: always there: the configured text, else the client's, else the first developer or system message.
 * - `input`: a list without ids and references to reasoning, which would be looked up. Outputs without their calls
 * become messages.
 * - `stream`, `store`: true, false.
 * - `include`: with reasoning.encrypted_content, because without a store the client brings the state.
 * - `reasoning`: an effort that the model takes; "minimal" is refused for all.
 *
 * Fields that are not on the list are left out. */
#ifndef POINTSMAN_CHATGPT_H
#define POINTSMAN_CHATGPT_H

#include "common/buf.h"

/* Appends the request as the backend takes it. `body` is a Responses request for it (the upstream's model name in it);
 * `instructions` is the configured text or NULL: then the client's own go into the input. Returns false if the body is
 * not a JSON object, out of memory, over the buffer's ceiling, or, with *refusal set to the reason, if the request has
 * more than can be translated. */
MUST_CHECK bool chatgpt_request(struct slice body, const char *instructions, struct buf *out, const char **refusal);

#endif
