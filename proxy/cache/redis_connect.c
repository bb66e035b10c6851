/* loop: connects to Redis, again and again. */
#include "proxy/cache/redis_memory.h"
#include "proxy/cache/redis_private.h"

#include "common/log.h"
#include "common/url.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_WAIT_MS 100
#define MOST_WAIT_MS 5000
#define CONNECT_MS 2000 /* for connection and greeting */
#define RESOLVE_POLL_MS 20
#define RESOLVE_POLLS 500 /* 10 s */

/* A name for the system's resolver, which runs in a thread of the C library. */
struct redis_name {
    struct gaicb question;
    struct gaicb *list[1];
    char host[256];
    unsigned polls;
};

static void set_timer(struct redis *r, int ms)
{
    struct timeval delay = {ms / 1000, ms % 1000 * 1000};
    (void)evtimer_add(r->timer, &delay); /* out of memory: Redis stays down */
}

static void free_name(struct redis *r)
{
    struct redis_name *n = r->name;
    r->name = NULL;
    if (!n)
        return;
    if (gai_cancel(&n->question) == EAI_NOTCANCELED)
        return; /* the resolver's thread still writes to it */
    if (n->question.ar_result)
        freeaddrinfo(n->question.ar_result);
    free(n);
}

static void go_down(struct redis *r, const char *why)
{
    unsigned shift = r->tries < 6 ? r->tries : 6;
    int wait_ms = FIRST_WAIT_MS << shift;
    if (r->closing)
        return;
    if (!r->failing)
        log_warning("Redis %s:%u: %s: replies are cached in memory only", r->settings->host, r->settings->port, why);
    r->failing = true;
    r->state = REDIS_DOWN;
    r->silent = 0;
    r->tries++;
    set_timer(r, wait_ms < MOST_WAIT_MS ? wait_ms : MOST_WAIT_MS);
}

void redis_lose(struct redis *r, const char *why)
{
    redisAsyncContext *context = r->context;
    char reason[128]; /* `why` may be of the context */
    (void)snprintf(reason, sizeof reason, "%s", why);
    r->context = NULL;
    if (context)
        redisAsyncFree(context); /* answers all that waits with nothing */
    go_down(r, reason);
}

/* hiredis 0.14 does not notice if there is no memory for the callback or for the command: the replies would then go to
 * other callbacks, or find none, and it would abort. So the list of callbacks and the error are checked here. */
bool redis_send(struct redis *r, redisCallbackFn *fn, void *ctx, const char *format, ...)
{
    redisAsyncContext *c = r->context;
    const redisCallback *last = c->replies.tail;
    va_list arguments;
    if (!redis_memory_reserve())
        return false;
    va_start(arguments, format);
    bool formatted = redisvAsyncCommand(c, fn, ctx, format, arguments) == REDIS_OK;
    va_end(arguments);
    bool queued = c->replies.tail != last;
    if (formatted && queued && !c->c.err)
        return true;
    if (queued)
        c->replies.tail->fn = NULL;
    if (formatted || queued)
        redis_lose(r, "out of memory");
    return false;
}

static void on_connected(const redisAsyncContext *context, int status)
{
    struct redis *r = context->data;
    if (status == REDIS_OK || r->context != context)
        return;
    r->context = NULL; /* hiredis frees it */
    go_down(r, context->errstr && *context->errstr ? context->errstr : "can't connect");
}

static void on_disconnected(const redisAsyncContext *context, int status)
{
    struct redis *r = context->data;
    (void)status;
    if (r->context != context)
        return;
    r->context = NULL;
    go_down(r, context->errstr && *context->errstr ? context->errstr : "connection lost");
}

/* The answer to AUTH and SELECT. */
static void on_accepted(redisAsyncContext *context, void *reply, void *ctx)
{
    struct redis *r = context->data;
    const redisReply *answer = reply;
    (void)ctx;
    if (r->context == context && answer && answer->type == REDIS_REPLY_ERROR)
        redis_lose(r, answer->str);
}

static void on_greeted(redisAsyncContext *context, void *reply, void *ctx)
{
    struct redis *r = context->data;
    const redisReply *answer = reply;
    (void)ctx;
    if (r->context != context || !answer)
        return;
    if (answer->type != REDIS_REPLY_STATUS) {
        redis_lose(r, answer->type == REDIS_REPLY_ERROR ? answer->str : "an unexpected answer");
        return;
    }
    (void)evtimer_del(r->timer);
    if (r->failing)
        log_info("Redis %s:%u: connected again", r->settings->host, r->settings->port);
    r->failing = false;
    r->state = REDIS_UP;
    r->tries = r->silent = 0;
}

/* Events for hiredis: the functions that its contexts call. */

static void on_event(evutil_socket_t fd, short what, void *ctx)
{
    struct redis *r = ctx;
    (void)fd;
    if (r->context && (what & EV_READ))
        redisAsyncHandleRead(r->context);
    else if (r->context && (what & EV_WRITE))
        redisAsyncHandleWrite(r->context);
}

static void add_event(struct event *e)
{
    if (e)
        (void)event_add(e, NULL);
}

static void delete_event(struct event *e)
{
    if (e)
        (void)event_del(e);
}

static void add_read(void *ctx)
{
    add_event(((struct redis *)ctx)->readable);
}

static void delete_read(void *ctx)
{
    delete_event(((struct redis *)ctx)->readable);
}

static void add_write(void *ctx)
{
    add_event(((struct redis *)ctx)->writable);
}

