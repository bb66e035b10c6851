/* caching: loop. A request and the reply cache: what the five files below share.
 *
 *   caching.c         makes the key, looks replies up, writes the header fields and the request log's part
 *   caching_wait.c    waits for Redis or for an equal request
 *   caching_keep.c    records the reply and stores it
 *   caching_shadow.c  compares questions, once the client has its reply; finds proven answers to similar ones
 *   caching_embed.c   gets the vector of a question */
#ifndef POINTSMAN_EXCHANGE_CACHING_H
#define POINTSMAN_EXCHANGE_CACHING_H

#include "proxy/cache/rules.h"
#include "proxy/exchange/private.h"

/* A single-turn request in the semantic tier. */
struct shadow {
    unsigned char scope[CACHE_KEY_SIZE]; /* of all but the question */
    struct buf question;
    uint64_t answer;
    bool answered; /* `answer` is set */
    bool asked;    /* the vector was asked for before the request's own call */
    struct event *begin;
    struct call *call;
    void (*embedded)(struct request *r);
    const struct deployment *deployment; /* that makes the vector */
    struct buf body, reply;
    float *vector; /* owned; NULL: none */
    unsigned dimensions;
    bool compares; /* from the end of the request until the result */
    int status;
    const char *how;
    struct semantic_match match;
    bool matched; /* `match` is the result of the comparison */
};

/* The state of one request in the cache; request.caching. */
struct caching {
    struct cache_controls controls;
    unsigned char key[CACHE_KEY_SIZE];
    bool keyed;         /* the key is set: the request is cacheable */
    const char *fwd;    /* RFC 9211: why an upstream is called */
    const char *reason; /* why it was not looked up, or its reply not stored; NULL: none */
    enum cache_status status;
    const char *model; /* the model in the key; borrowed from the deployment */
    int64_t age_s, ttl_s;
    double saved_usd;
    struct follower follower;
    struct event *wake; /* activated when the wait for Redis or for the flight is over */
    struct redis_lookup lookup;
    bool looked; /* the lookup in Redis has ended; the result is in `found` */
    bool found;
    struct sealed answer;
    struct buf opened;
    const char *tier;
    double similarity;     /* of the question whose reply this request got; NAN: its own */
    struct flight *leads;  /* the flight that this request leads; NULL: none */
    bool detached;         /* its client disconnected; it continues for its followers */
    struct shadow *shadow; /* compares the question with earlier ones; NULL: it does not */
    struct buf body;       /* of a detached request: taken over from the client */
    struct ceiling_hold held;
};

static inline struct cache *cache_of(const struct request *r)
{
    return r->shared->cache;
}

/* Returns the entry of the memory, and sets the request's age_s and ttl_s. NULL: there is none, or it is older than the
 * request accepts. */
const struct cache_entry *caching_find(struct request *r, const unsigned char *key);
/* Makes c->wake, unless it exists. false: out of memory. */
MUST_CHECK bool caching_make_wake(struct request *r, void (*woken)(evutil_socket_t, short, void *));
/* Converts a cached reply to the client's API and form, with ids of its own; *send is owned by the attempt's relay.
 * false: out of memory, or the bridge can't translate the request. */
MUST_CHECK bool caching_replay(struct request *r, struct slice text, double saved_usd, enum cache_status how,
                               struct slice *send);
/* Lets the request wait for an equal one in flight; if there is none, it leads a flight of its own. Returns whether it
 * waits. */
MUST_CHECK bool caching_join(struct request *r, void (*woken)(evutil_socket_t, short, void *));
/* Begins a lookup in Redis. Returns whether the request waits for it. */
MUST_CHECK bool caching_ask(struct request *r, void (*woken)(evutil_socket_t, short, void *));
/* Prepares the comparison of a single-turn request: stores its question, and a hash of everything else in it. */
void caching_prepare_shadow(struct request *r, const struct json *whole, const struct canonical_scope *scope);
/* Gives the reply that the request got also to those that wait for it. */
void caching_share(struct request *r, struct slice reply, double saved_usd);
/* Asks for the question's vector, if the semantic tier may serve and might have an answer. Returns whether the request
 * waits for it. */
MUST_CHECK bool caching_ask_similar(struct request *r, void (*woken)(evutil_socket_t, short, void *));
/* The vector is there, or there is none. true: *send is a proven answer to a similar question. */
MUST_CHECK bool caching_landed_similar(struct request *r, struct slice *send);
/* Asks the embedding deployment for the question's vector; `embedded` is called once shadow.vector is set or the call
 * has failed. The cost is charged. false: there is no such deployment, or out of memory; `embedded` is not called. */
MUST_CHECK bool caching_embed(struct request *r, int limit_ms, void (*embedded)(struct request *r));
/* Cancels that call, if there is one. Not from its callbacks. */
void caching_cancel_embedding(struct request *r);
/* Sets the reply for the comparison, in the form of struct cache_entry.text. Called if it was stored. */
void caching_answer_shadow(struct request *r, struct slice reply);
void caching_free_shadow(struct request *r);
/* Adds the result of the comparison to the request log line. */
void caching_journal_shadow(const struct request *r, struct journal_cache *entry);
/* Ends the request's waiting, for a flight, Redis or a vector. */
void caching_stop_waiting(struct request *r);

#endif
