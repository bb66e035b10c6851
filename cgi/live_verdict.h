/* live_verdict: pure. The sentence on top of the view Live: whether requests are answered, and what to do if not. */
#ifndef POINTSMAN_CGI_LIVE_VERDICT_H
#define POINTSMAN_CGI_LIVE_VERDICT_H

#include "common/json.h"

/* Appends the sentence. `proxy`: the proxy's state, as in /api/status. `figures`: its reply to GET /dispatch/state;
 * count 0: it did not answer, or does not run. Plain text, not HTML. */
void live_verdict_write(const char *proxy, const struct json *figures, struct buf *out);

/* Returns whether the deployment, a member of `models`, lacks something that only a start or its server can give. */
bool live_is_missing(const struct json *figures, uint32_t model);
/* Returns whether it is skipped now, for whatever reason. */
bool live_is_limited(const struct json *figures, uint32_t model);
/* Appends the state of a deployment: "ready", "cooling down for 1:42 (http_429)", or the limit as text. */
void live_write_state(const struct json *figures, uint32_t model, struct buf *out);

#endif
