/* pure: finds the virtual key of a request. */
#include "proxy/front/identify.h"

#include "common/secret.h"
#include "proxy/terms/failure.h"

#include <stdio.h>

/* What a key must be allowed to do for the endpoint. */
static enum key_route route_of(const struct http_head *head, enum endpoint endpoint)
{
    bool reads = slice_is(head->method, "GET") || slice_is(head->method, "HEAD");
    if (endpoint_wire(endpoint))
        return KEY_ROUTE_LLM;
    switch (endpoint) {
    case ENDPOINT_STORED:
    case ENDPOINT_MODELS:
    case ENDPOINT_MODEL: return KEY_ROUTE_LLM;
    default: return reads ? KEY_ROUTE_READ : KEY_ROUTE_MANAGE;
    }
}

/* Each key may ask for itself. */
static bool asks_for_itself(const struct http_head *head)
{
    struct slice path = slice_starts(head->path, "/v1/") ? (struct slice){head->path.ptr + 3, head->path.len - 3}
                                                         : head->path;
    return slice_is(path, "/key/health") || (slice_is(path, "/key/info") && !head->query.len);
}

bool identify(struct gate *gate, const struct http_head *head, const struct admit_options *options,
              enum endpoint endpoint, const struct gate_time *now, struct key_ref *key, struct key_refusal *refusal)
{
    struct slice secret = admit_key(head);
    *key = (struct key_ref){.account = 0};
    if (!gate || endpoint_is_open(endpoint))
        return true;
    bool found = gate_find(gate, secret, now, key, refusal);
    if (secret_equal(secret, options->master_key)) {
        key->master = true;
        return true;
    }
    if (found && key->master) { /* the table has that of the start; a reload may have brought another one */
        *refusal = (struct key_refusal){
            .status = 401, .type = "auth_error", .param = "key", .message = "This was the master key before a reload."};
        return false;
    }
    return found &&
           (asks_for_itself(head) || gate_allows_route(gate, key, route_of(head, endpoint), head->path, refusal));
}

bool key_refusal_body(const struct key_refusal *refusal, struct buf *out)
{
    char status[16];
    (void)snprintf(status, sizeof status, "%d", refusal->status); /* LiteLLM's code if there is no other */
    return failure_write(slice_of(refusal->message), refusal->type, refusal->code ? refusal->code : status,
                         refusal->param, out);
}
