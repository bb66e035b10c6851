/* admin: the administration of virtual keys over HTTP, in LiteLLM's paths, fields and shapes. Runs in the keeper; a
 * change is stored and in force in all workers before its reply is sent. */
#ifndef POINTSMAN_KEYS_ADMIN_H
#define POINTSMAN_KEYS_ADMIN_H

#include "proxy/keys/objects.h"

struct admin_request {
    struct slice method, path, query, body;
    struct slice caller; /* hash of the caller's key in hexadecimal; empty: the master key */
    int64_t now_ms;      /* unix ms */
    uint64_t mono_ms;
};

/* Answers the request: appends a JSON body to `out`, and returns the HTTP status. If `out` has failed, memory ran out,
 * and nothing was changed. Whether the caller may use the path was decided before (gate_allows_route()), except that
 * keys without KEY_ROUTE_READ may ask for themselves. */
int admin_answer(const struct objects *o, const struct admin_request *request, struct buf *out);

#endif
