/* relay_options: pure. The properties of a request that its relay and reply depend on. */
#ifndef POINTSMAN_RELAY_OPTIONS_H
#define POINTSMAN_RELAY_OPTIONS_H

#include "common/ceiling.h"
#include "proxy/bridge/turn.h"
#include "proxy/terms/failure.h"

/* The objects that it points to must outlive the relay. */
struct relay_options {
    enum wire client_wire, upstream_wire;
    bool client_stream; /* the client requested a stream */
    bool
        upstream_stream; /* the upstream's Content-Type is text/event-stream; the first bytes of the body override it */
    bool rewritten;      /* translate the reply even if both sides use the same API */
    bool hold;           /* send nothing before the reply is complete (hold_streams) */
    const struct turn *turn; /* the request; may be NULL if the APIs are the same */
    const char *alias;       /* the model's name in translated replies */
    const char *response_id; /* unique part of ids in translated replies: "resp_<this>" */
    int64_t created_s;       /* Unix time in translated replies */
    /* Authenticates a carrier: state of this deployment that the next request must return (carrier.h). */
    const struct carrier_keys *carrier_keys; /* NULL: the state is dropped */
    struct slice deployment_id;
    const struct failure_source *source; /* the deployment, for error_rules; NULL: no error_rules */
    /* For estimates of usage that the upstream omits. */
    size_t prompt_bytes;    /* 0: the turn's; without a turn, the prompt's tokens are unknown */
    double bytes_per_token; /* observed for the model; 0: USAGE_BYTES_PER_TOKEN */
    struct ceiling *bodies; /* counts the memory of the reply; NULL: none */
};

#endif
