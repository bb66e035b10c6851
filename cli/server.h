/* server: the web server of one session: lighttpd in the runtime folder, which starts the session app. */
#ifndef POINTSMAN_CLI_SERVER_H
#define POINTSMAN_CLI_SERVER_H

#include "common/buf.h"

struct server_options {
    unsigned web_port, proxy_port, risk_port;
    const char *config; /* the proxy's configuration file; NULL: place_config() */
};

/* The runtime folder, opened and locked: one start or stop at a time. */
struct server {
    char *runtime; /* its path without links */
    int lock;      /* the folder; holds the lock; -1 when there is none */
    int process;   /* lighttpd's pidfd; -1 when it does not run */
    int pid;
};

/* Locks the runtime folder, which is made where absent unless `must_exist`, and looks whether its lighttpd runs. false
 * with a line in `error`; without one when the folder must exist and does not. Close in any case. */
MUST_CHECK bool server_open(struct server *server, bool must_exist, struct buf *error);
void server_close(struct server *server);

/* Starts lighttpd and waits until the session app answers. false with lines in `error`; *busy: the page's port is
 * taken. */
MUST_CHECK bool server_start(struct server *server, const struct server_options *options, bool *busy,
                             struct buf *error);
/* Ends lighttpd and with it the session app, and removes their files; harmless when none runs. The proxy should be
 * stopped before. false with a line in `error` when it does not end. */
MUST_CHECK bool server_stop(struct server *server, struct buf *error);

#endif
