/* port: the proxy's ports. */
#ifndef POINTSMAN_CGI_PORT_H
#define POINTSMAN_CGI_PORT_H

#include "common/buf.h"

/* A listening, non-blocking socket on the address: "127.0.0.1", "0.0.0.0", or "::" (which takes IPv4 in, too); -1 with
 * errno set. Never SO_REUSEPORT: nobody can share the port. */
int port_listen(const char *host, unsigned port);
/* Accepts and resets the waiting connections: keeps a port for a proxy that does not run, without making clients wait.
 */
void port_turn_away(int listener);

#endif
