/* relay_options: pure. What a relay knows of its request, for itself and for the reply that it writes. */
#ifndef POINTSMAN_RELAY_OPTIONS_H
#define POINTSMAN_RELAY_OPTIONS_H

#include "common/ceiling.h"
#include "proxy/bridge/turn.h"
#include "proxy/terms/failure.h"

/* What it points at must outlive the relay. */
struct relay_options {
    enum wire client_wire, upstream_wire;
    bool client_stream;      /* the client asked for a stream */
    bool upstream_stream;    /* the upstream says text/event-stream; what its reply begins with counts for more */
    bool hold;               /* give nothing out before the reply is complete: RELAY_HOLD up to RELAY_DONE */
    const struct turn *turn; /* of the request; NULL is allowed where the wires are the same */
    const char *alias;       /* the model's name for the client, where the relay writes the reply itself */
    const char *response_id; /* unique part of the ids it makes up: "resp_<this>" */
    int64_t created_s;       /* Unix time in replies it writes */
    /* Provider state that has to come back with the next request is sealed with this key for this deployment. */
    const unsigned char *carrier_key; /* CARRIER_KEY_SIZE bytes; NULL: such state is dropped */
    struct slice deployment_id;
    const struct failure_source
        *source; /* whose errors are decoded; NULL: nobody's that a row of the user's is about */
    /* For an estimate of the usage where the upstream gives none. */
    size_t prompt_bytes;    /* 0: the turn's, where there is one; else the prompt's tokens stay unknown */
    struct ceiling *bodies; /* what the reply takes in memory counts here; NULL: nowhere */
    double bytes_per_token; /* as observed of the model; 0: USAGE_BYTES_PER_TOKEN */
};

#endif
