/* loop: the proxy's ports and their connections. */
#include "proxy/serve/ports.h"

#include <event2/event.h>
#include <time.h>

#define BODY_MAX (64u << 20) /* bytes of a request body */
#define CLIENTS_MAX 10000    /* connections per port */
/* Seconds; see struct client_shared. */
#define HEAD_TIMEOUT_S 10
#define BODY_TIMEOUT_S 15
#define IDLE_TIMEOUT_S 75
#define LINGER_TIMEOUT_S 1

static const struct timeval *common_timeout(struct event_base *base, time_t seconds)
{
    struct timeval duration = {seconds, 0};
    return event_base_init_common_timeout(base, &duration);
}

bool ports_init(struct port *ports, const struct ports_options *o)
{
    const struct client_shared common = {
        .base = o->base,
        .events = {o->request, o->arrived, NULL},
        .admit = {{NULL, 0}, 0, BODY_MAX, o->hosts, o->gate != NULL},
        .gate = o->gate,
        .bodies = o->bodies,
        .head_timeout = common_timeout(o->base, HEAD_TIMEOUT_S),
        .body_timeout = common_timeout(o->base, BODY_TIMEOUT_S),
        .idle_timeout = common_timeout(o->base, IDLE_TIMEOUT_S),
        .linger_timeout = common_timeout(o->base, LINGER_TIMEOUT_S),
        .max = CLIENTS_MAX,
    };
    for (unsigned i = 0; i < ENTRANCES; i++) {
        struct port *port = &ports[i];
        *port = (struct port){.owner = o->owner, .entrance = (enum entrance)i, .clients = common};
        port->clients.events.ctx = port;
        port->clients.admit.port = o->fds[i] < 0 ? 0 : listener_port(o->fds[i]);
        if (o->fds[i] >= 0 && !port->clients.admit.port)
            return false; /* without a port every Host would be refused */
    }
    return common.head_timeout && common.body_timeout && common.idle_timeout && common.linger_timeout;
}

bool ports_open(struct port *ports, const int *fds)
{
    for (unsigned i = 0; i < ENTRANCES; i++)
        if (fds[i] >= 0 && !(ports[i].listener = listener_start(fds[i], &ports[i].clients)))
            return false;
    return true;
}

void ports_close(struct port *ports)
{
    for (unsigned i = 0; i < ENTRANCES; i++) {
        listener_stop(ports[i].listener);
        ports[i].listener = NULL;
    }
}
