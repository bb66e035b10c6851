/* segments: pure. The segments of a request's prompt: how large they are, and in which one it differs from the turn
 * before. For the request log.
 *
 *   turn N     [ instructions | tools | item 1 … item n ]
 *   turn N+1   [ instructions | tools | item 1 … item n | items of the reply, new items ]
 *                └────── must be the same bytes ──────┘
 *
 * Each segment's bytes are hashed, at item n and at the end; nothing of the text is kept. */
#ifndef POINTSMAN_BRIDGE_SEGMENTS_H
#define POINTSMAN_BRIDGE_SEGMENTS_H

#include "proxy/bridge/model_request.h"
#include "proxy/terms/segments.h"

/* Reads the segments of a request that model_request_read() accepted, and compares them with each earlier request in
 * `lines`. That request is the turn before which has the same instructions or tools and the most in common. `seed`: of
 * the lines' hashes. */
void segments_read(const struct model_request *r, uint64_t seed, const struct prefix *lines, unsigned count,
                   struct prompt_segments *out);

#endif
