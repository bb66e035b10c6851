/* generation: loop. One configuration in force, and all that was made of it: health, connections to providers, probes,
 * the login. A reload makes the next one; what was begun under this one ends under it.
 *
 *   SIGHUP ─▶ load ─▶ generation_new ─▶ generation_carry(old, new) ─▶ new calls go to the new one
 *                                              old: generation_retire ─▶ its last call ends ─▶ generation_free
 */
#ifndef POINTSMAN_GENERATION_H
#define POINTSMAN_GENERATION_H

#include "proxy/exchange/request.h"
#include "proxy/answers/catalog.h"
#include "proxy/upstream/ahead.h"
#include "proxy/serve/probe.h"

/* What is read from files. */
struct setup {
    struct config *config;
    struct catalog *catalog; /* NULL: none */
};

struct generation {
    struct setup setup;
    struct exchange_shared exchanges;
    struct probes *probes;   /* NULL once it is retired */
    struct ahead *ahead;     /* connections that are being opened ahead; or NULL */
    struct generation *next; /* in a list of the owner's */
};

struct generation_options {
    struct event_base *base;
    struct spending *spending;
    struct ceiling *bodies;
    struct decisions *decisions;
    struct journal *journal; /* NULL: none */
    struct event *journal_flush;
    struct share *share;               /* NULL: there are no other workers */
    void (*probes_changed)(void *ctx); /* see probes_start() */
    void *ctx;
};

void setup_free(struct setup *setup);
/* Takes over `setup`, in any case. NULL: no memory, or no descriptors left. */
struct generation *generation_new(const struct generation_options *options, struct setup *setup);
/* Opens connections to its providers before they are needed, where the configuration has it so. */
void generation_connect_ahead(struct generation *g);
/* Makes its spending limits those that are kept. */
void generation_limit_spending(struct generation *g);
/* Takes over what is known of the deployments that stand in both configurations: those of one id that lead to the same
 * model at the same place. */
void generation_carry(const struct generation *from, struct generation *to);
/* Keeps in that file, and takes over from it, what is known of the deployments, where keep_state asks for it. */
void generation_save(const struct generation *g, const char *path);
void generation_load(struct generation *g, const char *path);
/* Forgets what was seen of the deployments, and where conversations are at home. */
void generation_reset(struct generation *g);
/* Stops what it does of itself; calls go on. */
void generation_retire(struct generation *g);
/* Frees those of a list whose last call is over. */
void generation_free_idle(struct generation **list);
/* Its calls must be over, or their clients closed. NULL is allowed. */
void generation_free(struct generation *g);

#endif
