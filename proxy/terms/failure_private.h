/* failure_private: what failure_reply.c needs of failure.c. */
#ifndef POINTSMAN_FAILURE_PRIVATE_H
#define POINTSMAN_FAILURE_PRIVATE_H

#include "proxy/terms/failure.h"

/* Sets code and message from a provider's words: redacted, then cut where a character begins. */
void failure_fill(struct failure *f, struct slice code, struct slice message);

#endif
