/* loop: the listening socket, bound here or inherited, and new connections. */
#include "proxy/front/listener.h"

#include "common/localhost.h"
#include "common/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_INHERITED_FD 3 /* SD_LISTEN_FDS_START */
#define INHERITED_MAX 8      /* sockets */
#define BACKLOG 1024         /* connections */

struct listener {
    struct client_shared *shared;
    int fd;
    int reserve; /* a spare descriptor for when none is left; see shed() */
    struct event *acceptable;
};

static bool make_address(const char *host, unsigned port, struct sockaddr_storage *address, socklen_t *len)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    *address = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *len = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *len = sizeof *v6;
        return true;
    }
    return false;
}

/* Holds the same port of ::1 (common/localhost.h) until the process ends, if the socket is bound to 127.0.0.1 or
 * 0.0.0.0. */
static bool hold_localhost(int fd, struct buf *error)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof address;
    int held;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 || address.sin_family != AF_INET ||
        (address.sin_addr.s_addr != htonl(INADDR_LOOPBACK) && address.sin_addr.s_addr != htonl(INADDR_ANY)) ||
        localhost_reserve(ntohs(address.sin_port), &held))
        return true;
    buf_add_format(error, "[::1]:%u: %s: http://localhost:%u would not reach this proxy", ntohs(address.sin_port),
                   strerror(errno), ntohs(address.sin_port));
    return false;
}

int listener_bind(const char *host, unsigned port, struct buf *error)
{
    struct sockaddr_storage address;
    socklen_t len;
    if (!make_address(host, port, &address, &len)) {
        buf_add_format(error, "--host %s: not a numeric address; use 127.0.0.1", host);
        return -1;
    }
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* SO_REUSEADDR allows binding while old connections are in TIME_WAIT; on Linux it does not let others share the
     * port. */
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
        bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, BACKLOG) == 0) {
        if (hold_localhost(fd, error))
            return fd;
    } else
        buf_add_format(error, "%s:%u: %s", host, port, strerror(errno));
    if (errno == EADDRINUSE)
        BUF_ADD(error, ": find the process with ss -ltnp, or choose another --port");
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whether the index-th name in a colon-separated list is `name`. */
static bool is_named(const char *names, unsigned index, const char *name)
{
    for (; names && index; index--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    size_t len = strlen(name);
    return names && strcspn(names, ":") == len && strncmp(names, name, len) == 0;
}

/* A supervisor may not bind ::1. */
static void hold_inherited(int fd)
{
    struct buf error;
    buf_init(&error, 1024);
    if (fd >= 0 && !hold_localhost(fd, &error))
        log_warning("%s; use http://127.0.0.1", buf_message(&error));
    buf_free(&error);
}

int listener_inherited(bool hold, int *risk)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    bool ours = pid && count && strtol(pid, NULL, 10) == (long)getpid();
    long sockets = ours ? strtol(count, NULL, 10) : 0;
    int found = -1;
    *risk = -1;
    for (int i = 0; i < sockets && i < INHERITED_MAX; i++) {
        int fd = FIRST_INHERITED_FD + i, *place = is_named(names, (unsigned)i, "risk") ? risk : &found;
        if (*place >= 0 || !listener_port(fd))
            continue;
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        *place = fd;
    }
    if (hold) {
        hold_inherited(found);
        hold_inherited(*risk);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return found;
}

unsigned listener_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

/* No descriptor is left: uses the spare one to accept and close one connection. The client notices at once, and the
 * loop does not spin on a full queue. */
static void shed(struct listener *l)
{
    close(l->reserve);
    int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;
    (void)what;
    for (;;) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0 && (errno == EMFILE || errno == ENFILE)) {
            shed(l);
            return;
        }
        if (client < 0)
            return;
        if (l->shared->count >= l->shared->max)
            close(client);
        else if (!client_open(l->shared, client))
            log_warning("out of memory: closed a new connection");
    }
}

struct listener *listener_start(int fd, struct client_shared *shared)
{
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->shared = shared;
    l->fd = fd;
    l->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    l->acceptable = event_new(shared->base, fd, EV_READ | EV_PERSIST, on_acceptable, l);
    if (!l->acceptable || event_add(l->acceptable, NULL) != 0) {
        listener_stop(l);
        return NULL;
    }
    return l;
}

void listener_stop(struct listener *l)
{
    if (!l)
        return;
    if (l->acceptable)
        event_free(l->acceptable);
    close(l->fd);
    if (l->reserve >= 0)
        close(l->reserve);
    free(l);
}
