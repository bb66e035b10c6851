/* rules: pure. The tables of the requests that may not be answered from the cache, and of the replies that may not be
 * stored in it. A reason is a short name, as static text, for Cache-Status and the request log. */
#ifndef POINTSMAN_CACHE_RULES_H
#define POINTSMAN_CACHE_RULES_H

#include "common/json.h"
#include "proxy/cache/controls.h"
#include "proxy/config/config.h"

/* How the cache uses a field of a request's top level. */
enum field_use {
    FIELD_KEPT,    /* part of the canonical form */
    FIELD_DROPPED, /* does not affect the answer */
    FIELD_SCOPE,   /* names a user; users do not share answers */
    FIELD_UNKNOWN, /* not in the table: the request is not cacheable */
};

/* Returns the use of the field whose key is the string node `key` of `doc`. */
enum field_use rules_field(const struct json *doc, uint32_t key, enum wire wire);

struct cache_query {
    const struct json *top; /* the body's top level */
    enum wire wire;
    const struct cache_settings *settings;
    const struct cache_controls *controls;
    bool upstream_keeps; /* the provider stores a response unless `store` is false */
};

/* Checks the top level of a request. Returns why it is not cacheable; NULL: it may be. */
const char *rules_forbid_lookup(const struct cache_query *query);
/* The same for the messages, input items or prompt of a whole body. */
const char *rules_forbid_items(const struct json *doc, enum wire wire);

/* Properties of a reply that forbid storing it. */
struct cache_answer {
    bool failed;     /* it did not end as its API requires */
    bool length;     /* a token limit ended it */
    bool calls;      /* it has a tool call, or an item of a type unknown to the bridge */
    bool refused;    /* the model refused */
    bool empty;      /* it has no text */
    bool estimated;  /* the provider did not report its usage */
    bool fallback;   /* a deployment of another group answered */
    bool other;      /* another model answered than the one in the key */
    bool large;      /* larger than an entry may be */
    bool not_wanted; /* the request has no-store */
};

/* Returns why the reply is not stored; NULL: it may be. */
const char *rules_forbid_store(const struct cache_answer *answer);

#endif
