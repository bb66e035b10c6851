/* details: the reasoning_details of a Chat Completions reply (OpenRouter's, MiniMax's), which its provider wants back
 * with the reply's calls, as they were. A stream brings them in pieces.
 *
 *   pieces ──▶ [{"type":"reasoning.encrypted","data":…,"id":"tool_1"}] ──▶ EVENT_STATE of the first call ──▶ carrier
 *
 * The state is {"details":[…],"ids":{"0":"tool_1"}}: an entry names its call by the id that the upstream gave it, so
 * that goes back too. */
#ifndef POINTSMAN_BRIDGE_DETAILS_H
#define POINTSMAN_BRIDGE_DETAILS_H

#include "proxy/bridge/decoder.h"

/* Takes the value of a message's or a delta's `reasoning_details`; JSON_NONE is allowed. */
void details_from_chat(struct decoder *d, uint32_t details);
/* No more of them comes: emits their EVENT_STATE if the reply has a call. */
void details_from_chat_end(struct decoder *d);
void details_free(struct details *details);
/* Whether a state (escaped) is that of details, not a signature. */
static inline bool details_are(struct slice state)
{
    return state.len && *state.ptr == '{';
}

#endif
