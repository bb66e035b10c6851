/* generation: loop. One configuration in force and the state built from it: health, upstream connections, probes,
 * sign-in. A reload makes the next generation. A request finishes in the generation in which it began.
 *
 *   SIGHUP ─▶ load ─▶ generation_new ─▶ generation_carry(old, new) ─▶ new requests use the new one
 *                                              old: generation_retire ─▶ last request ends ─▶ generation_free
 */
#ifndef POINTSMAN_GENERATION_H
#define POINTSMAN_GENERATION_H

#include "proxy/exchange/request.h"
#include "proxy/answers/catalog.h"
#include "proxy/upstream/preconnect.h"
#include "proxy/serve/probe.h"

/* What a load reads from files. */
struct setup {
    struct config *config;
    struct catalog *catalog; /* NULL: none */
};

struct generation {
    struct setup setup;
    struct exchange_shared exchanges;
    struct probes *probes;         /* NULL: retired */
    struct preconnect *preconnect; /* preconnects in progress; NULL: none */
    struct generation *next;       /* in the owner's list */
};

struct generation_options {
    struct event_base *base;
    struct spending *spending;
    struct ceiling *bodies;
    struct decisions *decisions;
    struct journal *journal; /* NULL: none */
    struct event *journal_flush;
    struct share *share; /* NULL: a single process */
    struct gate *gate;   /* see struct exchange_shared, also below */
    void (*wake_keeper)(void *ctx);
    void *wake_ctx;
    void (*probes_changed)(void *ctx); /* see probes_start() */
    void *ctx;
};

/* By sign-in: why it fails; "": it works, or is not needed. See struct answers. */
struct sign_in_errors {
    char text[SIGN_INS][sizeof((struct failure *)0)->message];
};

/* Frees both members and clears them. */
void setup_free(struct setup *setup);
/* Takes ownership of `setup`, also on failure. Returns NULL if out of memory or descriptors. Free with
 * generation_free(). */
struct generation *generation_new(const struct generation_options *options, struct setup *setup);
/* Opens connections to the providers before requests need them, if connect_ahead is set. */
void generation_preconnect(struct generation *g);
/* Puts its spending limits in force. */
void generation_limit_spending(struct generation *g);
/* Carries over health, affinity and the adaptive router's model of the deployments that are in both configurations:
 * same id, model, server and key. */
void generation_carry(const struct generation *from, struct generation *to);
/* Saves the deployments' state to `path` or loads it, if keep_state is set. `path` may be NULL. */
void generation_save(const struct generation *g, const char *path);
void generation_load(struct generation *g, const char *path);
/* Resets the deployments' statistics and all conversations' sticky deployments. */
void generation_reset(struct generation *g);
/* Stops probes and preconnects. Requests in flight continue. */
void generation_retire(struct generation *g);
/* Frees the generations in `list` that have no request in flight. */
void generation_free_idle(struct generation **list);
/* Updates the errors. Returns whether one changed. */
bool generation_check_sign_ins(const struct generation *g, struct sign_in_errors *errors);
/* No request may be in flight. NULL is allowed. */
void generation_free(struct generation *g);

#endif
