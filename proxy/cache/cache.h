/* cache: pure. The reply cache of one loaded configuration: the cached answers, the last answers of conversations, and
 * the requests that wait for an equal one. An answer is a whole reply in the cache's form (struct cache_entry). Time is
 * an argument. See doc/caching.md. */
#ifndef POINTSMAN_CACHE_H
#define POINTSMAN_CACHE_H

#include "proxy/cache/flights.h"
#include "proxy/cache/recent.h"
#include "proxy/cache/seal.h"
#include "proxy/cache/semantic.h"
#include "proxy/cache/store.h"
#include "proxy/config/config.h"

/* What the cache did for a request. */
enum cache_status { CACHE_BYPASS, CACHE_MISS, CACHE_STORED, CACHE_HIT, CACHE_COLLAPSED, CACHE_STATUSES };

/* Functions of a store outside the process (Redis); all NULL: none. `of` is passed to them, and borrowed. */
struct cache_remote {
    void *of;
    void (*put)(void *of, const unsigned char *key, struct slice value, int64_t ttl_ms);
    void (*remove)(void *of, const unsigned char *key);
    void (*flush)(void *of);
    const char *(*state)(const void *of);
};

struct cache {
    const struct cache_settings *settings;
    struct store store;
    struct recent recent;
    struct flights flights;
    struct semantic semantic;                    /* empty if embedding_model is not set */
    unsigned char secret[CACHE_KEY_SIZE];        /* keys the hashes of canonical_key() */
    unsigned char configuration[CACHE_KEY_SIZE]; /* a hash of the deployments */
    unsigned char seal[CACHE_KEY_SIZE];          /* encrypts answers outside the process; see seal.h */
    struct cache_remote remote;
    uint64_t counts[CACHE_STATUSES]; /* ended requests */
    uint64_t similar;                /* of these, those that got the answer to a similar question */
    unsigned waiting;                /* requests that wait for an equal one */
    unsigned detached;               /* requests without a client that others wait for */
    double saved_usd;
};

/* Creates the cache of a configuration that turns it on, and that must outlive it. `secret`: CACHE_KEY_SIZE bytes,
 * copied. NULL: out of memory. Free with cache_free(). */
struct cache *cache_new(const struct config *config, const unsigned char *secret);
/* Stores an answer in memory and outside the process. `saved_usd`: cost of its call; NAN: unknown. false: stored in
 * neither. */
bool cache_put(struct cache *c, const unsigned char *key, struct slice text, double saved_usd, uint64_t ttl_ms,
               uint64_t now_ms, int64_t now_unix_ms);
/* Decrypts a value from outside the process into `out`, sets `answer`, and stores it in memory for the rest of its
 * time. false: expired, altered, of another key or installation, or out of memory. */
MUST_CHECK bool cache_open(struct cache *c, const unsigned char *key, struct slice value, uint64_t now_ms,
                           int64_t now_unix_ms, struct buf *out, struct sealed *answer);
/* Removes all answers and questions from memory. */
void cache_flush(struct cache *c);
/* NULL is allowed. */
void cache_free(struct cache *c);
/* Returns "hit", "miss", "stored", "collapsed" or "bypass". */
const char *cache_status_name(enum cache_status status);
/* Writes the key as 64 hexadecimal digits and a NUL. */
void cache_key_text(const unsigned char *key, char text[2 * CACHE_KEY_SIZE + 1]);
/* The reverse of cache_key_text(). false: not a key. */
MUST_CHECK bool cache_key_read(struct slice text, unsigned char *key);

#endif
