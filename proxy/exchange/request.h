/* request: loop. Serves one request of a client by attempts, one after another or two at the same time (a hedge).
 *
 *            ┌─ next attempt
 *            │  │
 *   NEW ──▶ CALLING ──first content──▶ OPEN ──▶ ENDED
 *    │ │     ▲ │  ▲ │                            ▲ ▲ ▲
 *    │ │     │ ▼  │ └──── no attempt is left ────┘ │ │
 *    │ │     │ WAITING                             │ │
 *    │ └─▶ LOOKING ───────── its reply ────────────┘ │
 *    └──────────── refused, or a cached reply ───────┘
 *                  client gone: from every state to ENDED
 *
 *   NEW        the request is read and planned
 *   LOOKING    waits for the cache: for Redis, for the question's vector (proxy/cache/semantic.h), or for an equal
 *              request in flight (proxy/cache/flights.h)
 *   CALLING    one or two attempts are in flight; the client has received nothing
 *   WAITING    no attempt is in flight; a timer will repeat the last one
 *   OPEN       the reply has begun; no other deployment may serve it
 *   ENDED      in the request log; freed when its last call is done
 *
 * If others wait for a request whose client disconnects, it goes on without a client until the last of them leaves. */
#ifndef POINTSMAN_REQUEST_H
#define POINTSMAN_REQUEST_H

#include "proxy/bridge/carrier.h"
#include "proxy/cache/cache.h"
#include "proxy/cache/redis.h"
#include "proxy/front/client.h"
#include "proxy/keys/gate.h"
#include "proxy/record/decisions.h"
#include "proxy/record/journal.h"
#include "proxy/record/running.h"
#include "proxy/route/adaptive.h"
#include "proxy/route/affinity.h"
#include "proxy/route/health.h"
#include "proxy/route/prefixes.h"
#include "proxy/route/share.h"
#include "proxy/route/spending.h"
#include "proxy/upstream/sign_in.h"

struct event;
struct request;

/* The port of a request; the risk router's has its own strategy and header fields. */
enum entrance { ENTRANCE_MAIN, ENTRANCE_RISK, ENTRANCES };

/* Shared by all requests of one configuration; built by serve/generation.c. */
struct exchange_shared {
    struct event_base *base;
    const struct config *config;
    const struct deployment *baseline; /* for comparisons of cost; NULL: none */
    struct health *health;             /* by deployment index; written in exchange/outcome.c only */
    struct affinity *affinity;         /* the deployment that last answered each conversation */
    struct prefixes *prefixes;         /* how each conversation's last prompt began; NULL: no request log */
    struct spending *spending;         /* all accounts; outlives the configuration */
    struct spend **accounts;           /* by group index */
    struct adaptive *adaptive;         /* NULL: not enabled */
    struct cache *cache;               /* NULL: not configured */
    struct redis *redis;               /* NULL: not configured */
    struct upstream *upstream;
    struct sign_ins *sign_ins;
    struct decisions *decisions;    /* the last decisions; outlives the configuration */
    struct ceiling *bodies;         /* on memory for bodies; outlives the configuration */
    struct share *share;            /* NULL: a single process; see sharing.h */
    struct gate *gate;              /* the virtual keys; NULL: no key store */
    void (*wake_keeper)(void *ctx); /* closed calls wait to be stored */
    void *wake_ctx;
    unsigned *slots;                  /* slots in `share`: deployments, groups' accounts, total */
    struct journal *journal;          /* NULL: the request log could not be opened */
    struct event *journal_flush;      /* flushes `journal` when activated */
    uint64_t id_prefix, id_count;     /* request ids: random bits of the process, and a counter */
    struct carrier_keys carrier_keys; /* see bridge/carrier.h */
    unsigned char hint_key[32];       /* derived from the installation's key; see bridge/cache_hint.h */
    unsigned char name_key[32];       /* of the request log's names of conversations */
    struct request *all;              /* requests that are not freed yet */
    unsigned count;                   /* length of `all` */
};

/* Serves a request to a model. May reply before it returns. */
void request_begin(struct exchange_shared *shared, struct client *client, enum wire wire, enum entrance entrance);
/* The client disconnected: cancels all upstream calls at once. The request may be freed. */
void request_client_gone(struct request *r);
/* The client's output has drained: resumes a paused upstream. */
void request_client_drained(struct request *r);
/* Call once a second: sends a keep-alive event to streams that were silent for 10 s. */
void request_tick_all(struct exchange_shared *shared);
/* Lists the requests that are under way, the latest first, at most `most`. Returns their number. */
unsigned request_list(const struct exchange_shared *shared, uint64_t now_ms, struct running *list, unsigned most);
/* Ends all requests with an error, because the process stops. */
void request_end_all(struct exchange_shared *shared);

#endif
