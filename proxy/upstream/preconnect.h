/* preconnect: loop. Opens connections to providers before the first call, so that it need not wait for name lookup, TCP
 * and TLS. Each https origin of a ready deployment gets one HEAD / without a key; the reply does not matter. If the
 * provider later closes the idle connection, the next call opens another one. */
#ifndef POINTSMAN_PRECONNECT_H
#define POINTSMAN_PRECONNECT_H

#include "proxy/upstream/call.h"

struct preconnect;

/* Starts the connections; free with preconnect_stop(). NULL: out of memory, or general_settings.connect_ahead is false.
 */
struct preconnect *preconnect_start(struct upstream *upstream, const struct config *config);
/* Cancels connections that are not complete; complete ones stay open. NULL is allowed. */
void preconnect_stop(struct preconnect *a);

#endif
