/* transport: the events of the two transports that carry a call's bytes: curl_call.h to other machines, loopback.h to
 * this one. */
#ifndef POINTSMAN_TRANSPORT_H
#define POINTSMAN_TRANSPORT_H

#include "proxy/upstream/call.h"

#define UPSTREAM_KEPT_S 600 /* s; longest time that a connection stays open without a call */

/* Appends the header fields of a request, each "Name: value\r\n". false: `out` has failed. */
bool call_add_fields(const struct call_request *request, struct buf *out);

struct transport_events {
    /* The final reply's head, before the first body(). The ptr of an absent field is NULL. */
    void (*head)(void *ctx, int status, struct slice content_type, struct slice retry_after);
    /* The next bytes of the body. `more`: further bytes have arrived and follow at once. May call the transport's
     * cancel function and no other. */
    enum call_flow (*body)(void *ctx, struct slice bytes, bool more);
    /* The call ended, and is freed. FAILURE_NONE: the reply is complete. Not called inside the start function, and not
     * after a cancel. */
    void (*done)(void *ctx, enum failure_kind failure, const char *message);
};

#endif
