/* loop: a request and the cache of replies: what is looked up, what waits for an equal request, what is kept. */
#include "proxy/exchange/caching.h"

#include "common/clock.h"
#include "proxy/exchange/sharing.h"

#include <event2/event.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the first deployment of the plan keeps a response unless `store` is false. */
static bool upstream_keeps(const struct request *r)
{
    const struct deployment *d = r->plan.attempts[0];
    return d->provider->kind == PROVIDER_HTTP && (d->wires & WIRE_RESPONSES);
}

/* Sets the key from the whole body. Returns why there is none; NULL: it is set. */
static const char *make_key(struct request *r, struct caching *c)
{
    const struct cache *cache = cache_of(r);
    struct json whole = {0};
    struct canonical form;
    struct slice body = client_body(r->client);
    if (body.len > CANONICAL_MAX)
        return "size";
    const char *why = json_parse(&whole, body.ptr, body.len) ? rules_forbid_items(&whole, r->model_request.wire)
                                                             : "memory";
    if (!why) {
        struct canonical_scope scope = {admit_key(client_head(r->client)),
                                        cache->configuration,
                                        slice_of(c->model),
                                        {slice_of(cache->settings->namespace), c->controls.namespace},
                                        r->model_request.wire};
        why = canonical_make(&form, &whole, r->model_request.wire, JSON_NONE);
        if (!why)
            canonical_key(&form, &scope, cache->secret, c->key);
        canonical_free(&form);
        if (!why && cache->settings->embedding_model && (r->model_request.wire & WIRES_BRIDGED))
            caching_prepare_shadow(r, &whole, &scope);
    }
    json_free(&whole);
    return why;
}

static bool make(struct request *r)
{
    struct caching *c = calloc(1, sizeof *c);
    struct slice field = r->model_request.cache ? json_raw(&r->model_request.top, r->model_request.cache)
                                                : (struct slice){NULL, 0};
    if (!c)
        return false;
    r->caching = c;
    c->saved_usd = c->similarity = NAN;
    c->age_s = c->ttl_s = -1;
    c->fwd = "miss";
    c->tier = r->shared->redis ? "redis" : "memory";
    c->model = r->plan.attempts[0]->model;
    controls_read(field, http_field(client_head(r->client), "cache-control"), &c->controls);
    struct cache_query query = {&r->model_request.top, r->model_request.wire, cache_of(r)->settings, &c->controls,
                                upstream_keeps(r)};
    c->reason = rules_forbid_lookup(&query);
    if (!c->reason)
        c->reason = make_key(r, c);
    c->keyed = !c->reason;
    c->status = c->keyed ? CACHE_MISS : CACHE_BYPASS;
    c->fwd = c->keyed ? "miss" : "bypass";
    return c->keyed;
}

/* Returns whether a cacheable request gets a new answer. */
static bool wants_new(const struct request *r, struct caching *c)
{
    const struct cache *cache = cache_of(r);
    if (c->controls.no_cache) {
        c->fwd = "request";
    } else if (r->model_request.named && cache->settings->again_ms && r->model_request.wire != WIRE_EMBEDDINGS &&
               recent_is_again(&cache->recent, c->key, r->model_request.conversation, clock_monotonic_ms(),
                               (uint64_t)cache->settings->again_ms)) {
        c->fwd = "bypass";
        c->reason = "again";
    } else {
        return false;
    }
    return true;
}

const struct cache_entry *caching_find(struct request *r, const unsigned char *key)
{
    struct caching *c = r->caching;
    uint64_t now = clock_monotonic_ms();
    bool stale;
    const struct cache_entry *e = store_get(&cache_of(r)->store, key, now, &stale);
    if (stale)
        c->fwd = "stale";
    if (!e)
        return NULL;
    c->age_s = (int64_t)((now - e->stored_ms) / 1000);
    c->ttl_s = (int64_t)((e->expires_ms - now) / 1000);
    if (c->controls.max_age_s < 0 || c->age_s <= c->controls.max_age_s)
        return e;
    c->fwd = "stale";
    c->age_s = c->ttl_s = -1;
    return NULL;
}

/* Feeds a Completions reply with an id and a time of its own. */
static enum relay_state feed_completion(struct request *r, struct slice text, struct slice *send)
{
    struct json j = {0};
    char id[sizeof "\"cmpl-\"" + REQUEST_ID_LEN], created[24];
    const struct {
        const char *name, *value;
    } own[] = {{"id", id}, {"created", created}};
    enum relay_state state = json_parse_top(&j, text.ptr, text.len) ? RELAY_HOLD : RELAY_FAILED;
    (void)snprintf(id, sizeof id, "\"cmpl-%s\"", r->id);
    (void)snprintf(created, sizeof created, "%lld", (long long)(r->started_unix_ms / 1000));
    for (uint32_t key = json_first(&j, 0); key && state == RELAY_HOLD; key = json_next(&j, key)) {
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            struct slice value = json_raw(&j, json_value(key));
            if (!json_string_is(&j, key, own[i].name))
                continue;
            state = relay_feed(r->attempt->relay, (struct slice){text.ptr, (size_t)(value.ptr - text.ptr)}, send);
            if (state == RELAY_HOLD)
                state = relay_feed(r->attempt->relay, slice_of(own[i].value), send);
            text.len -= (size_t)(value.ptr + value.len - text.ptr);
            text.ptr = value.ptr + value.len;
        }
    }
    json_free(&j);
    return state == RELAY_HOLD ? relay_feed(r->attempt->relay, text, send) : state;
}

