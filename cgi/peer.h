/* peer: which user holds the other end of a TCP connection on this machine. TCP has no SO_PEERCRED; the kernel's socket
 * table is asked instead (sock_diag(7), NETLINK_SOCK_DIAG, one exact look-up; no privilege is needed for it). */
#ifndef POINTSMAN_CGI_PEER_H
#define POINTSMAN_CGI_PEER_H

#include "common/buf.h"

enum peer {
    PEER_REFUSED,    /* another user, or nobody any more: who has hung up can't be told from root */
    PEER_OURS,       /* our own uid, or root */
    PEER_UNKNOWABLE, /* this kernel does not tell */
};

/* A descriptor to ask by; -1 where the kernel does not tell who holds a socket, which was tried out on one of our own.
 */
int peer_open(void);
/* Who holds the client's end of the connection from `client` to `server`, both of them IPv4 addresses with their ports
 * in decimal, as CGI gives them. `fd` is peer_open()'s. */
enum peer peer_ask(int fd, struct slice client, struct slice client_port, struct slice server,
                   struct slice server_port);

#endif
