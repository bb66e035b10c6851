/* heads: pure. The heads of requests to one server on this machine.
 *
 * A call that waits for its connection borrows its head, and others begin meanwhile: so a head is made once for each
 * method, path and manner, and then neither changes nor moves until heads_free(). There are as many as wires and
 * probes have paths. */
#ifndef POINTSMAN_HEADS_H
#define POINTSMAN_HEADS_H

#include "proxy/upstream/loopback.h"

struct heads {
    struct head *all; /* owned */
};

/* The head of `request`, as loopback_request has it, into *head. `origin` must be the same for all calls with `heads`;
 * request->path is not copied. false: no memory, or the head is over CALL_FIELDS_MAX; nothing has changed. */
MUST_CHECK bool heads_get(struct heads *heads, const struct loopback_origin *origin, const struct call_request *request,
                          struct slice *head);
/* Overwrites and frees all heads, which have keys in them. No call may borrow one any longer. */
void heads_free(struct heads *heads);

#endif
