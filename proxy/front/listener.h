/* listener: loop. The proxy's port: made here or handed down, and the connections that come in on it. */
#ifndef POINTSMAN_LISTENER_H
#define POINTSMAN_LISTENER_H

#include "proxy/front/client.h"

struct listener;

/* A listening TCP socket on host:port, non-blocking, close-on-exec, with the same port of ::1 held if
 * `host`, a numeric address, is 127.0.0.1 or 0.0.0.0 (common/localhost.h). Returns -1, with a message in `error`, if
 * either fails. */
int listener_bind(const char *host, unsigned port, struct buf *error);
/* The sockets that a supervisor handed down by systemd's LISTEN_FDS convention (sd_listen_fds(3)): LISTEN_PID must be
 * ours. The one that LISTEN_FDNAMES calls "risk" is *risk, the first of the others the result; -1: none was handed
 * down. The variables are removed. `hold`: the port of ::1 is held as above; where it can't be, a warning says so. */
int listener_inherited(bool hold, int *risk);
/* The port that a socket is bound to; 0 when it is no TCP socket. */
unsigned listener_port(int fd);

/* Accepts on `fd` (owned from now on) until listener_stop(). NULL: no memory. */
struct listener *listener_start(int fd, struct client_shared *shared);
/* Stops accepting and closes the socket. */
void listener_stop(struct listener *l);

#endif
