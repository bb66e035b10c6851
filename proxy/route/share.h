/* share: pure, except for memory shared by the workers. A table of what each worker has in flight, has used up and has
 * been refused, per deployment and per spending account. Each worker writes its own row; all others read it. There are
 * no locks: a reader that meets a write reads again. See doc/internals/workers.md.
 *
 *   slot       openai/1   gemini/1   total     …    by name; the same in all workers
 *   worker 0   [counts]   [counts]   [counts]       written by worker 0 only
 *   worker 1   [counts]   [counts]   [counts]       written by worker 1 only
 */
#ifndef POINTSMAN_SHARE_H
#define POINTSMAN_SHARE_H

#include "common/ceiling.h"
#include "proxy/route/health.h"

#define SHARE_WORKERS_MAX 64
#define SHARE_SLOTS 512        /* deployments and accounts */
#define SHARE_NONE SHARE_SLOTS /* no slot is free: not shared */

struct share_counts {
    unsigned in_flight; /* attempts, of a deployment */
    struct window window;
    struct cooldown_state cooldown;
    double spent, reserved; /* USD, of an account */
    uint64_t unpriced;
};

/* What one worker asks all others to do. */
enum share_order {
    SHARE_RESET,  /* reset the statistics of deployments */
    SHARE_FLUSH,  /* remove the cached replies from memory */
    SHARE_DELETE, /* see share_delete() */
    SHARE_ORDERS,
};

struct share;

/* Creates the table. Call before fork(2). NULL: out of memory. Unmap with share_free(). */
struct share *share_new(unsigned workers);
/* Selects this process's row; call in the worker. */
void share_join(struct share *s, unsigned worker);
unsigned share_workers(const struct share *s);
/* Unmaps the table in this process; NULL is allowed. */
void share_free(struct share *s);

/* Returns the slot of a deployment's or account's name, the same in all workers; SHARE_NONE: the table is full. */
unsigned share_slot(struct share *s, struct slice name);
/* Returns this worker's counts, to be changed in place and published; NULL for SHARE_NONE. */
struct share_counts *share_own(struct share *s, unsigned slot);
void share_publish(struct share *s, unsigned slot);
/* Returns whether another worker has published the slot since the last call. */
bool share_has_updates(struct share *s, unsigned slot);
/* Marks the slot as unread, so that share_has_updates() returns true next; SHARE_NONE: all slots. */
void share_mark_unread(struct share *s, unsigned slot);
/* Copies the counts that a worker published last. false: it is this worker, or it kept writing. */
bool share_read(const struct share *s, unsigned worker, unsigned slot, struct share_counts *out);

/* Returns the workers' rows of the limit on request bodies (common/ceiling.h). */
struct ceiling_row *share_ceiling_rows(struct share *s);
/* Returns this worker's number. */
unsigned share_worker(const struct share *s);

/* Returns the number of log lines that all workers together could not write, to be changed by each; valid until
 * share_free(). */
_Atomic uint64_t *share_log_dropped(struct share *s);

/* Asks the other workers for this. Requests are counted, so that none is missed. */
void share_request(struct share *s, enum share_order order);
/* Returns whether another worker has asked for it since the last call. */
bool share_is_requested(struct share *s, enum share_order order);

#define SHARE_KEY_SIZE 32    /* bytes of a cached reply's key */
#define SHARE_DELETED_MAX 64 /* keys of each worker that the table holds */

/* Asks the other workers to remove the cached reply with this key from memory. */
void share_delete(struct share *s, const unsigned char *key);
/* Calls `remove` with each key that other workers have passed to share_delete() since the last call. false: there were
 * more than the table holds: remove all replies. */
MUST_CHECK bool share_deleted(struct share *s, void (*remove)(void *ctx, const unsigned char *key), void *ctx);

#endif
