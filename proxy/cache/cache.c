/* pure: the cache of one configuration. */
#include "proxy/cache/cache.h"

#include <sodium.h>
#include <stdlib.h>

static void hash_text(crypto_generichash_state *state, const char *text)
{
    const struct slice s = slice_of(text);
    const uint64_t len = text ? s.len : UINT64_MAX;
    crypto_generichash_update(state, (const unsigned char *)&len, sizeof len);
    if (s.len)
        crypto_generichash_update(state, (const unsigned char *)s.ptr, s.len);
}

/* What of a deployment an answer depends on. */
static void hash_deployments(const struct config *config, unsigned char *out)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, CACHE_KEY_SIZE);
    for (unsigned i = 0; i < config->deployment_count; i++) {
        const struct deployment *d = &config->deployments[i];
        const char *const texts[] = {d->id, d->alias, d->model, d->api_base, d->instructions};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            hash_text(&state, texts[k]);
        crypto_generichash_update(&state, (const unsigned char *)&d->wires, sizeof d->wires);
    }
    crypto_generichash_final(&state, out, CACHE_KEY_SIZE);
}

struct cache *cache_new(const struct config *config, const unsigned char *secret)
{
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->settings = &config->cache;
    memcpy(c->secret, secret, CACHE_KEY_SIZE);
    seal_key(secret, c->seal);
    semantic_init(&c->semantic, config->cache.similarity_threshold, config->cache.semantic_max_error,
                  config->cache.max_vectors);
    hash_deployments(config, c->configuration);
    c->recent.count = (uint64_t)randombytes_random() << 20; /* tickets of an earlier cache are not mistaken for ours */
    if (store_init(&c->store, (size_t)config->cache.max_size_mb << 20))
        return c;
    cache_free(c);
    return NULL;
}

void cache_flush(struct cache *c)
{
    store_flush(&c->store);
    semantic_forget(&c->semantic);
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    store_free(&c->store);
    semantic_free(&c->semantic);
    sodium_memzero(c->secret, sizeof c->secret);
    sodium_memzero(c->seal, sizeof c->seal);
    free(c);
}

bool cache_put(struct cache *c, const unsigned char *key, struct slice text, double saved_usd, uint64_t ttl_ms,
               uint64_t now_ms, int64_t now_unix_ms)
{
    bool kept = store_put(&c->store, key, text, saved_usd, now_ms, ttl_ms);
    struct buf value;
    if (!c->remote.put || text.len > STORE_ENTRY_MAX)
        return kept;
    struct sealed s = {now_unix_ms, now_unix_ms + (int64_t)ttl_ms, saved_usd, text};
    buf_init(&value, STORE_ENTRY_MAX + SEAL_OVERHEAD);
    if (seal_make(&s, c->seal, key, &value)) {
        c->remote.put(c->remote.of, key, buf_slice(&value), (int64_t)ttl_ms);
        kept = true;
    }
    buf_free(&value);
    return kept;
}

bool cache_open(struct cache *c, const unsigned char *key, struct slice value, uint64_t now_ms, int64_t now_unix_ms,
                struct buf *out, struct sealed *answer)
{
    if (!seal_open(value, c->seal, key, out, answer) || answer->expires_ms <= now_unix_ms)
        return false;
    (void)store_put(&c->store, key, answer->text, answer->saved_usd, now_ms,
                    (uint64_t)(answer->expires_ms - now_unix_ms));
    return true;
}

const char *cache_status_name(enum cache_status status)
{
    static const char *const names[CACHE_STATUSES] = {
        [CACHE_BYPASS] = "bypass", [CACHE_MISS] = "miss",           [CACHE_STORED] = "stored",
        [CACHE_HIT] = "hit",       [CACHE_COLLAPSED] = "collapsed",
    };
    return names[status];
}

void cache_key_text(const unsigned char *key, char text[2 * CACHE_KEY_SIZE + 1])
{
    (void)sodium_bin2hex(text, 2 * CACHE_KEY_SIZE + 1, key, CACHE_KEY_SIZE);
}

bool cache_key_read(struct slice text, unsigned char *key)
{
    size_t len;
    return text.len == 2 * CACHE_KEY_SIZE &&
           sodium_hex2bin(key, CACHE_KEY_SIZE, text.ptr, text.len, NULL, &len, NULL) == 0 && len == CACHE_KEY_SIZE;
}
