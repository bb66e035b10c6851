/* rules: pure. Which requests may be answered from the cache, and which replies may be kept: a table of each. A reason
 * is a short name, for Cache-Status and the request log. */
#ifndef POINTSMAN_CACHE_RULES_H
#define POINTSMAN_CACHE_RULES_H

#include "common/json.h"
#include "proxy/cache/controls.h"
#include "proxy/config/config.h"

/* What a field of a request's top level is to the cache. */
enum field_use {
    FIELD_KEPT,    /* part of the canonical form */
    FIELD_DROPPED, /* says nothing about the answer */
    FIELD_SCOPE,   /* names a user: requests of two users share nothing */
    FIELD_UNKNOWN, /* not in the table: the request is not cacheable */
};

/* Returns the use of the field whose key is the string node `key` of `doc`. */
enum field_use rules_field(const struct json *doc, uint32_t key, enum wire wire);

struct cache_query {
    const struct json *top; /* the body's top level */
    enum wire wire;
    const struct cache_settings *settings;
    const struct cache_controls *controls;
    bool upstream_keeps; /* the deployment keeps a response unless `store` is false */
};

/* Returns why the request is neither looked up nor kept, from its top level; NULL: nothing forbids it. */
const char *rules_forbid_lookup(const struct cache_query *query);
/* The same for its messages or input items, from the whole body. */
const char *rules_forbid_items(const struct json *doc, enum wire wire);

/* What is known of a reply. */
struct cache_answer {
    bool failed;     /* it did not end as its API says */
    bool length;     /* a token limit ended it */
    bool calls;      /* it has a tool call, or an item that the bridge does not know */
    bool refused;    /* the model refused */
    bool empty;      /* it has no text */
    bool estimated;  /* its usage is an estimate, or unknown */
    bool fallback;   /* a deployment of another group answered */
    bool other;      /* another model answered than the key names */
    bool large;      /* larger than an entry may be */
    bool not_wanted; /* the request said no-store */
};

/* Returns why the reply is not kept; NULL: it may be. */
const char *rules_forbid_store(const struct cache_answer *answer);

#endif
