/* carrier: pure. A provider's state (Gemini's thought signatures, OpenRouter's reasoning_details) that later requests
 * must return. The client stores it in `encrypted_content` of a reasoning item, so the proxy stores nothing.
 *
 *   "pointsman-1."                                      only the mark: our reasoning item without state
 *   "pointsman-1." mac "." call id "." state            mac: keyed BLAKE2b over deployment, call id and state
 *
 * The state is not secret, because it comes from the client's conversation. It must be authentic: a provider gets only
 * what it sent. With another key or deployment it is invalid, and the call is sent without it. All reasoning items of
 * the bridge have the mark, so that pass-through can remove them: OpenAI looks up the reasoning items that it gets. */
#ifndef POINTSMAN_CARRIER_H
#define POINTSMAN_CARRIER_H

#include "common/buf.h"

#define CARRIER_KEY_SIZE 32
#define CARRIER_MARK "pointsman-1."

/* `own` is the installation's (common/install_key.h), so carriers stay valid when a restart changes the master key, and
 * a client that knows the master key can't make one. `earlier` opens those of versions that used the master key;
 * nothing is sealed with it. */
struct carrier_keys {
    unsigned char own[CARRIER_KEY_SIZE], earlier[CARRIER_KEY_SIZE];
};

/* Sets keys->earlier. */
void carrier_earlier_key(struct carrier_keys *keys, struct slice master_key);
/* Appends the carrier of a call's state, escaped for a JSON string. `call_id` has only letters, digits, '_' and '-';
 * `state` is escaped. false: `out` has failed. */
bool carrier_seal(const struct carrier_keys *keys, struct slice deployment_id, struct slice call_id, struct slice state,
                  struct buf *out);
/* Returns whether the text (escaped) is a carrier. */
bool carrier_is(struct slice escaped);
/* Sets *state to the call's state (escaped, in `escaped`), without checking the MAC. false: not a carrier of this call.
 */
bool carrier_peek(struct slice call_id, struct slice escaped, struct slice *state);
/* The same, with a check of the MAC. false: not a carrier of this call, or not sealed with one of the keys for
 * this deployment. */
bool carrier_open(const struct carrier_keys *keys, struct slice deployment_id, struct slice call_id,
                  struct slice escaped, struct slice *state);

#endif
