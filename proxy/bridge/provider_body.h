/* provider_body: pure. The body of an attempt, in the wire that its upstream speaks: passed through where that is the
 * client's own, translated where it is not. */
#ifndef POINTSMAN_BRIDGE_PROVIDER_BODY_H
#define POINTSMAN_BRIDGE_PROVIDER_BODY_H

#include "proxy/bridge/turn.h"
#include "proxy/config/config.h"
#include "proxy/bridge/model_request.h"

struct provider_body {
    struct buf own;           /* what of the body was written for it; for PROVIDER_ECHO the reply */
    struct pieces pieces;     /* in `own` and in the client's body */
    struct buf name;          /* of the model, for a wildcard's deployment */
    enum wire wire;           /* of the body */
    struct ceiling_hold held; /* for `own` */
};

struct provider_body_options {
    const struct deployment *deployment;
    const struct omissions *omit;     /* what the deployment refuses */
    bool apart;                       /* the client's body may go before the call is over: nothing may point into it */
    bool rewritten;                   /* for provider_body_differs(): never the client's own bytes */
    const unsigned char *carrier_key; /* CARRIER_KEY_SIZE bytes: seals provider state that the client brings back */
};

/* Makes the body for one attempt; `*body` is overwritten, and owns its memory until provider_body_free(), in either
 * case. The client's body must stay until the call is over, or, if the body is to be `apart`, until no further attempt
 * follows. false with `failure` set. */
MUST_CHECK bool provider_body_make(struct provider_body *body, struct model_request *request, struct slice client_body,
                                   const struct provider_body_options *options, struct failure *failure);
/* Whether provider_body_make() makes another request, as far as its JSON goes, without `less` than with these options.
 * false also where it can't be made. */
bool provider_body_differs(struct model_request *request, struct slice client_body,
                           const struct provider_body_options *options, const struct omissions *less);
/* Also for one that is zeroed, or was freed before. `wire` stays. */
void provider_body_free(struct provider_body *body);

#endif
