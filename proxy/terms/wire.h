/* wire: pure. Types that all folders of the proxy share: the API (in code: wire), usage, failures. */
#ifndef POINTSMAN_WIRE_H
#define POINTSMAN_WIRE_H

#include "proxy/terms/part.h"

/* The API of a client or an upstream. A set is a bitwise OR of these in an `unsigned`. */
enum wire {
    WIRE_CHAT = 1,        /* POST /chat/completions */
    WIRE_RESPONSES = 2,   /* POST /responses */
    WIRE_COMPLETIONS = 4, /* POST /completions */
    WIRE_EMBEDDINGS = 8,  /* POST /embeddings */
};

#define WIRES_ALL (WIRE_CHAT | WIRE_RESPONSES | WIRE_COMPLETIONS | WIRE_EMBEDDINGS)
/* The APIs between which the bridge translates; others are only passed through. */
#define WIRES_BRIDGED (WIRE_CHAT | WIRE_RESPONSES)

/* Returns the path to append to a base URL: "/chat/completions". */
const char *wire_path(enum wire wire);
/* Returns the name in the request log: "chat"; NULL for 0. */
const char *wire_name(enum wire wire);

/* Returns a server's APIs without those that it refuses (PART_RESPONSES, PART_CHAT), or all of them if neither of the
 * two would be left. */
unsigned wires_without(unsigned wires, unsigned parts);

/* Tokens of one call, as counted by the upstream; -1: unknown. */
struct usage {
    int64_t input;        /* prompt tokens, cached ones included */
    int64_t cached_input; /* of these, read from the provider's prompt cache */
    int64_t cache_write;  /* of these, written to it; such tokens may have a price of their own */
    int64_t output;       /* completion tokens, reasoning included */
    int64_t reasoning;    /* of these, reasoning */
    bool estimated;       /* some counts are estimated from bytes, because the upstream sent none */
};

#define USAGE_UNKNOWN ((struct usage){-1, -1, -1, -1, -1, false})

/* How a call failed. The table in terms/failure.c has the consequences of each kind. */
enum failure_kind {
    FAILURE_NONE,
    FAILURE_CONNECT,        /* no connection: refused, reset before the reply, no such host, TLS */
    FAILURE_TIMEOUT,        /* no first byte, or silence, for too long; HTTP 408 */
    FAILURE_RATE_LIMIT,     /* 429 */
    FAILURE_QUOTA,          /* 429 insufficient_quota, 402 */
    FAILURE_AUTH,           /* 401, 403 */
    FAILURE_NOT_FOUND,      /* 404 */
    FAILURE_BAD_REQUEST,    /* other 4xx: the request is invalid, for other deployments too */
    FAILURE_UNSUPPORTED,    /* the model does not support something in the request: tools, images, prefill */
    FAILURE_CONTEXT,        /* the prompt exceeds the context window */
    FAILURE_TOO_LARGE,      /* the request exceeds a limit of the deployment: 413, or more tokens than its limit per
                               minute. Waiting does not help; another deployment may have a higher limit */
    FAILURE_CONTENT_FILTER, /* refused by the provider's content policy */
    FAILURE_SERVER,         /* 5xx */
    FAILURE_OVERLOADED,     /* 503, 529 */
    FAILURE_CUT,            /* the reply was truncated */
    FAILURE_EMPTY,          /* a complete reply without content */
    FAILURE_MALFORMED,      /* the model's output is unusable, usually a malformed tool call: another attempt has other
                               output */
    FAILURE_PROTOCOL,       /* not HTTP, not JSON, or above a limit of the proxy */
    FAILURE_INTERNAL,       /* out of memory, or an error of the proxy */
    FAILURE_BUDGET,         /* a spending limit of the configuration is reached; no deployment was called */
};

#define FAILURE_KINDS (FAILURE_BUDGET + 1)

struct failure_pattern;

struct failure {
    enum failure_kind kind;
    int upstream_status;                   /* HTTP status; 0: none */
    int retry_after_s;                     /* the provider's Retry-After, whole seconds; -1: none */
    const struct failure_pattern *pattern; /* the row that decided the kind; NULL: the status did */
    unsigned parts;                        /* refused parts of the request: a set of enum request_part, with PART_API */
    unsigned efforts;                      /* PART_EFFORT: the values that the error offers (effort.h); 0: none */
    char field[PART_FIELD_NAME];           /* PART_FIELD: its name */
    char code[64];                         /* the provider's error code; "": none */
    char message[512];                     /* redacted; says what to do, if something can be done */
};

#endif
