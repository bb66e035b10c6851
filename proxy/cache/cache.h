/* cache: pure. The cache of one configuration in force: answers, what conversations got last, and requests that wait
 * for an equal one. Time is an argument. See doc/caching.md. */
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

/* Answers outside of the process; NULL functions: none. */
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
    struct semantic semantic;                    /* empty without an embedding_model */
    unsigned char secret[CACHE_KEY_SIZE];        /* of the keys */
    unsigned char configuration[CACHE_KEY_SIZE]; /* a hash of the deployments */
    unsigned char seal[CACHE_KEY_SIZE];          /* key of what is kept outside */
    struct cache_remote remote;
    uint64_t counts[CACHE_STATUSES];
    unsigned waiting, detached; /* requests that wait for an equal one; that go on for these without their client */
    double saved_usd;
};

/* Makes the cache of a configuration whose settings turn it on. The configuration must outlive it. NULL: out of memory.
 * Free with cache_free(). */
struct cache *cache_new(const struct config *config, const unsigned char *secret);
/* Keeps an answer, in memory and outside. false: neither. */
bool cache_put(struct cache *c, const unsigned char *key, struct slice text, double saved_usd, uint64_t ttl_ms,
               uint64_t now_ms, int64_t now_unix_ms);
/* Opens what the remote tier kept, into `out`, and keeps it in memory for the rest of its time. false: not ours, of
 * another key, changed, or too old. */
MUST_CHECK bool cache_open(struct cache *c, const unsigned char *key, struct slice value, uint64_t now_ms,
                           int64_t now_unix_ms, struct buf *out, struct sealed *answer);
/* NULL is allowed. */
void cache_free(struct cache *c);
/* Returns "hit", "miss", "stored", "collapsed" or "bypass". */
const char *cache_status_name(enum cache_status status);
/* Writes the key as 64 hexadecimal digits and a NUL. */
void cache_key_text(const unsigned char *key, char text[2 * CACHE_KEY_SIZE + 1]);
/* Reads such a text. false: it is not a key. */
MUST_CHECK bool cache_key_read(struct slice text, unsigned char *key);

#endif
