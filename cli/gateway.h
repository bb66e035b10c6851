/* gateway: finds the proxy that a command should use: its address and its master key.
 *
 *   LITELLM_BASE_URL is set      that proxy, with or without /v1; the master key if it is this session's proxy, else
 *                                LITELLM_API_KEY
 *   else a session's proxy runs  that proxy, with its master key
 *   else LITELLM_API_KEY is set  http://127.0.0.1:4000/v1 with that key: a proxy that was started by hand
 */
#ifndef POINTSMAN_CLI_GATEWAY_H
#define POINTSMAN_CLI_GATEWAY_H

#include "cli/local_http.h"

#define GATEWAY_BASE "http://127.0.0.1:4000/v1"

struct gateway {
    char *base_url;    /* with /v1, without a trailing slash */
    struct buf bearer; /* "Authorization: Bearer …" */
    bool own;          /* the proxy of this user's session */
};

/* Resolves the proxy; does not check that it responds. false: one line in `error`, SESSION_NOT_RUNNING (session.h) if
 * there is none. Free with gateway_free() in any case. */
MUST_CHECK bool gateway_find(struct gateway *gateway, struct buf *error);
void gateway_free(struct gateway *gateway);
/* The key in `bearer`. */
struct slice gateway_key(const struct gateway *gateway);
/* Pure. Appends the base URL with "/v1" and without a trailing slash. false: `out` is full. */
bool gateway_base(struct slice given, struct buf *out);

/* Sends a request with local_http(). `path` is appended to the base URL: "/models". `body`: JSON for POST; empty: GET.
 */
MUST_CHECK bool gateway_call(const struct gateway *gateway, const char *path, struct slice body, int timeout_ms,
                             struct local_http_reply *reply, struct buf *error);

#endif