static void delete_write(void *ctx)
{
    delete_event(((struct redis *)ctx)->writable);
}

static void free_events(void *ctx)
{
    struct redis *r = ctx;
    if (r->readable)
        event_free(r->readable);
    if (r->writable)
        event_free(r->writable);
    r->readable = r->writable = NULL;
}

static bool attach(struct redis *r)
{
    redisAsyncContext *c = r->context;
    c->data = r;
    r->readable = event_new(r->base, c->c.fd, EV_READ | EV_PERSIST, on_event, r);
    r->writable = event_new(r->base, c->c.fd, EV_WRITE | EV_PERSIST, on_event, r);
    c->ev.data = r;
    c->ev.addRead = add_read;
    c->ev.delRead = delete_read;
    c->ev.addWrite = add_write;
    c->ev.delWrite = delete_write;
    c->ev.cleanup = free_events;
    return r->readable && r->writable && redisAsyncSetConnectCallback(c, on_connected) == REDIS_OK &&
           redisAsyncSetDisconnectCallback(c, on_disconnected) == REDIS_OK;
}

static bool greet(struct redis *r)
{
    const struct redis_settings *s = r->settings;
    if (s->password && s->username && !redis_send(r, on_accepted, NULL, "AUTH %s %s", s->username, s->password))
        return false;
    if (s->password && !s->username && !redis_send(r, on_accepted, NULL, "AUTH %s", s->password))
        return false;
    if (s->db && !redis_send(r, on_accepted, NULL, "SELECT %u", s->db))
        return false;
    return redis_send(r, on_greeted, NULL, "PING");
}

/* Connects to r->address. */
static void call(struct redis *r)
{
    if (!redis_memory_reserve()) {
        go_down(r, "out of memory");
        return;
    }
    r->state = REDIS_CONNECTING;
    set_timer(r, CONNECT_MS);
    r->context = redisAsyncConnect(r->address, (int)r->settings->port);
    bool called = r->context && !r->context->err && attach(r) && greet(r);
    if (!called && r->state == REDIS_CONNECTING) /* else it is lost already */
        redis_lose(r, r->context && r->context->err ? r->context->errstr : "can't connect");
}

static void begin_to_resolve(struct redis *r)
{
    struct redis_name *n = calloc(1, sizeof *n);
    r->name = n;
    r->state = REDIS_RESOLVING;
    if (n) {
        (void)snprintf(n->host, sizeof n->host, "%s", r->settings->host);
        n->question.ar_name = n->host;
        n->list[0] = &n->question;
    }
    if (n && getaddrinfo_a(GAI_NOWAIT, n->list, 1, NULL) == 0) {
        set_timer(r, RESOLVE_POLL_MS);
        return;
    }
    free(n);
    r->name = NULL;
    go_down(r, "out of memory");
}

static void on_resolving(struct redis *r)
{
    struct redis_name *n = r->name;
    int state = gai_error(&n->question);
    if (state == EAI_INPROGRESS && ++n->polls < RESOLVE_POLLS) {
        set_timer(r, RESOLVE_POLL_MS);
        return;
    }
    const struct addrinfo *found = state == 0 ? n->question.ar_result : NULL;
    bool ok = found && getnameinfo(found->ai_addr, found->ai_addrlen, r->address, sizeof r->address, NULL, 0,
                                   NI_NUMERICHOST) == 0;
    free_name(r);
    if (ok)
        call(r);
    else
        go_down(r, state == EAI_INPROGRESS ? "the name server does not answer" : gai_strerror(state));
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct redis *r = ctx;
    (void)fd, (void)what;
    switch (r->state) {
    case REDIS_RESOLVING: on_resolving(r); break;
    case REDIS_CONNECTING: redis_lose(r, "no answer"); break;
    case REDIS_DOWN: redis_connect(r); break;
    case REDIS_UP: break;
    }
}

void redis_connect(struct redis *r)
{
    struct slice host = slice_of(r->settings->host);
    struct url_address own[URL_LOOPBACK_MAX];
    unsigned char bytes[16];
    if (url_loopback(host, own)) {
        (void)inet_ntop(own[0].family == 4 ? AF_INET : AF_INET6, own[0].bytes, r->address, sizeof r->address);
        call(r);
    } else if (host.len < sizeof r->address &&
               (inet_pton(AF_INET, host.ptr, bytes) == 1 || inet_pton(AF_INET6, host.ptr, bytes) == 1)) {
        (void)snprintf(r->address, sizeof r->address, "%s", host.ptr);
        call(r);
    } else {
        begin_to_resolve(r);
    }
}

struct redis *redis_new(struct event_base *base, const struct redis_settings *settings, const char *namespace)
{
    struct redis *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct redis){.base = base, .settings = settings, .state = REDIS_DOWN};
    (void)snprintf(r->prefix, sizeof r->prefix, "%.128s%spointsman:cache:", namespace ? namespace : "",
                   namespace ? ":" : "");
    for (char *c = r->prefix; *c; c++)
        *c = strchr("*?[]\\", *c) ? '_' : *c; /* SCAN takes a pattern; the names have the namespace in their hash */
    r->timer = evtimer_new(base, on_timer, r);
    if (r->timer) {
        redis_connect(r);
        return r;
    }
    free(r);
    return NULL;
}

void redis_free(struct redis *r)
{
    if (!r)
        return;
    r->closing = true;
    redisAsyncContext *context = r->context;
    r->context = NULL;
    if (context)
        redisAsyncFree(context);
    free_name(r);
    event_free(r->timer);
    free(r);
}
