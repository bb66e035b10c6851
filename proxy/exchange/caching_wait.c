/* loop: a request that waits for the cache: for Redis, for an equal request, or for a vector. */
#include "proxy/exchange/caching.h"

#include "common/clock.h"

#include <event2/event.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void on_wake(struct follower *f)
{
    struct request *r = f->owner;
    event_active(r->caching->wake, EV_TIMEOUT, 0);
}

bool caching_make_wake(struct request *r, void (*woken)(evutil_socket_t, short, void *))
{
    struct caching *c = r->caching;
    if (!c->wake)
        c->wake = evtimer_new(r->shared->base, woken, r);
    return c->wake != NULL;
}

/* What Redis has for the key. Anything that is not ours is nothing. */
static void on_value(struct redis_lookup *l, struct slice value)
{
    struct request *r = l->owner;
    struct caching *c = r->caching;
    int64_t now = clock_unix_ms();
    c->looked = true;
    c->found = value.ptr && cache_open(cache_of(r), c->key, value, clock_monotonic_ms(), now, &c->opened, &c->answer);
    int64_t age_s = c->found && now > c->answer.stored_ms ? (now - c->answer.stored_ms) / 1000 : 0;
    if (c->found && c->controls.max_age_s >= 0 && age_s > c->controls.max_age_s) {
        c->fwd = "stale";
        c->found = false;
    }
    if (c->found) {
        c->age_s = age_s;
        c->ttl_s = (c->answer.expires_ms - now) / 1000;
    }
    event_active(c->wake, EV_TIMEOUT, 0);
}

bool caching_ask(struct request *r, void (*woken)(evutil_socket_t, short, void *))
{
    struct caching *c = r->caching;
    if (!r->shared->redis || !caching_make_wake(r, woken))
        return false;
    buf_init(&c->opened, STORE_ENTRY_MAX + SEAL_OVERHEAD);
    c->lookup = (struct redis_lookup){.done = on_value, .owner = r};
    return redis_get(r->shared->redis, c->key, &c->lookup);
}

bool caching_join(struct request *r, void (*woken)(evutil_socket_t, short, void *))
{
    struct caching *c = r->caching;
    struct flights *all = &cache_of(r)->flights;
    struct flight *flight = flights_find(all, c->key);
    if (!flight) {
        c->leads = flights_begin(all, c->key, r);
        return false;
    }
    if (!caching_make_wake(r, woken))
        return false;
    c->follower.owner = r;
    c->follower.wake = on_wake;
    flight_follow(flight, &c->follower);
    cache_of(r)->waiting++;
    return true;
}

void caching_stop_waiting(struct request *r)
{
    struct caching *c = r->caching;
    cache_of(r)->waiting -= c->follower.flight != NULL;
    flight_leave(&c->follower);
    redis_forget(&c->lookup);
    caching_cancel_embedding(r);
}

/* The equal request is done. */
static bool landed_flight(struct request *r, const struct flight *flight, struct slice *send)
{
    struct slice answer = buf_slice(&flight->answer);
    bool ok = answer.len && caching_replay(r, answer, flight->saved_usd, CACHE_COLLAPSED, send);
    r->caching->similarity = ok ? flight->similarity : NAN;
    caching_stop_waiting(r);
    return ok;
}

enum caching_found caching_landed(struct request *r, void (*woken)(evutil_socket_t, short, void *), struct slice *send)
{
    struct caching *c = r->caching;
    if (c->follower.flight)
        return landed_flight(r, c->follower.flight, send) ? CACHING_HIT : CACHING_NONE;
    if (c->shadow && c->shadow->asked)
        return caching_landed_similar(r, send) ? CACHING_HIT : CACHING_NONE;
    if (c->found && caching_replay(r, c->answer.text, c->answer.saved_usd, CACHE_HIT, send)) {
        caching_share(r, c->answer.text, c->answer.saved_usd);
        return CACHING_HIT;
    }
    return c->looked && caching_ask_similar(r, woken) ? CACHING_WAITS : CACHING_NONE;
}

void caching_share(struct request *r, struct slice answer, double saved_usd)
{
    struct caching *c = r->caching;
    if (c->leads) {
        c->leads->similarity = c->similarity;
        flight_land(&cache_of(r)->flights, c->leads, answer, saved_usd);
    }
    c->leads = NULL;
}

struct request *caching_leave(struct request *r)
{
    struct flight *flight = r->caching ? r->caching->follower.flight : NULL;
    struct request *leader = flight ? flight->leader : NULL;
    if (!flight)
        return NULL;
    caching_stop_waiting(r);
    return leader && leader->caching->detached && !flight->followers ? leader : NULL;
}

bool caching_goes_on(struct request *r)
{
    struct caching *c = r->caching;
    if (!c || !c->leads || !c->leads->followers || !r->client)
        return false;
    client_give_body(r->client, &c->body, &c->held);
    c->detached = true;
    cache_of(r)->detached++;
    return true;
}

bool caching_detached(const struct request *r)
{
    return r->caching && r->caching->detached;
}

struct slice caching_body(const struct request *r)
{
    return r->caching ? buf_slice(&r->caching->body) : (struct slice){NULL, 0};
}
