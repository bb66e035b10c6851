/* gateway: the proxy that is meant: where it is, and with which key it is asked.
 *
 *   LITELLM_BASE_URL is set      that one, with or without /v1; key: the session's where it is the session's own, else
 *                                LITELLM_API_KEY
 *   else a session's proxy runs  that one, with the session's key
 *   else LITELLM_API_KEY is set  http://127.0.0.1:4000/v1, with that key: a proxy that was started by hand
 */
#ifndef POINTSMAN_CLI_GATEWAY_H
#define POINTSMAN_CLI_GATEWAY_H

#include "cli/local_http.h"

#define GATEWAY_BASE "http://127.0.0.1:4000/v1"

struct gateway {
    char *base_url;    /* with /v1, without a slash at its end */
    struct buf bearer; /* "Authorization: Bearer …" */
    bool own;          /* it is the proxy of pointsman's session */
};

/* Finds it. That it answers is not looked at. false with a line in `error`: SESSION_NOT_RUNNING (session.h) when there
 * is none, or what is missing. Free with gateway_free() in any case. */
MUST_CHECK bool gateway_find(struct gateway *gateway, struct buf *error);
void gateway_free(struct gateway *gateway);
/* The key within `bearer`. */
struct slice gateway_key(const struct gateway *gateway);
/* Pure: appends the base URL with "/v1" and without a slash at its end. */
bool gateway_base(struct slice given, struct buf *out);

/* Calls it, as local_http(); `path` stands behind "/v1": "/models". `body` is JSON, empty: a GET. */
MUST_CHECK bool gateway_call(const struct gateway *gateway, const char *path, struct slice body, int timeout_ms,
                             struct local_http_reply *reply, struct buf *error);

#endif
