/* outgoing: pure. The body of an attempt, in the wire that its upstream speaks: passed through where that is the
 * client's own, translated where it is not. */
#ifndef POINTSMAN_OUTGOING_H
#define POINTSMAN_OUTGOING_H

#include "proxy/bridge/turn.h"
#include "proxy/config/config.h"
#include "proxy/bridge/model_request.h"

struct outgoing {
    struct json document;          /* the client's whole body, once a translation has been needed */
    struct turn *turn;             /* of it; NULL until then */
    struct buf own;                /* what of the body was written for it; for PROVIDER_ECHO the reply */
    struct pieces body;            /* in `own` and in the client's */
    bool apart;                    /* the client's body may go before the call is over: nothing may point into it */
    enum wire wire;                /* of the body */
    unsigned without;              /* set of enum turn_without: what a translation leaves out */
    unsigned char carrier_key[32]; /* seals provider state that the client brings back; see carrier.h */
};

void outgoing_init(struct outgoing *o, const unsigned char carrier_key[32]);
void outgoing_free(struct outgoing *o);
/* Makes the body for a deployment; called again for each attempt. The client's body must stay until the call is over,
 * or, where the body is to be `apart`, until no further attempt follows. false with `failure` set. */
MUST_CHECK bool outgoing_make(struct outgoing *o, const struct model_request *request, struct slice client_body,
                              const struct deployment *d, struct failure *failure);

#endif
