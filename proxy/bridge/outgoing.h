/* outgoing: pure. The body of an attempt, in the wire that its upstream speaks: passed through where that is the client's own,
 * translated where it is not. */
#ifndef POINTSMAN_OUTGOING_H
#define POINTSMAN_OUTGOING_H

#include "proxy/bridge/turn.h"
#include "proxy/config.h"
#include "proxy/front/model_request.h"

struct outgoing {
    struct json document;   /* the client's whole body, once a translation has been needed */
    struct turn *turn;      /* of it; NULL until then */
    struct buf body;
    enum wire wire;         /* of the body */
    unsigned without;       /* set of enum turn_without: what a translation leaves out */
    unsigned char carrier_key[32];   /* seals provider state that the client brings back; see carrier.h */
};

void outgoing_init(struct outgoing *o, const unsigned char carrier_key[32]);
void outgoing_free(struct outgoing *o);
/* Makes the body for a deployment; called again for each attempt, reading the client's body (which must stay) once.
 * For PROVIDER_ECHO the body is the reply itself. false with `failure` set. */
MUST_CHECK bool outgoing_make(struct outgoing *o, const struct model_request *request, struct slice client_body,
                              const struct deployment *d, struct failure *failure);

#endif
