/* curl_call: loop. Calls through libcurl: to every origin that is not this machine. */
#ifndef POINTSMAN_CURL_CALL_H
#define POINTSMAN_CURL_CALL_H

#include "proxy/upstream/transport.h"

struct curl_calls;
struct curl_call;

/* NULL: libcurl would not start. */
struct curl_calls *curl_calls_new(struct event_base *base, const struct config *config);
/* All calls must be over. */
void curl_calls_free(struct curl_calls *all);
/* NULL: no memory. The body must be in one piece. */
struct curl_call *curl_call_start(struct curl_calls *all, const struct call_request *request,
                                  const struct transport_events *events, void *ctx);
/* Closes the connection and forgets the call; allowed within body(). */
void curl_call_cancel(struct curl_call *c);
/* Goes on after CALL_PAUSE. */
void curl_call_resume(struct curl_call *c);
/* What the reply's head says of limits. */
const struct rate_limits *curl_call_limits(const struct curl_call *c);
/* Whether the whole request has been written. */
bool curl_call_sent(const struct curl_call *c);

#endif
