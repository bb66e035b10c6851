/* ports: the proxy's listening sockets, bound before any key leaves the session and kept until Stop. */
#ifndef POINTSMAN_CGI_PORTS_H
#define POINTSMAN_CGI_PORTS_H

#include "cgi/serve_options.h"
#include "cgi/settings.h"

enum port { PORT_PROXY, PORT_RISK, PORT_COUNT };

struct ports {
    int fds[PORT_COUNT];       /* -1: not held */
    int localhost[PORT_COUNT]; /* holds the same port of ::1 (common/localhost.h); -1: not held */
    char host[16];             /* the address that they are bound to */
};

void ports_init(struct ports *ports);
/* Binds the ports that `serving` needs; ports that are bound already stay. Refused: 409 names the program that has the
 * port, 500 is any other error; the proxy's port then stays bound if it was. */
MUST_CHECK bool ports_take(struct ports *ports, const struct settings *settings, const struct serve_options *serving,
                           struct refusal *why);
/* Closes all ports. */
void ports_release(struct ports *ports);

#endif