bool caching_replay(struct request *r, struct slice text, double saved_usd, enum cache_status how, struct slice *send)
{
    struct attempt *a = r->attempt;
    struct failure failure;
    enum wire wire = r->model_request.wire;
    bool bridged = wire & WIRES_BRIDGED;
    enum relay_state state = RELAY_FAILED;
    if (bridged && !model_request_decode(&r->model_request, request_body(r), &failure))
        return false;
    a->relay = relay_new(&(struct relay_options){
        .client_wire = wire,
        .upstream_wire = bridged ? WIRE_CHAT : wire,
        .client_stream = r->model_request.stream,
        .rewritten = bridged,
        .turn = r->model_request.turn,
        .alias = r->model_request.model,
        .response_id = r->id,
        .created_s = r->started_unix_ms / 1000,
        .prompt_bytes = r->model_request.prompt_bytes,
        .bodies = r->shared->bodies,
    });
    if (a->relay)
        state = wire == WIRE_COMPLETIONS ? feed_completion(r, text, send) : relay_feed(a->relay, text, send);
    if (state == RELAY_HOLD)
        state = relay_end(a->relay, send);
    if (state == RELAY_DONE) {
        r->caching->status = how;
        r->caching->saved_usd = saved_usd;
        a->first_content_ms = clock_monotonic_ms();
        return true;
    }
    relay_free(a->relay);
    a->relay = NULL;
    return false;
}

enum caching_found caching_look(struct request *r, void (*woken)(evutil_socket_t, short, void *), struct slice *send)
{
    sharing_flush(r->shared);
    if (!make(r))
        return CACHING_NONE;
    struct caching *c = r->caching;
    if (wants_new(r, c))
        return CACHING_NONE;
    const struct cache_entry *e = caching_find(r, c->key);
    if (e) {
        c->tier = "memory";
        if (caching_replay(r, (struct slice){e->text, e->len}, e->saved_usd, CACHE_HIT, send))
            return CACHING_HIT;
    }
    return caching_join(r, woken) || caching_ask(r, woken) || caching_ask_similar(r, woken) ? CACHING_WAITS
                                                                                            : CACHING_NONE;
}

void caching_end(struct request *r)
{
    struct caching *c = r->caching;
    if (!c)
        return;
    cache_of(r)->counts[c->status]++;
    if (isfinite(c->saved_usd))
        cache_of(r)->saved_usd += c->saved_usd;
    cache_of(r)->similar += isfinite(c->similarity);
    caching_share(r, (struct slice){NULL, 0}, NAN);
    caching_stop_waiting(r);
    cache_of(r)->detached -= c->detached;
}

void caching_free(struct request *r)
{
    struct caching *c = r->caching;
    if (!c)
        return;
    if (c->wake)
        event_free(c->wake);
    buf_free(&c->body);
    caching_free_shadow(r);
    buf_free(&c->opened);
    ceiling_release(&c->held);
    free(c);
}

bool caching_answered(const struct request *r)
{
    return r->caching && (r->caching->status == CACHE_HIT || r->caching->status == CACHE_COLLAPSED);
}

/* Cache-Status (RFC 9211). Of a stream it is not known yet whether it will be kept. */
static void add_status(const struct caching *c, struct buf *out)
{
    BUF_ADD(out, "Cache-Status: pointsman; ");
    if (c->status == CACHE_HIT)
        buf_add_format(out, "hit; ttl=%lld", (long long)c->ttl_s);
    else
        buf_add_format(out, "fwd=%s%s", c->fwd,
                       c->status == CACHE_STORED      ? "; stored"
                       : c->status == CACHE_COLLAPSED ? "; collapsed"
                                                      : "");
    if (c->reason)
        buf_add_format(out, "; detail=%s", c->reason);
    if (isfinite(c->similarity))
        buf_add_format(out, "; detail=semantic\r\nx-litellm-semantic-similarity: %.4f", c->similarity);
    BUF_ADD(out, "\r\n");
}

void caching_fields(const struct request *r, struct buf *out)
{
    const struct caching *c = r->caching;
    char key[2 * CACHE_KEY_SIZE + 1];
    add_status(c, out);
    if (!c->keyed)
        return;
    cache_key_text(c->key, key);
    buf_add_format(out, "x-litellm-cache-key: %s\r\n", key);
}

struct journal_cache caching_journal(const struct request *r)
{
    const struct caching *c = r->caching;
    struct journal_cache entry = {.tier = isfinite(c->similarity) ? "semantic" : c->tier,
                                  .status = cache_status_name(c->status),
                                  .reason = c->reason,
                                  .age_s = c->age_s,
                                  .saved_usd = c->saved_usd,
                                  .similarity = NAN};
    caching_journal_shadow(r, &entry);
    return entry;
}
