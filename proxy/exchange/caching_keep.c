/* loop: the reply that the cache keeps: read along with the client's. */
#include "proxy/exchange/caching.h"

#include "common/clock.h"

#include <event2/event.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void caching_watch(struct attempt *a, bool event_stream)
{
    const struct request *r = a->request;
    if (!r->caching || !r->caching->keyed)
        return;
    bool bridged = a->body.wire & WIRES_BRIDGED;
    a->recorder = relay_new(&(struct relay_options){
        .client_wire = bridged ? WIRE_CHAT : a->body.wire,
        .upstream_wire = a->body.wire,
        .upstream_stream = event_stream,
        .rewritten = bridged,
        .alias = r->model_request.model,
        .response_id = r->id,
        .created_s = r->started_unix_ms / 1000,
        .source = &a->source,
        .prompt_bytes = r->model_request.prompt_bytes,
        .bodies = r->shared->bodies,
    });
}

void caching_feed(struct attempt *a, struct slice bytes)
{
    struct slice send;
    if (!a->recorder || a->recorded.ptr)
        return;
    enum relay_state state = relay_feed(a->recorder, bytes, &send);
    if (state == RELAY_DONE) {
        a->recorded = send;
    } else if (state == RELAY_FAILED) {
        relay_free(a->recorder);
        a->recorder = NULL;
    }
}

static const char *forbid_store(const struct attempt *a)
{
    const struct request *r = a->request;
    struct relay_content content = a->recorder ? relay_content(a->recorder) : (struct relay_content){.text = true};
    return rules_forbid_store(&(struct cache_answer){
        .failed = !a->recorded.len,
        .length = a->recorder && relay_incomplete(a->recorder),
        .calls = content.calls || content.other,
        .refused = content.refusal,
        .empty = !content.text,
        .estimated = a->recorder && relay_usage(a->recorder).estimated,
        .fallback = request_is_fallback(r, a->deployment),
        .other = strcmp(a->deployment->model, r->caching->model) != 0,
        .large = a->recorded.len > STORE_ENTRY_MAX,
        .not_wanted = r->caching->controls.no_store,
    });
}

void caching_complete(struct attempt *a)
{
    struct request *r = a->request;
    struct caching *c = r->caching;
    if (!c || !c->keyed)
        return;
    if (a->recorder && !a->recorded.ptr && relay_end(a->recorder, &a->recorded) != RELAY_DONE)
        a->recorded = (struct slice){NULL, 0};
    struct cache *cache = cache_of(r);
    const char *why = forbid_store(a);
    struct usage usage = relay_usage(a->relay);
    double usd = spending_cost(a->deployment, &usage);
    uint64_t ttl_ms = c->controls.ttl_s >= 0 ? (uint64_t)c->controls.ttl_s * 1000 : (uint64_t)cache->settings->ttl_ms;
    if (!why && ttl_ms && cache_put(cache, c->key, a->recorded, usd, ttl_ms, clock_monotonic_ms(), clock_unix_ms()))
        c->status = CACHE_STORED, caching_answer_shadow(r, a->recorded);
    else if (!c->reason)
        c->reason = why ? why : "memory";
    caching_share(r, why ? (struct slice){NULL, 0} : a->recorded, usd);
}

void caching_gives(struct request *r)
{
    const struct caching *c = r->caching;
    if (c && c->keyed && r->client && r->model_request.named)
        client_set_ticket(r->client, recent_add(&cache_of(r)->recent, c->key, r->model_request.conversation,
                                                clock_monotonic_ms()));
}
