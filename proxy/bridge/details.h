/* details: pure. The reasoning_details of a Chat Completions reply (OpenRouter, MiniMax). The provider requires them
 * back, unchanged, with the reply's calls. A stream sends them in pieces.
 *
 *   pieces ──▶ [{"type":"reasoning.encrypted","data":…,"id":"tool_1"}] ──▶ EVENT_STATE of the first call ──▶ carrier
 *
 * The state is {"details":[…],"ids":{"0":"tool_1"}}: an entry names its call by the upstream's id, so the state has
 * the ids too. */
#ifndef POINTSMAN_BRIDGE_DETAILS_H
#define POINTSMAN_BRIDGE_DETAILS_H

#include "proxy/bridge/decoder.h"

/* Adds the value of `reasoning_details` in a message or delta; JSON_NONE: none. */
void details_from_chat(struct decoder *d, uint32_t details);
/* The reply has ended: emits the EVENT_STATE, if the reply has a call. */
void details_from_chat_end(struct decoder *d);
/* NULL is allowed. */
void details_free(struct details *details);
/* Returns whether a state (escaped) is of details; else it is a signature. */
static inline bool details_are(struct slice state)
{
    return state.len && *state.ptr == '{';
}

#endif
