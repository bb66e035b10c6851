/* lighttpd: lighttpd of one session. lighttpd starts the key-page server. */
#ifndef POINTSMAN_CLI_LIGHTTPD_H
#define POINTSMAN_CLI_LIGHTTPD_H

#include "cli/processes.h"

struct lighttpd_options {
    unsigned web_port, proxy_port, risk_port;
    const char *config; /* the proxy's configuration file; NULL: locate_config() */
};

/* The runtime folder, locked: one start or stop at a time. */
struct lighttpd {
    char *runtime;          /* its path, symbolic links resolved */
    int lock;               /* descriptor of the folder, which holds the lock; -1: no folder */
    struct processes found; /* found by lighttpd_open(); .up: its lighttpd runs */
};

/* Locks the runtime folder and finds the session's processes. If the folder is absent, creates it; with `only_look`,
 * neither creates nor locks it. false: one line in `error`. Call lighttpd_close() in any case. */
MUST_CHECK bool lighttpd_open(struct lighttpd *server, bool only_look, struct buf *error);
void lighttpd_close(struct lighttpd *server);

/* Ends processes of an earlier session, starts lighttpd and waits until the key-page server answers. false: lines in
 * `error`; *busy: the key page's port is in use. */
MUST_CHECK bool lighttpd_start(struct lighttpd *server, const struct lighttpd_options *options, bool *busy,
                               struct buf *error);
/* Ends the proxy, the key-page server and lighttpd, and removes their files. Does nothing if none runs. Requests in
 * flight get 5 s. A process that hangs is killed within 20 s. false: one can't be killed, one line in `error`. */
MUST_CHECK bool lighttpd_stop(struct lighttpd *server, struct buf *error);

#endif
