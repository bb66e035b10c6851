/* listener: loop. The proxy's port: made here or handed down, and the connections that come in on it. */
#ifndef POINTSMAN_LISTENER_H
#define POINTSMAN_LISTENER_H

#include "proxy/front/client.h"

struct listener;

/* A listening TCP socket on host:port, non-blocking, close-on-exec; -1 with a message in `error` that names who holds a
 * busy port's address. `host` is a numeric address. */
int listener_bind(const char *host, unsigned port, struct buf *error);
/* The sockets that a supervisor handed down by systemd's LISTEN_FDS convention (sd_listen_fds(3)): LISTEN_PID must be
 * ours. The one that LISTEN_FDNAMES calls "risk" is *risk, the first of the others the result; -1: none was handed
 * down. The variables are removed. */
int listener_inherited(int *risk);
/* The port that a socket is bound to; 0 when it is no TCP socket. */
unsigned listener_port(int fd);

/* Accepts on `fd` (owned from now on) until listener_stop(). NULL: no memory. */
struct listener *listener_start(int fd, struct client_shared *shared);
/* Stops accepting and closes the socket. */
void listener_stop(struct listener *l);

#endif
