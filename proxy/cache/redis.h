/* redis: loop. Answers in Redis, over one connection. It fails open: whatever goes wrong is a miss.
 *
 *   RESOLVING ──▶ CONNECTING ──▶ UP ──lost, or silent three times──▶ DOWN ──wait──▶ RESOLVING
 *
 * Only while it is UP is anything asked or kept. The waits double up to 5 s, without an end. */
#ifndef POINTSMAN_CACHE_REDIS_H
#define POINTSMAN_CACHE_REDIS_H

#include "proxy/cache/canonical.h"
#include "proxy/config/config.h"

struct event;
struct event_base;
struct redis;
struct redis_question;

/* A question in progress; the asker's. Zeroed before its first use. */
struct redis_lookup {
    /* The answer, as it was put; ptr NULL: none, or not in time. The value is valid until it returns. Called once, from
     * the loop. */
    void (*done)(struct redis_lookup *l, struct slice value);
    void *owner;
    struct redis_question *question; /* NULL: none in progress */
};

/* Begins to connect. The settings must outlive it. NULL: out of memory. */
struct redis *redis_new(struct event_base *base, const struct redis_settings *settings, const char *namespace);
/* No lookup may be in progress. NULL is allowed. */
void redis_free(struct redis *r);
/* Asks for a name (CACHE_KEY_SIZE bytes). false: not connected, or out of memory; `done` is not called. */
MUST_CHECK bool redis_get(struct redis *r, const unsigned char *name, struct redis_lookup *l);
/* `done` is not called any more. Does nothing if no question is in progress. */
void redis_forget(struct redis_lookup *l);
/* Keeps a value for so many ms. Nothing tells whether it worked. */
void redis_put(struct redis *r, const unsigned char *name, struct slice value, int64_t ttl_ms);
void redis_delete(struct redis *r, const unsigned char *name);
/* Deletes all names of this namespace, a few at a time. */
void redis_flush(struct redis *r);
/* Returns "up", "connecting" or "down". */
const char *redis_state(const struct redis *r);

#endif
