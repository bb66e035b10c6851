/* port: opens a listening socket, and resets its clients while the proxy does not run. */
#ifndef POINTSMAN_CGI_PORT_H
#define POINTSMAN_CGI_PORT_H

#include "common/buf.h"

/* Returns a listening, non-blocking socket on the address "127.0.0.1", "0.0.0.0" or "::" (which includes IPv4); -1 with
 * errno set. Without SO_REUSEPORT, so that no other program can share the port. */
int port_listen(const char *host, unsigned port);
/* Accepts and resets the waiting connections: holds the port while no proxy runs, without making clients wait. */
void port_reset_clients(int listener);

#endif
