/* store: pure. Answers in memory: at most so many bytes, the least recently used ones go first. Time is an argument. */
#ifndef POINTSMAN_CACHE_STORE_H
#define POINTSMAN_CACHE_STORE_H

#include "proxy/cache/canonical.h"

#define STORE_ENTRY_MAX (1u << 20) /* bytes of one answer */

/* An answer: a whole Chat Completions reply, whatever the APIs of client and upstream. */
struct cache_entry {
    unsigned char key[CACHE_KEY_SIZE];
    struct cache_entry *next_in_bucket;
    struct cache_entry *newer, *older; /* by last use */
    uint64_t stored_ms, expires_ms;    /* monotonic */
    double saved_usd;                  /* what the call cost; NAN: unknown */
    size_t len;
    char text[];
};

struct store {
    struct cache_entry **buckets;
    size_t bucket_count; /* a power of 2 */
    struct cache_entry *newest, *oldest;
    size_t max_bytes, bytes; /* entries and buckets, with malloc's overhead */
    uint64_t entries, evicted;
};

/* Makes an empty store of at most so many bytes. false: out of memory. */
MUST_CHECK bool store_init(struct store *s, size_t max_bytes);
void store_free(struct store *s);
/* Returns the entry, which becomes the most recently used one; NULL: none, or it has expired and is removed. Valid
 * until the next call. *expired, if not NULL: whether it had expired. */
const struct cache_entry *store_get(struct store *s, const unsigned char *key, uint64_t now_ms, bool *expired);
/* Keeps an answer in place of an earlier one, for `ttl_ms`. false: longer than STORE_ENTRY_MAX or the whole store, or
 * out of memory; nothing is kept under the key then. */
bool store_put(struct store *s, const unsigned char *key, struct slice text, double saved_usd, uint64_t now_ms,
               uint64_t ttl_ms);
/* Removes an entry. false: there was none. */
bool store_delete(struct store *s, const unsigned char *key);
/* Removes all entries. */
void store_flush(struct store *s);

#endif
