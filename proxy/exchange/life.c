/* loop: makes and frees an exchange, and measures how long it keeps its client waiting of itself. */
#include "proxy/exchange/private.h"

#include "common/clock.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* An id that is unique, not secret: random bits of this process, and a count. */
static void make_id(struct exchange *x)
{
    const uint64_t halves[] = {x->shared->id_prefix, ++x->shared->id_count};
    for (size_t i = 0; i < EXCHANGE_ID_LEN; i++)
        x->id[i] = "0123456789abcdef"[halves[i / 16] >> (60 - i % 16 * 4) & 15];
    x->id[EXCHANGE_ID_LEN] = '\0';
}

/* The run that the request says it is part of, if that is a name as the CLI gives them: it goes into the journal. */
static void take_run_id(struct exchange *x)
{
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    struct slice id = http_field(client_head(x->client), "x-pointsman-run-id");
    if (id.len > EXCHANGE_RUN_ID_MAX)
        return;
    for (size_t i = 0; i < id.len; i++)
        if (!memchr(ALLOWED, id.ptr[i], sizeof ALLOWED - 1))
            return;
    if (id.len)
        memcpy(x->run_id, id.ptr, id.len);
}

static void link_up(struct exchange *x)
{
    struct exchange_shared *shared = x->shared;
    x->next = shared->all;
    x->back = &shared->all;
    if (x->next)
        x->next->back = &x->next;
    shared->all = x;
    shared->count++;
}

struct exchange *exchange_new(struct exchange_shared *shared, struct client *client)
{
    struct exchange *x = malloc(sizeof *x);
    if (!x)
        return NULL;
    memset(x, 0, offsetof(struct exchange, plan));
    plan_clear(&x->plan);
    x->shared = shared;
    x->client = client;
    link_up(x);
    x->mark_us = clock_monotonic_us();
    x->started_ms = x->mark_us / 1000;
    x->started_unix_ms = clock_unix_ms();
    outgoing_init(&x->outgoing, shared->carrier_key);
    x->outgoing.apart = shared->config->hedge_after_ms >
                        0; /* of two, the one that loses outlives the client's request */
    buf_init(&x->error_body, ERROR_BODY_MAX);
    make_id(x);
    take_run_id(x);
    client_set_user(client, x);
    return x;
}

struct exchange *exchange_copy(const struct exchange *x)
{
    struct exchange *copy = malloc(sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *x;
    copy->rival = copy->parent = NULL;
    copy->wait = copy->hedge = NULL;
    copy->call = NULL;
    copy->relay = NULL;
    copy->adaptive = NULL;
    copy->paused = false;
    copy->held_usd = 0;
    copy->login_wait = (struct login_wait){.done = NULL};
    copy->outgoing = (struct outgoing){.turn = NULL};
    outgoing_init(&copy->outgoing, x->shared->carrier_key);
    copy->outgoing.apart = true;
    buf_init(&copy->error_body, ERROR_BODY_MAX);
    link_up(copy);
    return copy;
}

void exchange_free(struct exchange *x)
{
    *x->back = x->next;
    if (x->next)
        x->next->back = x->back;
    x->shared->count--;
    login_cancel(&x->login_wait);
    exchange_free_money(x);
    relay_free(x->relay);
    outgoing_free(&x->outgoing);
    free(x->adaptive);
    model_request_free(&x->request);
    buf_free(&x->error_body);
    if (x->wait)
        event_free(x->wait);
    if (x->hedge)
        event_free(x->hedge);
    free(x);
}

void exchange_waits(struct exchange *x)
{
    x->overhead_us += clock_monotonic_us() - x->mark_us;
}

void exchange_heard(struct exchange *x)
{
    x->mark_us = clock_monotonic_us();
    x->heard_ms = x->mark_us / 1000;
}
