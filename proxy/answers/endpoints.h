/* endpoints: loop. Answers the requests that are no model calls. */
#ifndef POINTSMAN_ENDPOINTS_H
#define POINTSMAN_ENDPOINTS_H

#include "proxy/answers/answers.h"
#include "proxy/front/client.h"

/* Sends the answer of such an endpoint. */
void endpoint_answer(struct client *client, enum endpoint endpoint, const struct answers *now);

#endif
