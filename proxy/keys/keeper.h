/* keeper: loop. The process that has the key store: it fills the key table at the start, answers administration, and
 * takes calls that have ended from the calls file into the ledger.
 *
 *   worker ── administration ─▶ keeper ─▶ store, key table
 *   worker ── gate_settle() ─▶ calls file ◀── keeper, 20 ms after it is woken, many calls in one transaction ─▶ store
 *
 * It ends when the last worker has ended. If it ends before, the parent stops all, and the next start finds everything
 * in the files. */
#ifndef POINTSMAN_KEYS_KEEPER_H
#define POINTSMAN_KEYS_KEEPER_H

#include "proxy/keys/objects.h"

struct keeper_options {
    const char *path;                 /* of the store */
    struct gate gate;                 /* table and calls, shared with the workers */
    const struct zone *zone;          /* of the budgets' periods; NULL: UTC */
    const unsigned char *master_hash; /* KEY_HASH_SIZE bytes, from table_hash() */
    const int *channels;              /* an end of a socket pair for each worker, owned from here on */
    unsigned channel_count;
    int wake_fd;                /* an eventfd: calls wait */
    struct period retention;    /* how long the ledger keeps calls; PERIOD_NEVER: for ever */
    int control;                /* "READY" is sent here when the table is filled */
    void (*confine)(void *ctx); /* enters the sandbox, once the files are open */
    void *confine_ctx;
};

/* Serves until all channels have closed. Returns the process's exit status; 1: it could not start, and has logged why.
 */
int keeper_run(const struct keeper_options *options);

#endif
