/* wire: the words that all rooms of the proxy share: which API is spoken, what a call used, how a call failed. */
#ifndef POINTSMAN_WIRE_H
#define POINTSMAN_WIRE_H

#include "proxy/terms/part.h"

/* The API that a client or an upstream speaks. A set is an `unsigned` of these or-ed together. */
enum wire {
    WIRE_CHAT = 1,        /* POST /chat/completions */
    WIRE_RESPONSES = 2,   /* POST /responses */
    WIRE_COMPLETIONS = 4, /* POST /completions */
    WIRE_EMBEDDINGS = 8,  /* POST /embeddings */
};

/* A client that speaks one of these is served by upstreams that speak another; all else only passes through. */
#define WIRES_BRIDGED (WIRE_CHAT | WIRE_RESPONSES)

/* Its path behind a base URL: "/chat/completions". */
const char *wire_path(enum wire wire);
/* Its name in the journal: "chat"; NULL for 0. */
const char *wire_name(enum wire wire);

/* A server's APIs less those that it refuses (PART_RESPONSES, PART_CHAT); all of them where that leaves none of the
 * two.
 */
unsigned wires_without(unsigned wires, unsigned parts);

/* Tokens of one call, as the upstream counted them; -1 where it did not say. */
struct usage {
    int64_t input;        /* prompt tokens, cached ones included */
    int64_t cached_input; /* of these, read from the provider's prompt cache */
    int64_t cache_write;  /* of these, written to it; such tokens may have a price of their own */
    int64_t output;       /* completion tokens, reasoning included */
    int64_t reasoning;    /* of these, reasoning */
    bool estimated;       /* counted by us from bytes, because the upstream gave none */
};

#define USAGE_UNKNOWN ((struct usage){-1, -1, -1, -1, -1, false})

/* How a call failed. What follows from each kind (try the next deployment? cool this one down? what is the client
 * told?) is one table in terms/failure.c. */
enum failure_kind {
    FAILURE_NONE,
    FAILURE_CONNECT,     /* no connection: refused, reset before the reply, no such host, TLS */
    FAILURE_TIMEOUT,     /* no beginning, or silence, for longer than allowed; HTTP 408 */
    FAILURE_RATE_LIMIT,  /* 429 */
    FAILURE_QUOTA,       /* 429 insufficient_quota, 402 */
    FAILURE_AUTH,        /* 401, 403 */
    FAILURE_NOT_FOUND,   /* 404 */
    FAILURE_BAD_REQUEST, /* other 4xx: the request is at fault, another deployment would refuse it too */
    FAILURE_UNSUPPORTED, /* the model can't do what the request asks: tools, images, to go on with the assistant's words
                          */
    FAILURE_CONTEXT,     /* the prompt does not fit the context window */
    FAILURE_TOO_LARGE,   /* the request is larger than the deployment ever takes at once: 413, or more tokens than its
                            limit per minute. No wait helps; another deployment may have room */
    FAILURE_CONTENT_FILTER, /* refused by the provider's policy */
    FAILURE_SERVER,         /* 5xx */
    FAILURE_OVERLOADED,     /* 503, 529 */
    FAILURE_CUT,            /* the reply broke off before its end */
    FAILURE_EMPTY,          /* a complete reply without any content */
    FAILURE_MALFORMED,      /* the model's output is unusable, mostly a tool call that cannot be read: another attempt
                               gives other output */
    FAILURE_PROTOCOL,       /* not HTTP, not JSON, or over a limit of ours */
    FAILURE_INTERNAL,       /* no memory, or a fault of ours */
    FAILURE_BUDGET,         /* a spending limit of ours is reached; nobody was asked */
};

#define FAILURE_KINDS (FAILURE_BUDGET + 1)

struct failure_word;

struct failure {
    enum failure_kind kind;
    int upstream_status;             /* HTTP status, 0 without one */
    int retry_after_s;               /* the provider's Retry-After in whole seconds, -1 without one */
    const struct failure_word *word; /* the row by which it was known; NULL: by its status alone */
    unsigned parts;                  /* what of the request it complains of: a set of enum request_part, PART_API too */
    unsigned efforts;                /* PART_EFFORT: the values that it offers instead (effort.h); 0: none */
    char field[PART_FIELD_NAME];     /* PART_FIELD: its name */
    char code[64];                   /* the provider's error code, "" without one */
    char message[512];               /* for people; redacted; names what to do where something can be done */
};

#endif
