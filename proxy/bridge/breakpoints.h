/* breakpoints: pure. Marks (`cache_control`) up to which Anthropic's models cache a prompt. */
#ifndef POINTSMAN_BREAKPOINTS_H
#define POINTSMAN_BREAKPOINTS_H

#include "common/json.h"

#define BREAKPOINTS_MAX 4 /* of a request: Anthropic's limit */

/* Sets *marked to whether a Chat Completions body gets marks, and then writes it with them to `out`:
 *
 *   tools, system ▲  user, assistant, tool ▲  assistant, tool ▲  assistant, tool, user ▲
 *
 * one after the system message, which includes the tools before it, and one at the end of this request and of the two
 * before it (each ends before an answer of the assistant). So a request reads what the one before it wrote, however
 * many blocks it adds: Anthropic looks back only 20 blocks from a mark.
 *
 * A mark makes what was not cached before it more expensive. No marks if the conversation will probably not go on (no
 * tools and no answer yet), if the body has less than `min_tokens` bytes, or if the client set marks of its own. false:
 * out of memory. */
MUST_CHECK bool breakpoints_add(struct slice body, unsigned min_tokens, struct buf *out, bool *marked);

#endif
