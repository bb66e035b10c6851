/* pure: single flight. */
#include "proxy/cache/flights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct flight **bucket_of(struct flights *all, const unsigned char *key)
{
    return &all->buckets[key[0] % FLIGHT_BUCKETS];
}

struct flight *flights_find(const struct flights *all, const unsigned char *key)
{
    struct flight *f = all->buckets[key[0] % FLIGHT_BUCKETS];
    while (f && memcmp(f->key, key, CACHE_KEY_SIZE) != 0)
        f = f->next;
    return f;
}

struct flight *flights_begin(struct flights *all, const unsigned char *key, void *leader)
{
    struct flight **bucket = bucket_of(all, key);
    struct flight *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    memcpy(f->key, key, CACHE_KEY_SIZE);
    buf_init(&f->answer, SIZE_MAX - 1);
    f->leader = leader;
    f->saved_usd = f->similarity = NAN;
    f->next = *bucket;
    *bucket = f;
    return f;
}

static void free_if_done(struct flight *flight)
{
    if (flight->leader || flight->followers)
        return;
    buf_free(&flight->answer);
    free(flight);
}

void flight_follow(struct flight *flight, struct follower *f)
{
    f->flight = flight;
    f->next = flight->followers;
    f->back = &flight->followers;
    if (f->next)
        f->next->back = &f->next;
    flight->followers = f;
}

void flight_leave(struct follower *f)
{
    struct flight *flight = f->flight;
    if (!flight)
        return;
    *f->back = f->next;
    if (f->next)
        f->next->back = f->back;
    f->flight = NULL;
    free_if_done(flight);
}

static void take_out(struct flights *all, struct flight *flight)
{
    struct flight **at = bucket_of(all, flight->key);
    while (*at && *at != flight)
        at = &(*at)->next;
    if (*at)
        *at = flight->next;
    flight->leader = NULL;
}

void flight_land(struct flights *all, struct flight *flight, struct slice answer, double saved_usd)
{
    take_out(all, flight);
    if (flight->followers)
        buf_add_slice(&flight->answer, answer); /* out of memory: as without an answer */
    flight->saved_usd = saved_usd;
    for (struct follower *f = flight->followers; f; f = f->next)
        f->wake(f);
    free_if_done(flight);
}
