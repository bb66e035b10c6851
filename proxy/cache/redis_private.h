/* redis_private: loop. The connection to Redis, for redis.c, which looks up and stores, and redis_connect.c, which
 * connects. */
#ifndef POINTSMAN_CACHE_REDIS_PRIVATE_H
#define POINTSMAN_CACHE_REDIS_PRIVATE_H

#include "proxy/cache/redis.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#define REDIS_NAME_MAX 256 /* bytes of a name */

enum redis_state { REDIS_RESOLVING, REDIS_CONNECTING, REDIS_UP, REDIS_DOWN };

struct redis {
    struct event_base *base;
    const struct redis_settings *settings;
    char prefix[REDIS_NAME_MAX - 2 * CACHE_KEY_SIZE - 1]; /* of all names */
    enum redis_state state;
    redisAsyncContext *context; /* NULL: no connection */
    struct event *timer;        /* time limit of a step, or the wait before the next one */
    struct event *readable, *writable;
    struct redis_name *name; /* the host name being resolved; NULL: none */
    char address[64];        /* numeric IP address */
    unsigned tries;          /* connection attempts since it was UP */
    unsigned silent;         /* lookups in a row without an answer in time */
    bool failing;            /* the outage has been logged */
    bool closing;
};

/* Sends a command in hiredis's format. `fn` gets the reply and `ctx`; NULL: no one does. false: out of memory; `fn` is
 * not called, and the connection may be lost. */
MUST_CHECK bool redis_send(struct redis *r, redisCallbackFn *fn, void *ctx, const char *format, ...);
/* Begins to connect, from DOWN. */
void redis_connect(struct redis *r);
/* Closes the connection, and connects again after a wait. Logs `why`, once per outage. */
void redis_lose(struct redis *r, const char *why);

#endif
