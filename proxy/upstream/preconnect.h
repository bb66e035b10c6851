/* preconnect: loop. Opens connections to providers before the first call needs them: name, TCP and TLS are done by
 * then. Each https origin of a deployment that can serve is asked once, with HEAD / and without a key; what it answers
 * does not matter. A connection that its provider closes again after some idle minutes is opened anew by the next call,
 * not here. */
#ifndef POINTSMAN_PRECONNECT_H
#define POINTSMAN_PRECONNECT_H

#include "proxy/upstream/call.h"

struct preconnect;

/* NULL: there is no memory, or general_settings.connect_ahead forbids it. */
struct preconnect *preconnect_start(struct upstream *upstream, const struct config *config);
/* Gives up what is still under way; the connections that are open stay. NULL is allowed. */
void preconnect_stop(struct preconnect *a);

#endif
