/* store: pure. Answers in memory, limited in bytes: beyond the limit, the least recently used ones are removed. Time is
 * an argument. */
#ifndef POINTSMAN_CACHE_STORE_H
#define POINTSMAN_CACHE_STORE_H

#include "proxy/cache/canonical.h"

#define STORE_ENTRY_MAX (1u << 20) /* bytes of one answer */

/* An answer: a whole Chat Completions reply, whatever the APIs of client and upstream; for Completions and Embeddings,
 * the upstream's reply. */
struct cache_entry {
    unsigned char key[CACHE_KEY_SIZE];
    struct cache_entry *next_in_bucket;
    struct cache_entry *newer, *older; /* neighbors in the order of last use */
    uint64_t stored_ms, expires_ms;    /* ms, monotonic */
    double saved_usd;                  /* cost of the call, USD; NAN: unknown */
    size_t len;
    char text[];
};

struct store {
    struct cache_entry **buckets;
    size_t bucket_count; /* a power of 2 */
    struct cache_entry *newest, *oldest;
    size_t max_bytes, bytes;   /* limit, and use by entries and buckets, malloc's overhead included */
    uint64_t entries, evicted; /* current number; number removed because of the limit */
};

/* Makes an empty store of at most `max_bytes`. Free with store_free(). false: out of memory. */
MUST_CHECK bool store_init(struct store *s, size_t max_bytes);
void store_free(struct store *s);
/* Returns the entry, valid until the next call, and makes it the most recently used one. NULL: there is none, or it has
 * expired, and is then removed. *expired, if not NULL: whether it had expired. */
const struct cache_entry *store_get(struct store *s, const unsigned char *key, uint64_t now_ms, bool *expired);
/* Stores a copy of the answer for `ttl_ms`, and replaces an earlier one. false: longer than STORE_ENTRY_MAX or the
 * whole store, or out of memory; the key then has no entry. */
bool store_put(struct store *s, const unsigned char *key, struct slice text, double saved_usd, uint64_t now_ms,
               uint64_t ttl_ms);
/* Removes an entry. false: there was none. */
bool store_delete(struct store *s, const unsigned char *key);
/* Removes all entries. */
void store_flush(struct store *s);

#endif
