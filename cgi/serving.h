/* serving: how the proxy is to serve: on which addresses, by which names, with which strategy. Pure. */
#ifndef POINTSMAN_CGI_SERVING_H
#define POINTSMAN_CGI_SERVING_H

#include "cgi/fields.h"

#define SERVING_HOSTS_MAX 8

/* The slices are stretches of the request's body. */
struct serving {
    bool risk_router;      /* a second port, with the risk router's strategy */
    struct slice strategy; /* of the first port; empty: the configuration's */
    struct slice host;     /* "127.0.0.1" (or empty), "0.0.0.0" or "::" */
    struct slice
        allow_host[SERVING_HOSTS_MAX]; /* names that requests may call the proxy by; the first empty one ends them */
};

/* Takes the field where it is one of these: risk_router, strategy, host, allow_host. *taken says whether it was; false:
 * it is, and its value can't be (400). */
MUST_CHECK bool serving_read_field(const struct field *field, struct serving *out, bool *taken, struct refusal *why);
/* The fields' names, for messages. */
#define SERVING_FIELDS "risk_router, strategy, host, allow_host"

#endif
