/* carrier: pure. State of a provider's (Gemini's thought signatures, OpenRouter's reasoning_details) that has to come
 * back with a later request, kept by the client inside `encrypted_content` of a reasoning item, so that the proxy keeps
 * none itself.
 *
 *   "pointsman-1."                                      the mark alone: a reasoning item of ours without state
 *   "pointsman-1." mac "." call id "." state            mac: keyed BLAKE2b over deployment, call id and state
 *
 * The state is no secret (the client's own conversation made it), it has to be authentic: a provider is only given what
 * it gave itself. Another key or deployment makes it void, and the call goes on without it. Every reasoning item that
 * the bridge writes bears the mark, so that pass-through can take them out: OpenAI looks up the reasoning items it is
 * sent. */
#ifndef POINTSMAN_CARRIER_H
#define POINTSMAN_CARRIER_H

#include "common/buf.h"

#define CARRIER_KEY_SIZE 32
#define CARRIER_MARK "pointsman-1."

/* Makes the key from the proxy's master key. */
void carrier_key(unsigned char key[CARRIER_KEY_SIZE], struct slice master_key);
/* Appends the carrier of a call's state, ready to stand in a JSON string. `call_id` holds letters, digits, '_' and '-'
 * only; `state` is escaped. false: no memory. */
bool carrier_seal(const unsigned char key[CARRIER_KEY_SIZE], struct slice deployment_id, struct slice call_id,
                  struct slice state, struct buf *out);
/* Whether the text (escaped) is ours. */
bool carrier_is(struct slice escaped);
/* The state (escaped, lying in `escaped`) of a carrier for that call, not checked yet. false: it is none, or another
 * call's. */
bool carrier_peek(struct slice call_id, struct slice escaped, struct slice *state);
/* The state (escaped, lying in `escaped`) that the carrier holds for that call. false: it is another call's, holds
 * none, or was not sealed with this key for this deployment. */
bool carrier_open(const unsigned char key[CARRIER_KEY_SIZE], struct slice deployment_id, struct slice call_id,
                  struct slice escaped, struct slice *state);

#endif
