/* listener: loop. The listening socket, bound here or inherited, and new connections. */
#ifndef POINTSMAN_LISTENER_H
#define POINTSMAN_LISTENER_H

#include "proxy/front/client.h"

struct listener;

/* Returns a listening TCP socket on `host`, a numeric address, and `port`: non-blocking, close-on-exec. For 127.0.0.1
 * and 0.0.0.0 the same port of ::1 is held (common/localhost.h). -1: one line in `error`. */
int listener_bind(const char *host, unsigned port, struct buf *error);
/* Takes the sockets that a supervisor passed with LISTEN_FDS (sd_listen_fds(3)), if LISTEN_PID is this process, and
 * removes the variables. *risk: the one that LISTEN_FDNAMES calls "risk". Returns the first of the others. Both are -1
 * if not passed. `hold`: also holds the port of ::1, and logs a warning if that fails. */
int listener_inherited(bool hold, int *risk);
/* Returns the port of a bound socket; 0: not a TCP socket. */
unsigned listener_port(int fd);

/* Accepts connections on `fd`, which it owns, until listener_stop(). NULL: out of memory. */
struct listener *listener_start(int fd, struct client_shared *shared);
/* Stops accepting, closes the socket and frees `l`. NULL is allowed. */
void listener_stop(struct listener *l);

#endif
