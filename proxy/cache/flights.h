/* flights: pure. Single flight: the first of several equal requests (the leader) calls the upstream, and the others
 * (the followers) wait for its answer.
 *
 *   leader: calls the upstream ──answer or failure──▶ landed ──▶ each follower is woken
 *
 * A flight is freed once its leader has landed and its last follower has left. */
#ifndef POINTSMAN_CACHE_FLIGHTS_H
#define POINTSMAN_CACHE_FLIGHTS_H

#include "proxy/cache/canonical.h"

#define FLIGHT_BUCKETS 64

struct flight {
    unsigned char key[CACHE_KEY_SIZE];
    struct flight *next; /* in its bucket; a landed flight is in none */
    void *leader;        /* the leader's request; NULL: landed */
    struct follower *followers;
    struct buf answer; /* as struct cache_entry.text; empty: not landed, or the leader has none to share */
    double saved_usd;
    double similarity; /* of the question that `answer` was given to; NAN: the same one */
};

/* Embedded in the waiting request. Zeroed before its first use. */
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
/* Begins a flight, whose leader must call flight_land(), which may free it. NULL: out of memory. */
struct flight *flights_begin(struct flights *all, const unsigned char *key, void *leader);
/* Adds `f`, with owner and wake set, to the flight's followers. */
void flight_follow(struct flight *flight, struct follower *f);
/* `f` waits no longer. Frees its flight if that has landed and has no other follower. Does nothing if `f` has no
 * flight. */
void flight_leave(struct follower *f);
/* The leader is done: copies `answer` (empty: none to share) and wakes the followers, which then read flight->answer
 * and leave. Frees the flight if there are none. */
void flight_land(struct flights *all, struct flight *flight, struct slice answer, double saved_usd);
#endif
