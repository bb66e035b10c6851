/* redis: loop. Stores answers in Redis, over one connection. It fails open: any failure is a miss.
 *
 *   RESOLVING ──▶ CONNECTING ──▶ UP ──lost, or silent three times──▶ DOWN ──wait──▶ RESOLVING
 *
 * Values are looked up and stored only in state UP. The waits double up to 5 s; the proxy never gives up. */
#ifndef POINTSMAN_CACHE_REDIS_H
#define POINTSMAN_CACHE_REDIS_H

#include "proxy/cache/canonical.h"
#include "proxy/config/config.h"

struct event;
struct event_base;
struct redis;
struct redis_question;

/* A lookup, embedded in the caller's struct. Zeroed before its first use. */
struct redis_lookup {
    /* `value`: the bytes that redis_put() stored, valid until this function returns; ptr NULL: none, or not in time.
     * Called once, from the loop. */
    void (*done)(struct redis_lookup *l, struct slice value);
    void *owner;
    struct redis_question *question; /* NULL: not in progress */
};

/* Begins to connect. The settings must outlive it. `namespace`: part of all names; NULL: none. NULL: out of memory. */
struct redis *redis_new(struct event_base *base, const struct redis_settings *settings, const char *namespace);
/* No lookup may be in progress. NULL is allowed. */
void redis_free(struct redis *r);
/* Begins to look up a name (CACHE_KEY_SIZE bytes). l->done must be set. false: not connected, or out of memory; l->done
 * is not called. */
MUST_CHECK bool redis_get(struct redis *r, const unsigned char *name, struct redis_lookup *l);
/* Ends a lookup: l->done is not called. Does nothing if it is not in progress. */
void redis_forget(struct redis_lookup *l);
/* Stores a value for `ttl_ms`. The result is not reported. */
void redis_put(struct redis *r, const unsigned char *name, struct slice value, int64_t ttl_ms);
void redis_delete(struct redis *r, const unsigned char *name);
/* Begins to delete all names of this namespace, some hundreds at a time. The result is not reported. */
void redis_flush(struct redis *r);
/* Returns "up", "connecting" or "down". */
const char *redis_state(const struct redis *r);

#endif
