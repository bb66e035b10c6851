/* pure: answers in memory. */
#include "proxy/cache/store.h"

#include <stdlib.h>
#include <string.h>

#define OVERHEAD 24u           /* bytes that malloc adds to a block, at most: its size, and up to the next 16 */
#define BYTES_PER_BUCKET 2048u /* a small answer */
#define BUCKETS_MIN 64u

static size_t size_of(size_t text_len)
{
    return sizeof(struct cache_entry) + text_len + OVERHEAD;
}

bool store_init(struct store *s, size_t max_bytes)
{
    size_t buckets = BUCKETS_MIN;
    while (buckets * BYTES_PER_BUCKET < max_bytes)
        buckets *= 2;
    *s = (struct store){.max_bytes = max_bytes, .bucket_count = buckets};
    s->buckets = calloc(buckets, sizeof(struct cache_entry *));
    s->bytes = buckets * sizeof(struct cache_entry *);
    return s->buckets != NULL;
}

void store_free(struct store *s)
{
    if (s->buckets)
        store_flush(s);
    free(s->buckets);
    *s = (struct store){0};
}

/* The key is a hash already. */
static struct cache_entry **bucket_of(const struct store *s, const unsigned char *key)
{
    uint64_t hash;
    memcpy(&hash, key, sizeof hash);
    return &s->buckets[hash & (s->bucket_count - 1)];
}

static struct cache_entry **find(const struct store *s, const unsigned char *key)
{
    struct cache_entry **at = bucket_of(s, key);
    while (*at && memcmp((*at)->key, key, CACHE_KEY_SIZE) != 0)
        at = &(*at)->next_in_bucket;
    return at;
}

static void unlink_use(struct store *s, struct cache_entry *e)
{
    *(e->newer ? &e->newer->older : &s->newest) = e->older;
    *(e->older ? &e->older->newer : &s->oldest) = e->newer;
}

static void link_newest(struct store *s, struct cache_entry *e)
{
    e->newer = NULL;
    e->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
}

static void remove_at(struct store *s, struct cache_entry **at)
{
    struct cache_entry *e = *at;
    *at = e->next_in_bucket;
    unlink_use(s, e);
    s->bytes -= size_of(e->len);
    s->entries--;
    free(e);
}

const struct cache_entry *store_get(struct store *s, const unsigned char *key, uint64_t now_ms, bool *expired)
{
    struct cache_entry **at = find(s, key), *e = *at;
    bool old = e && now_ms >= e->expires_ms;
    if (expired)
        *expired = old;
    if (old)
        remove_at(s, at);
    if (!e || old)
        return NULL;
    unlink_use(s, e);
    link_newest(s, e);
    return e;
}

bool store_put(struct store *s, const unsigned char *key, struct slice text, double saved_usd, uint64_t now_ms,
               uint64_t ttl_ms)
{
    size_t size = size_of(text.len);
    (void)store_delete(s, key);
    if (text.len > STORE_ENTRY_MAX || size > s->max_bytes)
        return false;
    while (s->oldest && s->bytes + size > s->max_bytes) {
        remove_at(s, find(s, s->oldest->key));
        s->evicted++;
    }
    struct cache_entry *e = s->bytes + size > s->max_bytes ? NULL : malloc(sizeof *e + text.len);
    if (!e)
        return false;
    *e = (struct cache_entry){
        .stored_ms = now_ms, .expires_ms = now_ms + ttl_ms, .saved_usd = saved_usd, .len = text.len};
    memcpy(e->key, key, CACHE_KEY_SIZE);
    if (text.len)
        memcpy(e->text, text.ptr, text.len);
    struct cache_entry **bucket = bucket_of(s, key);
    e->next_in_bucket = *bucket;
    *bucket = e;
    link_newest(s, e);
    s->bytes += size;
    s->entries++;
    return true;
}

bool store_delete(struct store *s, const unsigned char *key)
{
    struct cache_entry **at = find(s, key);
    if (!*at)
        return false;
    remove_at(s, at);
    return true;
}

void store_flush(struct store *s)
{
    while (s->oldest)
        remove_at(s, find(s, s->oldest->key));
}
