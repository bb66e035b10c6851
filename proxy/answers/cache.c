/* pure: the endpoints of the cache of replies, with LiteLLM's paths. */
#include "proxy/answers/answers.h"

#include "proxy/answers/private.h"

static const struct refusal no_cache = {503, "invalid_request_error", "cache_not_configured",
                                        "No cache is configured: set litellm_settings.cache: true.", NULL},
                            no_keys = {400, "invalid_request_error", "invalid_type",
                                       "Send {\"keys\": [...]} with values of the header x-litellm-cache-key.", NULL},
                            no_memory = {503, "server_error", "out_of_memory", "Out of memory.", NULL};

static void add_count(const struct cache *c, enum cache_status status, struct container in)
{
    document_add_count(in, cache_status_name(status), (int64_t)c->counts[status]);
}

static void describe_semantic(const struct cache *c, struct container in)
{
    const struct semantic *s = &c->semantic;
    document_add_text(in, "mode", c->settings->semantic_serves ? "serve" : "shadow");
    document_add_count(in, "served", (int64_t)c->similar);
    document_add_count(in, "questions", s->count);
    struct container bands = document_add_array(in, "bands");
    for (unsigned i = 0; i < SEMANTIC_BANDS; i++) {
        struct container band = document_add_object(bands, NULL);
        document_add_fixed(band, "from", semantic_band_from(i), 2);
        document_add_count(band, "pairs", (int64_t)s->bands[i].pairs);
        document_add_count(band, "agreed", (int64_t)s->bands[i].agreed);
        document_add_count(band, "guarded", (int64_t)s->bands[i].guarded);
        document_add_count(band, "guarded_agreed", (int64_t)s->bands[i].guarded_agreed);
    }
}

static const struct refusal *ping(const struct cache *c, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "status", "healthy");
    const char *remote = c->remote.state ? c->remote.state(c->remote.of) : NULL;
    document_add_text(root, "cache_type", remote ? "redis" : "local");
    document_add_bool(root, "ping_response", !remote || strcmp(remote, "up") == 0);
    if (remote)
        document_add_text(root, "redis", remote);
    document_add_text(root, "set_cache_response", "success");
    document_add_count(root, "entries", (int64_t)c->store.entries);
    document_add_count(root, "bytes", (int64_t)c->store.bytes);
    document_add_count(root, "max_bytes", (int64_t)c->store.max_bytes);
    document_add_count(root, "evicted", (int64_t)c->store.evicted);
    document_add_count(root, "waiting", c->waiting);
    document_add_count(root, "detached", c->detached);
    struct container requests = document_add_object(root, "requests");
    for (enum cache_status s = 0; s < CACHE_STATUSES; s++)
        add_count(c, s, requests);
    if (c->settings->embedding_model)
        describe_semantic(c, document_add_object(root, "semantic"));
    document_add_number(root, "saved_usd", c->saved_usd, 9);
    return document_print(&d, out) ? NULL : &no_memory;
}

static const struct refusal *done(struct buf *out, int64_t deleted)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "status", "success");
    document_add_count(root, "deleted", deleted);
    return document_print(&d, out) ? NULL : &no_memory;
}

static const struct refusal *delete(const struct answers *a, struct slice body, struct buf *out)
{
    struct cache *c = a->cache;
    struct json j = {0};
    unsigned char key[CACHE_KEY_SIZE];
    int64_t deleted = 0;
    uint32_t keys = json_parse(&j, body.ptr, body.len) ? json_get(&j, 0, "keys") : JSON_NONE;
    bool listed = json_is(&j, keys, JSON_ARRAY);
    for (uint32_t n = listed ? json_first(&j, keys) : JSON_NONE; n; n = json_next(&j, n)) {
        if (!cache_key_read(json_inner(&j, n), key))
            continue;
        deleted += store_delete(&c->store, key);
        if (a->share)
            share_delete(a->share, key);
        if (c->remote.remove)
            c->remote.remove(c->remote.of, key);
    }
    json_free(&j);
    return listed ? done(out, deleted) : &no_keys;
}

static const struct refusal *flush(const struct answers *a, struct buf *out)
{
    struct cache *c = a->cache;
    int64_t entries = (int64_t)c->store.entries;
    cache_flush(c);
    if (a->share)
        share_request(a->share, SHARE_FLUSH);
    if (c->remote.flush)
        c->remote.flush(c->remote.of);
    return done(out, entries);
}

const struct refusal *answers_cache(const struct answers *a, enum endpoint endpoint, struct slice body, struct buf *out)
{
    if (!a->cache)
        return &no_cache;
    switch (endpoint) {
    case ENDPOINT_CACHE_DELETE: return delete(a, body, out);
    case ENDPOINT_CACHE_FLUSH: return flush(a, out);
    default: return ping(a->cache, out);
    }
}
