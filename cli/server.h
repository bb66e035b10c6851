/* server: the web server of one session: lighttpd in the runtime folder, which starts the session app. */
#ifndef POINTSMAN_CLI_SERVER_H
#define POINTSMAN_CLI_SERVER_H

#include "cli/processes.h"

struct server_options {
    unsigned web_port, proxy_port, risk_port;
    const char *config; /* the proxy's configuration file; NULL: place_config() */
};

/* The runtime folder, opened and locked: one start or stop at a time. */
struct server {
    char *runtime; /* its path without links */
    int lock;      /* the folder; holds the lock; -1: there is no folder */
    struct processes
        found; /* as of server_open(); .up: its lighttpd runs, else any are left over from an earlier session */
};

/* Locks the runtime folder and finds the session's processes. The folder is made if it is absent; if `only_look`, it is
 * not, and there is no lock then. false with a line in `error`. Close in any case. */
MUST_CHECK bool server_open(struct server *server, bool only_look, struct buf *error);
void server_close(struct server *server);

/* Ends what an earlier session has left running, starts lighttpd and waits until the session app answers. false with
 * lines in `error`; *busy: the page's port is taken. */
MUST_CHECK bool server_start(struct server *server, const struct server_options *options, bool *busy,
                             struct buf *error);
/* Ends the proxy, the session app and lighttpd, and removes their files; harmless when none runs. Requests under way
 * get 5 s. What does not answer or does not end is killed, after 20 s at the latest. false with a line in `error`: one
 * can't be. */
MUST_CHECK bool server_stop(struct server *server, struct buf *error);

#endif
