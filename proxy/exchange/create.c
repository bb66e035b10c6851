/* loop: makes and frees requests. */
#include "proxy/exchange/private.h"

#include "common/clock.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A unique id, not secret: random bits of the process and a counter. */
static void make_id(struct request *r)
{
    const uint64_t halves[] = {r->shared->id_prefix, ++r->shared->id_count};
    for (size_t i = 0; i < REQUEST_ID_LEN; i++)
        r->id[i] = "0123456789abcdef"[halves[i / 16] >> (60 - i % 16 * 4) & 15];
    r->id[REQUEST_ID_LEN] = '\0';
}

/* Takes the run's id for the request log if the header looks like an id of the command. */
static void take_run_id(struct request *r)
{
    static const char ALLOWED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    struct slice id = http_field(client_head(r->client), "x-pointsman-run-id");
    if (id.len > RUN_ID_MAX)
        return;
    for (size_t i = 0; i < id.len; i++)
        if (!memchr(ALLOWED, id.ptr[i], sizeof ALLOWED - 1))
            return;
    if (id.len)
        memcpy(r->run_id, id.ptr, id.len);
}

static void link_up(struct request *r)
{
    struct exchange_shared *shared = r->shared;
    r->next = shared->all;
    r->back = &shared->all;
    if (r->next)
        r->next->back = &r->next;
    shared->all = r;
    shared->count++;
}

static void on_gone(struct client_user *user)
{
    request_client_gone((struct request *)user);
}

static void on_drained(struct client_user *user)
{
    request_client_drained((struct request *)user);
}

struct request *request_make(struct exchange_shared *shared, struct client *client, enum entrance entrance)
{
    struct request *r = malloc(sizeof *r + (shared->gate ? sizeof *r->holding : 0));
    if (!r)
        return NULL;
    memset(r, 0, offsetof(struct request, plan));
    plan_clear(&r->plan);
    r->failure.kind = FAILURE_NONE;
    r->ended_count = 0;
    r->shared = shared;
    r->client = client;
    if (shared->gate) {
        r->holding = (struct holding *)(r + 1);
        *r->holding = (struct holding){.key = *client_key(client)};
    }
    r->entrance = entrance;
    r->attempt = &r->first;
    r->first.request = r;
    r->model_request.held.of = shared->bodies;
    r->model_request.name_key = shared->name_key;
    link_up(r);
    r->mark_us = clock_monotonic_us();
    r->started_ms = r->mark_us / 1000;
    r->started_unix_ms = clock_unix_ms();
    make_id(r);
    take_run_id(r);
    if (shared->journal)
        client_name_read(http_field(client_head(client), "user-agent"), &r->name);
    r->user = (struct client_user){on_gone, on_drained};
    client_set_user(client, &r->user);
    return r;
}

void request_free(struct request *r)
{
    *r->back = r->next;
    if (r->next)
        r->next->back = r->back;
    r->shared->count--;
    attempt_free(&r->first);
    if (r->second)
        attempt_free(r->second);
    free(r->second);
    request_release_reserved(r);
    holding_settle(r, 0);
    free(r->adaptive);
    caching_free(r);
    model_request_free(&r->model_request);
    if (r->wait)
        event_free(r->wait);
    if (r->hedge)
        event_free(r->hedge);
    for (unsigned i = 0; i < r->ended_count; i++)
        free(r->ended[i].again_without);
    free(r);
}
