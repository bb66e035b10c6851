/* flights: pure. Single flight: requests that wait for the answer to an equal request.
 *
 *   leader: calls the upstream ──answer or failure──▶ landed ──▶ each follower is woken
 *
 * A flight lives until its leader has landed and its last follower has left. */
#ifndef POINTSMAN_CACHE_FLIGHTS_H
#define POINTSMAN_CACHE_FLIGHTS_H

#include "proxy/cache/canonical.h"

#define FLIGHT_BUCKETS 64

struct flight {
    unsigned char key[CACHE_KEY_SIZE];
    struct flight *next; /* in its bucket, until it has landed */
    void *leader;        /* NULL: landed */
    struct follower *followers;
    struct buf answer; /* as struct cache_entry.text; empty: the leader has none to share */
    double saved_usd;
};

/* A member of the request that waits. */
struct follower {
    struct flight *flight; /* NULL: none */
    void *owner;           /* the request */
    struct follower *next, **back;
    void (*wake)(struct follower *f); /* the flight has landed; called once */
};

struct flights {
    struct flight *buckets[FLIGHT_BUCKETS];
};

/* Returns the flight with this key that has not landed; NULL: none. */
struct flight *flights_find(const struct flights *all, const unsigned char *key);
/* Begins a flight. NULL: out of memory. Its leader must call flight_land(). */
struct flight *flights_begin(struct flights *all, const unsigned char *key, void *leader);
/* `f` waits for the flight. */
void flight_follow(struct flight *flight, struct follower *f);
/* `f` waits no longer. Frees a flight that has landed and has no follower left. Does nothing without a flight. */
void flight_leave(struct follower *f);
/* The leader is done. `answer` empty: none to share. Wakes the followers; frees the flight if there are none. */
void flight_land(struct flights *all, struct flight *flight, struct slice answer, double saved_usd);
#endif
