/* caching: loop. A request and the cache of replies, for the three files of it.
 *
 *   caching.c       the key, what is found, what headers and the request log say
 *   caching_wait.c  waiting for Redis or for an equal request
 *   caching_keep.c  the reply that is kept
 *   caching_shadow.c  compares questions, once the client is answered */
#ifndef POINTSMAN_EXCHANGE_CACHING_H
#define POINTSMAN_EXCHANGE_CACHING_H

#include "proxy/cache/rules.h"
#include "proxy/exchange/private.h"

/* What the cache has to do with one request. */
struct caching {
    struct cache_controls controls;
    unsigned char key[CACHE_KEY_SIZE];
    bool keyed;         /* the key is set: the request is cacheable */
    const char *fwd;    /* RFC 9211: why an upstream is called */
    const char *reason; /* why the request is not cacheable, was not looked up, or its reply was not kept; NULL */
    enum cache_status status;
    const char *model; /* the model of the key */
    int64_t age_s, ttl_s;
    double saved_usd;
    struct follower follower;
    struct event *wake; /* the wait for Redis or for the flight is over */
    struct redis_lookup lookup;
    bool looked; /* Redis has answered: `found`, in `opened` */
    bool found;
    struct sealed answer;
    struct buf opened;
    const char *tier;
    struct flight *leads;  /* NULL: no flight */
    bool detached;         /* its client has left; it goes on for its followers */
    struct shadow *shadow; /* compares the question with earlier ones; NULL: it does not */
    struct buf body;       /* taken over from the client then */
    struct ceiling_hold held;
};

static inline struct cache *cache_of(const struct request *r)
{
    return r->shared->cache;
}

/* Writes a kept reply for this client. false: out of memory, or the bridge can't translate the request. */
MUST_CHECK bool caching_replay(struct request *r, struct slice text, double saved_usd, enum cache_status how,
                               struct slice *send);
/* Waits for an equal request, if there is one; else leads a flight. Returns whether it waits. */
MUST_CHECK bool caching_join(struct request *r, void (*woken)(evutil_socket_t, short, void *));
/* Asks Redis. Returns whether its answer is waited for. */
MUST_CHECK bool caching_ask(struct request *r, void (*woken)(evutil_socket_t, short, void *));
/* Prepares the comparison of a single-turn request: its question, and a key of all else. */
void caching_prepare_shadow(struct request *r, const struct json *whole, const struct canonical_scope *scope);
/* The reply is kept: its text, as struct cache_entry.text. */
void caching_answer_shadow(struct request *r, struct slice reply);
void caching_free_shadow(struct request *r);
/* Adds what was found. */
void caching_journal_shadow(const struct request *r, struct journal_cache *entry);
/* Waits no longer. */
void caching_stop_waiting(struct request *r);

#endif
