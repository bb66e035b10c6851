/* endpoints: loop. Answers requests that need no model. */
#ifndef POINTSMAN_ENDPOINTS_H
#define POINTSMAN_ENDPOINTS_H

#include "proxy/answers/answers.h"
#include "proxy/front/client.h"

/* Sends the reply of such an endpoint. */
void endpoint_answer(struct client *client, enum endpoint endpoint, const struct answers *now);

#endif
