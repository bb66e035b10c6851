/* transport: what carries a call's bytes tells of it: curl_call.h to other machines, loopback.h to this one. */
#ifndef POINTSMAN_TRANSPORT_H
#define POINTSMAN_TRANSPORT_H

#include "proxy/upstream/call.h"

#define UPSTREAM_KEPT_S 600 /* an idle connection serves again for so long, if the other side keeps it, too */

/* Appends the header fields of a request, each "Name: value\r\n". */
bool call_add_fields(const struct call_request *request, struct buf *out);

struct transport_events {
    /* The reply's head (not a 1xx one), before the first body(). An absent field's ptr is NULL. */
    void (*head)(void *ctx, int status, struct slice content_type, struct slice retry_after);
    /* The next bytes of the body; `more` of them have come already, and follow at once. Within it only the transport's
     * cancel function may be called. */
    enum call_flow (*body)(void *ctx, struct slice bytes, bool more);
    /* It is over: FAILURE_NONE when the reply arrived whole. Never from within start, and not after a cancel. */
    void (*done)(void *ctx, enum failure_kind failure, const char *message);
};

#endif
