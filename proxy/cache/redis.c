/* loop: asks Redis for answers, and has it keep some. */
#include "proxy/cache/redis_private.h"

#include "proxy/cache/cache.h"
#include "proxy/cache/seal.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define SILENT_MAX 3           /* questions in a row without an answer in time: the connection is given up */
#define WAITING_MAX (8u << 20) /* bytes to be sent; above, nothing more is kept */
#define READ_MAX (4u << 20)    /* bytes of an unfinished reply: more than any answer of ours has */
#define FLUSH_STEP "500"

/* Outlives the asker: Redis answers in order, and late. */
struct redis_question {
    struct redis *redis;
    struct redis_lookup *lookup; /* NULL: nobody wants the answer */
    struct event *limit;
};

static void write_name(const struct redis *r, const unsigned char *name, char out[REDIS_NAME_MAX])
{
    char hex[2 * CACHE_KEY_SIZE + 1];
    cache_key_text(name, hex);
    (void)snprintf(out, REDIS_NAME_MAX, "%s%s", r->prefix, hex);
}

/* Gives the answer, once. */
static void answer(struct redis_question *q, struct slice value)
{
    struct redis_lookup *l = q->lookup;
    q->lookup = NULL;
    (void)evtimer_del(q->limit);
    if (!l)
        return;
    l->question = NULL;
    l->done(l, value);
}

static void on_answer(redisAsyncContext *context, void *reply, void *ctx)
{
    struct redis_question *q = ctx;
    struct redis *r = q->redis;
    const redisReply *got = reply;
    struct slice value = {NULL, 0};
    if (got && got->type == REDIS_REPLY_STRING)
        value = (struct slice){got->str, (size_t)got->len};
    if (got && q->lookup)
        r->silent = 0;
    answer(q, value);
    event_free(q->limit);
    free(q);
    if (got && got->type == REDIS_REPLY_ERROR && r->context == context)
        redis_lose(r, got->str);
}

/* Redis is slow. Three times in a row, and it is taken for down. */
static void on_limit(evutil_socket_t fd, short what, void *ctx)
{
    struct redis_question *q = ctx;
    struct redis *r = q->redis;
    const redisReader *reader = r->context ? r->context->c.reader : NULL;
    (void)fd, (void)what;
    bool lost = ++r->silent >= SILENT_MAX || (reader && reader->len > READ_MAX);
    answer(q, (struct slice){NULL, 0});
    if (lost && r->state == REDIS_UP)
        redis_lose(r, "too slow");
}

bool redis_get(struct redis *r, const unsigned char *name, struct redis_lookup *l)
{
    char text[REDIS_NAME_MAX];
    struct timeval limit = {r->settings->timeout_ms / 1000, r->settings->timeout_ms % 1000 * 1000};
    struct redis_question *q = r->state == REDIS_UP ? calloc(1, sizeof *q) : NULL;
    if (!q)
        return false;
    *q = (struct redis_question){.redis = r, .lookup = l, .limit = evtimer_new(r->base, on_limit, q)};
    write_name(r, name, text);
    if (q->limit && evtimer_add(q->limit, &limit) == 0 && redis_send(r, on_answer, q, "GET %s", text)) {
        l->question = q;
        return true;
    }
    if (q->limit)
        event_free(q->limit);
    free(q);
    return false;
}

void redis_forget(struct redis_lookup *l)
{
    if (l->question)
        l->question->lookup = NULL;
    l->question = NULL;
}

static bool may_send(const struct redis *r)
{
    return r->state == REDIS_UP && sdslen(r->context->c.obuf) < WAITING_MAX;
}

void redis_put(struct redis *r, const unsigned char *name, struct slice value, int64_t ttl_ms)
{
    char text[REDIS_NAME_MAX];
    write_name(r, name, text);
    if (may_send(r))
        (void)!redis_send(r, NULL, NULL, "SET %s %b PX %lld", text, value.ptr, value.len, (long long)ttl_ms);
}

void redis_delete(struct redis *r, const unsigned char *name)
{
    char text[REDIS_NAME_MAX];
    write_name(r, name, text);
    if (may_send(r))
        (void)!redis_send(r, NULL, NULL, "DEL %s", text);
}

/* A step of a flush: {cursor, names}. */
static void on_names(redisAsyncContext *context, void *reply, void *ctx)
{
    struct redis *r = context->data;
    const redisReply *got = reply;
    (void)ctx;
    if (r->context != context || !got || got->type != REDIS_REPLY_ARRAY || got->elements != 2 ||
        got->element[0]->type != REDIS_REPLY_STRING || got->element[1]->type != REDIS_REPLY_ARRAY)
        return;
    const redisReply *names = got->element[1];
    for (size_t i = 0; i < names->elements; i++)
        if (names->element[i]->type == REDIS_REPLY_STRING &&
            !redis_send(r, NULL, NULL, "DEL %b", names->element[i]->str, (size_t)names->element[i]->len))
            return;
    if (strcmp(got->element[0]->str, "0") != 0)
        (void)!redis_send(r, on_names, NULL, "SCAN %s MATCH %s* COUNT " FLUSH_STEP, got->element[0]->str, r->prefix);
}

void redis_flush(struct redis *r)
{
    if (may_send(r))
        (void)!redis_send(r, on_names, NULL, "SCAN 0 MATCH %s* COUNT " FLUSH_STEP, r->prefix);
}

const char *redis_state(const struct redis *r)
{
    return r->state == REDIS_UP ? "up" : r->state == REDIS_DOWN ? "down" : "connecting";
}
