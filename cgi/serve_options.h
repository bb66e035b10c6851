/* serve_options: the proxy's addresses, host names and strategy, as a start asks for them. Pure. */
#ifndef POINTSMAN_SERVE_OPTIONS_H
#define POINTSMAN_SERVE_OPTIONS_H

#include "cgi/fields.h"

#define SERVE_HOSTS_MAX 8

/* The slices point into the request's body. */
struct serve_options {
    bool risk_router;                         /* a second port, with the risk router's strategy */
    struct slice strategy;                    /* of the first port; empty: the configuration's */
    struct slice host;                        /* "127.0.0.1" (or empty), "0.0.0.0" or "::" */
    struct slice allow_host[SERVE_HOSTS_MAX]; /* host names that requests may use; an empty one ends the list */
};

/* Takes the field where it is one of these: risk_router, strategy, host, allow_host. *taken: whether it is. false:
 * its value is invalid (400). */
MUST_CHECK bool serve_options_read(const struct field *field, struct serve_options *out, bool *taken,
                                   struct refusal *why);
/* The fields' names, for messages. */
#define SERVE_FIELDS "risk_router, strategy, host, allow_host"

#endif
