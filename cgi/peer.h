/* peer: finds the user at the other end of a TCP connection on this machine. TCP has no SO_PEERCRED, so this looks the
 * connection up in the kernel's socket table (sock_diag(7), NETLINK_SOCK_DIAG), which needs no privilege. */
#ifndef POINTSMAN_CGI_PEER_H
#define POINTSMAN_CGI_PEER_H

#include "common/buf.h"

enum peer {
    PEER_REFUSED,    /* another user, or a connection that no process holds: the kernel reports uid 0 for it */
    PEER_OURS,       /* our own uid, or root */
    PEER_UNKNOWABLE, /* the kernel does not report the owner */
};

/* Opens the descriptor for peer_ask(). -1: the kernel does not report the owner of a socket, as a test with a
 * connection of our own shows. */
int peer_open(void);
/* Returns the owner of the client's end of the connection from `client` to `server`: IPv4 addresses, and ports in
 * decimal, as CGI passes them. `fd` is peer_open()'s. */
enum peer peer_ask(int fd, struct slice client, struct slice client_port, struct slice server,
                   struct slice server_port);

#endif
