/* heads: pure. The heads of requests to one server on this machine.
 *
 * Several calls may use a head at the same time, until they are sent. So a head is made once for each method, path and
 * form (stream or not), and does not change or move until heads_free(). Their number is limited: only the APIs and
 * health checks have paths. */
#ifndef POINTSMAN_HEADS_H
#define POINTSMAN_HEADS_H

#include "proxy/upstream/loopback.h"

struct heads {
    struct head *all; /* owned */
};

/* Sets *head to loopback_request.head for `request`. `origin` must be the same in all calls with `heads`; request->path
 * is not copied. false: out of memory, or the head is larger than CALL_FIELDS_MAX. */
MUST_CHECK bool heads_get(struct heads *heads, const struct loopback_origin *origin, const struct call_request *request,
                          struct slice *head);
/* Overwrites and frees all heads, which contain keys. No call may use one any longer. */
void heads_free(struct heads *heads);

#endif
