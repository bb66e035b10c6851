/* workers: loop. Several worker processes on the same ports (--workers) and their parent, which starts them and waits.
 * The parent serves no requests and holds no key; see doc/internals/workers.md. Each worker has a socket pair with it:
 *
 *   supervisor ◀── READY, status ──── parent ◀── READY, status ──────────── worker 0, 1, …
 *              ─── SIGTERM, SIGHUP ─▶        ─── signal number, one byte ─▶    ▲
 *                                      ▲                                       │ administration, a socket pair each
 *                                      └── READY ── keeper ◀───────────────────┘
 *
 * With a key store there is one more process, the keeper (proxy/keys/keeper.h). It starts first and ends last. */
#ifndef POINTSMAN_WORKERS_H
#define POINTSMAN_WORKERS_H

#include "common/harden.h"
#include "proxy/exchange/request.h"

struct workers_options {
    unsigned count;
    int *fds;             /* ENTRANCES listening sockets, -1: none. The parent closes them */
    pid_t parent;         /* the supervisor's pid; 0: none */
    const char *key_file; /* removed when the supervisor is gone; NULL: none */
    struct harden_status *harden;
    /* Runs in each worker; returns its exit status. `control`: its end of the socket pair; `keeper`: that of the pair
     * with the keeper, -1: none. */
    int (*work)(void *ctx, unsigned worker, struct share *share, int control, int keeper);
    /* Runs in the keeper, which has an end of a socket pair with each worker; NULL: no key store. */
    int (*keep)(void *ctx, const int *channels, unsigned count, int control);
    void *ctx;
};

/* Starts the workers and waits until all have ended. Returns the exit status: 1 if one ended by itself or could not be
 * started. */
int workers_run(const struct workers_options *options);

#endif
