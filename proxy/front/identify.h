/* identify: pure, except for the shared memory of virtual keys. Whose request it is, and whether that key may call the
 * endpoint. Without a key store there is only the master key, which admit() checks. */
#ifndef POINTSMAN_IDENTIFY_H
#define POINTSMAN_IDENTIFY_H

#include "proxy/front/admit.h"
#include "proxy/keys/gate.h"

/* Finds the key of an admitted request. `gate`: NULL without a key store; *key is then zeros, as it is for an endpoint
 * that needs no key. The master key passes even if the key table does not know it. false: `refusal` has the reason. */
MUST_CHECK bool identify(struct gate *gate, const struct http_head *head, const struct admit_options *options,
                         enum endpoint endpoint, const struct gate_time *now, struct key_ref *key,
                         struct key_refusal *refusal);

/* Appends {"error":{"message","type","param","code"}}. false: `out` has failed. */
bool key_refusal_body(const struct key_refusal *refusal, struct buf *out);

#endif
