/* segments: pure. The segments of a request's prompt, for the request log: their sizes, and the one in which the prompt
 * differs from the previous turn.
 *
 *   turn N     [ instructions | tools | item 1 … item n ]
 *   turn N+1   [ instructions | tools | item 1 … item n | items of the reply, new items ]
 *                └────── must be the same bytes ──────┘
 *
 * Each segment's bytes are hashed, at item n and at the end; no text is stored. */
#ifndef POINTSMAN_BRIDGE_SEGMENTS_H
#define POINTSMAN_BRIDGE_SEGMENTS_H

#include "proxy/bridge/model_request.h"
#include "proxy/terms/segments.h"

/* Reads the segments of a request that model_request_read() accepted, and compares them with each earlier request in
 * `lines`. The previous turn is the one with the same instructions or tools and the most in common. `seed`: that of the
 * lines' hashes. */
void segments_read(const struct model_request *r, uint64_t seed, const struct prefix *lines, unsigned count,
                   struct prompt_segments *out);

#endif
