/* ahead: loop. Opens connections to providers before the first call needs them: name, TCP and TLS are done by then.
 * Each https origin of a deployment that can serve is asked once, with HEAD / and without a key; what it answers does
 * not matter. A connection that its provider closes again after some idle minutes is opened anew by the next call, not
 * here. */
#ifndef POINTSMAN_AHEAD_H
#define POINTSMAN_AHEAD_H

#include "proxy/upstream/call.h"

struct ahead;

/* NULL: there is no memory, or general_settings.connect_ahead forbids it. */
struct ahead *ahead_start(struct upstream *upstream, const struct config *config);
/* Gives up what is still under way; the connections that are open stay. NULL is allowed. */
void ahead_stop(struct ahead *a);

#endif
