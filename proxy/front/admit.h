/* admit: pure. Maps a request head to an endpoint and checks access, before the body is read. */
#ifndef POINTSMAN_ADMIT_H
#define POINTSMAN_ADMIT_H

#include "proxy/front/http_parse.h"
#include "proxy/terms/wire.h"

enum endpoint {
    ENDPOINT_CHAT,         /* POST /v1/chat/completions */
    ENDPOINT_RESPONSES,    /* POST /v1/responses */
    ENDPOINT_COMPLETIONS,  /* POST /v1/completions */
    ENDPOINT_EMBEDDINGS,   /* POST /v1/embeddings */
    ENDPOINT_STORED,       /* /v1/responses/ID and below: responses are not stored */
    ENDPOINT_MODELS,       /* GET /v1/models */
    ENDPOINT_MODEL,        /* GET /v1/models/NAME */
    ENDPOINT_HEALTH,       /* GET /health */
    ENDPOINT_LIVENESS,     /* GET /health/liveness, /health/liveliness, / */
    ENDPOINT_READINESS,    /* GET /health/readiness */
    ENDPOINT_METRICS,      /* GET /dispatch/metrics */
    ENDPOINT_STATE,        /* GET /dispatch/state */
    ENDPOINT_OPTIONS,      /* OPTIONS *: a check for an HTTP server */
    ENDPOINT_CACHE_PING,   /* GET /cache/ping */
    ENDPOINT_CACHE_DELETE, /* POST /cache/delete */
    ENDPOINT_CACHE_FLUSH,  /* POST /cache/flushall */
    ENDPOINT_RESET,        /* POST /dispatch/reset */
    ENDPOINT_KEYS,         /* administration of virtual keys, /key/… and others: see doc/virtual-keys.md */
};

/* Returns the API of an endpoint that calls a model; 0 for the others. */
enum wire endpoint_wire(enum endpoint endpoint);

/* Returns whether the endpoint needs no key. */
bool endpoint_is_open(enum endpoint endpoint);

/* An error reply in OpenAI's format. All text is static. */
struct refusal {
    int status;
    const char *type, *code, *message;
    const char *field; /* a further header field, "Allow: GET\r\n"; NULL: none */
};

struct admit_options {
    struct slice master_key;
    unsigned port;     /* port required in Host */
    size_t body_max;   /* bytes */
    const char *hosts; /* further names allowed in Host, separated by blanks; NULL: none (guard_host_among()) */
    bool virtual_keys; /* other keys than the master key are checked later (identify.h) */
};

/* Checks, in this order: Host, Origin, Sec-Fetch-Site; path and method; the key (Authorization: Bearer, x-api-key or
 * api-key, in constant time); Content-Length; Content-Encoding of model calls. true: *endpoint is set; false: *refusal
 * is set. */
bool admit(const struct http_head *head, const struct admit_options *options, enum endpoint *endpoint,
           struct refusal *refusal);
/* Returns the key that the client presents, from any of the usual headers; ptr NULL: none. */
struct slice admit_key(const struct http_head *head);
/* Returns the largest allowed body, bytes: small for endpoints without a key. */
size_t admit_body_max(const struct admit_options *options, enum endpoint endpoint);
/* Appends {"error":{"message","type","param":null,"code"}}. */
bool refusal_body(const struct refusal *refusal, struct buf *out);

#endif
