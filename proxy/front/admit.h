/* admit: pure. Which endpoint a request head asks for, and whether it may have it, before any of its body is read. */
#ifndef POINTSMAN_ADMIT_H
#define POINTSMAN_ADMIT_H

#include "proxy/front/http_parse.h"
#include "proxy/terms/wire.h"

enum endpoint {
    ENDPOINT_CHAT,        /* POST /v1/chat/completions */
    ENDPOINT_RESPONSES,   /* POST /v1/responses */
    ENDPOINT_COMPLETIONS, /* POST /v1/completions */
    ENDPOINT_EMBEDDINGS,  /* POST /v1/embeddings */
    ENDPOINT_STORED,      /* /v1/responses/ID and what lies below: nothing is stored here */
    ENDPOINT_MODELS,      /* GET /v1/models */
    ENDPOINT_MODEL,       /* GET /v1/models/NAME */
    ENDPOINT_HEALTH,      /* GET /health */
    ENDPOINT_LIVENESS,    /* GET /health/liveness, /health/liveliness, / */
    ENDPOINT_READINESS,   /* GET /health/readiness */
    ENDPOINT_METRICS,     /* GET /dispatch/metrics */
    ENDPOINT_STATE,       /* GET /dispatch/state */
    ENDPOINT_OPTIONS,     /* OPTIONS *: whether HTTP is spoken here */
    ENDPOINT_RESET,       /* POST /dispatch/reset */
};

/* The wire of an endpoint that is a model call; 0 for the others. */
enum wire endpoint_wire(enum endpoint endpoint);

/* A refusal in OpenAI's error shape. All text is static. */
struct refusal {
    int status;
    const char *type, *code, *message;
    const char *field; /* a header field for it, "Allow: GET\r\n"; NULL: none */
};

struct admit_options {
    struct slice master_key;
    unsigned port;     /* that Host must name */
    size_t body_max;   /* bytes */
    const char *hosts; /* that Host may name, too, blanks between; NULL: none (guard_host_among()) */
};

/* Checks, in this order: Host, Origin and Sec-Fetch-Site; path and method; "Authorization: Bearer" (or x-api-key,
 * api-key) in constant time; Content-Length; for a model call Content-Encoding. Returns whether the request is
 * admitted; *endpoint or *refusal is set accordingly. */
bool admit(const struct http_head *head, const struct admit_options *options, enum endpoint *endpoint,
           struct refusal *refusal);
/* Bytes that a request's body may have there: what needs no key takes no large one. */
size_t admit_body_max(const struct admit_options *options, enum endpoint endpoint);
/* Appends {"error":{"message","type","param":null,"code"}}. */
bool refusal_body(const struct refusal *refusal, struct buf *out);

#endif
