/* workers: loop. Several worker processes behind the same ports (--workers), and the parent that makes them and waits
 * for them. It serves nobody and keeps no key; see doc/internals/workers.md.
 *
 *   supervisor ◀──READY, reports── parent ◀──READY, reports── worker 0, 1, …     (a socket pair each: its end is the
 * other's) └──SIGTERM, SIGHUP, …──────▶ └──the same, as a byte──────▶
 */
#ifndef POINTSMAN_WORKERS_H
#define POINTSMAN_WORKERS_H

#include "common/harden.h"
#include "proxy/exchange/request.h"

struct workers_options {
    unsigned count;
    int *fds;             /* ENTRANCES listening sockets, -1: none; the parent closes them */
    pid_t parent;         /* the supervisor's pid, 0 without one */
    const char *key_file; /* to be removed when the supervisor is gone; NULL without one */
    struct harden_status *harden;
    /* In each worker: what it does; its result is its exit status. `control` is its end of the socket pair. */
    int (*work)(void *ctx, unsigned worker, struct share *share, int control);
    void *ctx;
};

/* In the parent: until all workers have ended. Returns the exit status: 1 where a worker ended unasked, or none could
 * be made. */
int workers_run(const struct workers_options *options);

#endif
