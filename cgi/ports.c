/* The proxy's listening sockets. */
#include "cgi/ports.h"

#include "cgi/port.h"
#include "common/localhost.h"
#include "common/port_holder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void release(struct ports *ports, unsigned port)
{
    close_one(&ports->fds[port]);
    close_one(&ports->localhost[port]);
}

void ports_init(struct ports *ports)
{
    *ports = (struct ports){.fds = {-1, -1}, .localhost = {-1, -1}};
}

void ports_release(struct ports *ports)
{
    for (unsigned i = 0; i < PORT_COUNT; i++)
        release(ports, i);
}

static bool refuse_port(const char *host, unsigned port, const char *option, struct refusal *why)
{
    if (errno != EADDRINUSE)
        return refuse(why, 500, "port_unusable", "Port %u on %s can't be opened: %s.", port, host, strerror(errno));
    struct buf holder;
    buf_init(&holder, 256);
    (void)port_holder(port, &holder);
    refuse(why, 409, "port_busy",
           "Port %u on %s is taken by %s. Stop that, or start pointsman with another %s. No key has left this page.",
           port, host, holder.len ? buf_text(&holder) : "another process", option);
    buf_free(&holder);
    return false;
}

/* ::1 first: as long as we do not listen, port_holder() can find only another program. "::" includes ::1. */
static bool take(struct ports *ports, unsigned port, unsigned number, struct refusal *why)
{
    if (ports->fds[port] >= 0)
        return true;
    if (!strchr(ports->host, ':') && !localhost_reserve(number, &ports->localhost[port]))
        return refuse_port("::1 (localhost)", number, "--proxy-port", why);
    ports->fds[port] = port_listen(ports->host, number);
    return ports->fds[port] >= 0 || refuse_port(ports->host, number, "--proxy-port", why);
}

bool ports_take(struct ports *ports, const struct settings *settings, const struct serve_options *serving,
                struct refusal *why)
{
    char host[sizeof ports->host];
    const unsigned numbers[PORT_COUNT] = {settings->proxy_port, settings->risk_port};
    struct slice wanted = serving->host.len ? serving->host : SLICE("127.0.0.1");
    (void)snprintf(host, sizeof host, "%.*s", SLICE_ARGS(wanted));
    if (strcmp(host, ports->host) != 0)
        ports_release(ports);
    memcpy(ports->host, host, sizeof host);
    if (!serving->risk_router)
        release(ports, PORT_RISK);
    bool had = ports->fds[PORT_PROXY] >= 0;
    for (unsigned i = 0; i <= (serving->risk_router ? PORT_RISK : PORT_PROXY); i++) {
        if (take(ports, i, numbers[i], why))
            continue;
        if (had)
            release(ports, i);
        else
            ports_release(ports);
        return false;
    }
    return true;
}
