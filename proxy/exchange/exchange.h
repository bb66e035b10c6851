/* exchange: loop. Walks one request through the rooms; the only file that moves its state.
 *
 *          ┌ next attempt                                  NEW: the request is read and planned
 *          ▼ │                                             CALLING: an attempt is under way, the client has seen
 * nothing NEW ─▶ CALLING ──first content──▶ OPEN ─▶ ENDED        WAITING: the same deployment is called again in a
 * moment │      ▲ │ └──── no attempt left ───────▶──▲ ▲        OPEN: the reply has begun, no other deployment may serve
 * it │      │ ▼                                 │ │        ENDED: journalled; only to be freed │     WAITING │ │
 *    └────────────── refused ───────────────────┘ │
 *                 client gone, from any state ────┘
 */
#ifndef POINTSMAN_EXCHANGE_H
#define POINTSMAN_EXCHANGE_H

#include "proxy/front/client.h"
#include "proxy/record/decisions.h"
#include "proxy/record/journal.h"
#include "proxy/route/adaptive.h"
#include "proxy/route/affinity.h"
#include "proxy/route/health.h"
#include "proxy/route/share.h"
#include "proxy/route/spending.h"
#include "proxy/upstream/login.h"

struct event;
struct exchange;

/* Which port a request came in by: the risk router's has a strategy of its own, and its header fields. */
enum entrance { ENTRANCE_MAIN, ENTRANCE_RISK, ENTRANCES };

/* What all exchanges share; main.c makes it. */
struct exchange_shared {
    struct event_base *base;
    const struct config *config;
    struct health *health;     /* by deployment index */
    struct affinity *affinity; /* where conversations are at home */
    struct spending *spending; /* all accounts; it outlives the configuration */
    struct spend **accounts;   /* by the index of the model group */
    struct adaptive *adaptive; /* NULL: not enabled */
    struct upstream *upstream;
    struct login *login;           /* NULL where no deployment wants it */
    struct decisions *decisions;   /* the last ones; they outlive the configuration */
    struct share *share;           /* NULL: there are no other workers; see sharing.h */
    unsigned *slots;               /* in it: of the deployments, of the groups' accounts, of all money */
    struct journal *journal;       /* NULL: no journal could be opened */
    struct event *journal_flush;   /* flushes it when made active */
    uint64_t id_prefix, id_count;  /* request ids: random bits of this process, and a count */
    unsigned char carrier_key[32]; /* made from the master key; see bridge/carrier.h */
    struct exchange *all;
    unsigned count;
};

/* Serves a model call. The reply may be sent before this returns. */
void exchange_begin(struct exchange_shared *shared, struct client *client, enum wire wire, enum entrance entrance);
/* The client hung up: cancels the upstream's call at once. */
void exchange_client_gone(struct exchange *x);
/* The client's output has drained: the upstream may go on. */
void exchange_client_drained(struct exchange *x);
/* Once a second: open streams that have been silent for 10 s get a sign of life. */
void exchange_tick(struct exchange_shared *shared);
/* Ends all open replies with an honest failure: the process is about to end. */
void exchange_end_all(struct exchange_shared *shared);

#endif
