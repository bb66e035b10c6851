/* provider_body: pure. The request body of an attempt, in the upstream's API: passed through if that is the client's,
 * else translated. */
#ifndef POINTSMAN_BRIDGE_PROVIDER_BODY_H
#define POINTSMAN_BRIDGE_PROVIDER_BODY_H

#include "proxy/bridge/cache_hint.h"

struct provider_body {
    struct buf own;           /* the bytes that are not the client's; PROVIDER_ECHO: the reply */
    struct pieces pieces;     /* the body: points into `own` and the client's body */
    struct buf name;          /* the model's name, if the deployment's is a wildcard */
    enum wire wire;           /* the body's API */
    struct cache_hint hint;   /* names the conversation; a field of the body is in `pieces` already */
    struct ceiling_hold held; /* the memory of `own` */
};

struct provider_body_options {
    const struct deployment *deployment;
    const struct omissions *omit; /* what the deployment refuses */
    bool detached;                /* do not point into the client's body: it may be freed before the call ends */
    bool rewritten;               /* for provider_body_differs(): write every byte, so that white space is equal */
    const struct carrier_keys *carrier_keys; /* open state that the client sends back */
    const unsigned char *hint_key;           /* CACHE_HINT_KEY_SIZE bytes; NULL: no hints */
};

/* Makes the body of one attempt. Overwrites `*body`; free it with provider_body_free() in either case. The client's
 * body must stay until the call ends or, if `detached`, until no further attempt follows. false with `failure` set. */
MUST_CHECK bool provider_body_make(struct provider_body *body, struct model_request *request, struct slice client_body,
                                   const struct provider_body_options *options, struct failure *failure);
/* Returns whether the body's JSON changes if `omit` replaces options->omit. false also if it can't be made. */
bool provider_body_differs(struct model_request *request, struct slice client_body,
                           const struct provider_body_options *options, const struct omissions *omit);
/* Frees what `body` owns; `wire` stays readable. May be called again, and for a zeroed struct. */
void provider_body_free(struct provider_body *body);

#endif
