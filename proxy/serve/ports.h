/* ports: loop. The proxy's ports and their connections. */
#ifndef POINTSMAN_PORTS_H
#define POINTSMAN_PORTS_H

#include "proxy/exchange/request.h"
#include "proxy/front/listener.h"

struct port {
    void *owner; /* the events' ctx is the port */
    enum entrance entrance;
    struct client_shared clients;
    struct listener *listener; /* NULL: closed, or no such port */
};

struct ports_options {
    struct event_base *base;
    const int *fds;         /* ENTRANCES listening sockets; -1: none */
    const char *hosts;      /* see struct admit_options */
    struct ceiling *bodies; /* on the bodies of all requests */
    struct gate *gate;      /* of the virtual keys; NULL: there are none */
    /* See struct client_events; ctx is the port. */
    void (*request)(struct client *client, enum endpoint endpoint, void *ctx);
    void (*arrived)(uint64_t ticket, bool all, void *ctx);
    void *owner;
};

/* Sets up ENTRANCES ports, closed. false: out of memory, or a socket without a port number. */
MUST_CHECK bool ports_init(struct port *ports, const struct ports_options *options);
/* Starts to accept on the sockets, which it owns. false: out of memory. */
MUST_CHECK bool ports_open(struct port *ports, const int *fds);
/* Stops accepting; connections stay. */
void ports_close(struct port *ports);

#endif
