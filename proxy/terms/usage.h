/* usage: pure. Token counts in the fields of the providers, and an estimate if there are none. */
#ifndef POINTSMAN_USAGE_H
#define POINTSMAN_USAGE_H

#include "common/json.h"
#include "proxy/terms/wire.h"

#define USAGE_BYTES_PER_TOKEN 4.0 /* English and code, in the tokenizers of 2024 and later */

/* Reads a usage object of either API. A count that is not reported is -1, never 0. `input` is the whole prompt, also
 * for providers that count cached tokens separately. false: neither an input nor an output count. */
bool usage_read(const struct json *doc, uint32_t object, struct usage *usage);
/* Returns tokens estimated from bytes. `bytes_per_token` 0: the default above. */
int64_t usage_tokens(size_t bytes, double bytes_per_token);
/* Returns counts estimated from bytes. `prompt_bytes` 0: the input is unknown. `bytes_per_token` 0: the default above.
 */
struct usage usage_estimate(size_t prompt_bytes, size_t reply_bytes, double bytes_per_token);

#endif
