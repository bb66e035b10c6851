/* request: loop. Serves one request of a client, by one attempt after another, or by two at the same time (a hedge).
 *
 *            ┌─ next attempt
 *            │  │
 *   NEW ──▶ CALLING ──first content──▶ OPEN ──▶ ENDED
 *    │       │  ▲ │                              ▲ ▲
 *    │       ▼  │ └───── no attempt is left ─────┘ │
 *    │     WAITING                                 │
 *    └──────────── refused ────────────────────────┘
 *                  client gone: from every state to ENDED
 *
 *   NEW      the request is read and planned
 *   CALLING  one or two attempts are under way; the client has received nothing
 *   WAITING  no attempt is under way; a timer will repeat the last one
 *   OPEN     the reply has begun; no other deployment may serve it
 *   ENDED    in the journal; freed when its last call is over */
#ifndef POINTSMAN_REQUEST_H
#define POINTSMAN_REQUEST_H

#include "proxy/front/client.h"
#include "proxy/record/decisions.h"
#include "proxy/record/journal.h"
#include "proxy/route/adaptive.h"
#include "proxy/route/affinity.h"
#include "proxy/route/health.h"
#include "proxy/route/share.h"
#include "proxy/route/spending.h"
#include "proxy/upstream/sign_in.h"

struct event;
struct request;

/* The port a request came in by: the risk router's has its own strategy and header fields. */
enum entrance { ENTRANCE_MAIN, ENTRANCE_RISK, ENTRANCES };

/* What all requests of one configuration share; serve/generation.c makes it. */
struct exchange_shared {
    struct event_base *base;
    const struct config *config;
    struct health *health;     /* by deployment index; attempts write it in exchange/outcome.c only */
    struct affinity *affinity; /* the deployment that each conversation was served by last */
    struct spending *spending; /* all accounts; it outlives the configuration */
    struct spend **accounts;   /* by the index of the model group */
    struct adaptive *adaptive; /* NULL: not enabled */
    struct upstream *upstream;
    struct sign_ins *sign_ins;
    struct decisions *decisions;   /* the last ones; they outlive the configuration */
    struct ceiling *bodies;        /* over what all requests take in memory; it outlives the configuration */
    struct share *share;           /* NULL: there are no other workers; see sharing.h */
    unsigned *slots;               /* in it: of the deployments, of the groups' accounts, of all money */
    struct journal *journal;       /* NULL: no journal could be opened */
    struct event *journal_flush;   /* flushes it when made active */
    uint64_t id_prefix, id_count;  /* request ids: random bits of this process, and a count */
    unsigned char carrier_key[32]; /* derived from the master key; see bridge/carrier.h */
    struct request *all;           /* list of the requests that are not freed yet */
    unsigned count;                /* of them */
};

/* Serves a model call. The reply may be sent before this returns. */
void request_begin(struct exchange_shared *shared, struct client *client, enum wire wire, enum entrance entrance);
/* The client disconnected: cancels every upstream call of the request at once. The request may be freed. */
void request_client_gone(struct request *r);
/* The client's output has drained: a paused upstream goes on. */
void request_client_drained(struct request *r);
/* Once a second: an open stream that has been silent for 10 s gets a keep-alive event. */
void request_tick_all(struct exchange_shared *shared);
/* Ends every open reply with a failure that says so: the process is about to end. */
void request_end_all(struct exchange_shared *shared);

#endif
