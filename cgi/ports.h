/* ports: the sockets that the proxy serves on, bound before any key leaves the session and held until Stop. */
#ifndef POINTSMAN_CGI_PORTS_H
#define POINTSMAN_CGI_PORTS_H

#include "cgi/serving.h"
#include "cgi/settings.h"

enum port { PORT_PROXY, PORT_RISK, PORT_COUNT };

struct ports {
    int fds[PORT_COUNT];       /* -1: not held */
    int localhost[PORT_COUNT]; /* holds the same port of ::1 (common/localhost.h); -1: not held */
    char host[16];             /* the address they are bound to */
};

void ports_init(struct ports *ports);
/* Binds what is to be served on; what is held and fits is kept. false with the holder's name in a refusal (409), or
 * 500; then the proxy's port is held if it was before. */
MUST_CHECK bool ports_take(struct ports *ports, const struct settings *settings, const struct serving *serving,
                           struct refusal *why);
void ports_release(struct ports *ports);

#endif
