/* curl_call: loop. Calls through libcurl, to servers that are not on this machine. */
#ifndef POINTSMAN_CURL_CALL_H
#define POINTSMAN_CURL_CALL_H

#include "proxy/upstream/transport.h"

struct curl_calls;
struct curl_call;

/* Returns the state of all calls; free it with curl_calls_free(). NULL: out of memory, or libcurl failed to start.
 * `config` must outlive it. */
struct curl_calls *curl_calls_new(struct event_base *base, const struct config *config);
/* All calls must be done. */
void curl_calls_free(struct curl_calls *all);
/* Starts a call; request->body must be in one piece. NULL: out of memory. done() frees the call. */
struct curl_call *curl_call_start(struct curl_calls *all, const struct call_request *request,
                                  const struct transport_events *events, void *ctx);
/* Closes the connection and frees the call, without done(). Allowed inside body(). */
void curl_call_cancel(struct curl_call *c);
/* Continues after CALL_PAUSE. */
void curl_call_resume(struct curl_call *c);
/* Returns the rate limits from the reply's head. Valid until done(). */
const struct rate_limits *curl_call_limits(const struct curl_call *c);
/* Returns whether the whole request has been written. */
bool curl_call_sent(const struct curl_call *c);

#endif
