/* serve_options: the proxy's address, host names and strategy, from the fields of a start. Pure. */
#ifndef POINTSMAN_SERVE_OPTIONS_H
#define POINTSMAN_SERVE_OPTIONS_H

#include "cgi/fields.h"

#define SERVE_HOSTS_MAX 8

/* The slices point into the request's body. */
struct serve_options {
    bool risk_router;                         /* opens a second port, with the risk router's strategy */
    struct slice strategy;                    /* of the first port; empty: the configuration's */
    struct slice host;                        /* "127.0.0.1" (or empty), "0.0.0.0" or "::" */
    struct slice allow_host[SERVE_HOSTS_MAX]; /* host names that requests may use; an empty one ends the list */
};

/* Reads the field if it is one of SERVE_FIELDS. *taken: whether it is. Refused: its value is invalid (400). */
MUST_CHECK bool serve_options_read(const struct field *field, struct serve_options *out, bool *taken,
                                   struct refusal *why);
/* Returns whether the name is one of SERVE_FIELDS. */
bool serve_options_has(struct slice name);
/* The names of the fields, for messages. */
#define SERVE_FIELDS "risk_router, strategy, host, allow_host"

#endif
