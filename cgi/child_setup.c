/* The steps of a child of the session app before it becomes another program. */
#include "cgi/child_setup.h"

#include "common/harden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define FASTCGI_FD 0 /* FCGI_LISTENSOCK_FILENO */

/* Returns whether a process listens on the socket. */
static bool has_listener(const struct sockaddr_un *name, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)name, len) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

bool child_setup(const struct settings *settings, pid_t parent)
{
    struct harden_status unused = {0};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = sizeof name;
    (void)getsockname(FASTCGI_FD, (struct sockaddr *)&name, &len);
    /* Before lighttpd's socket: once that is closed, lighttpd starts the next session app, which needs this port. */
    if (settings->localhost >= 0)
        (void)close(settings->localhost);
    (void)close(FASTCGI_FD);
    if (harden_follow_parent(&unused, parent)) {
        /* open() takes the lowest free number: no other file may become standard input. */
        return open("/dev/null", O_RDWR) == FASTCGI_FD;
    }
    if (settings->server >= 0 && !has_listener(&name, len))
        (void)syscall(SYS_pidfd_send_signal, settings->server, SIGUSR1, NULL, 0); /* lighttpd's graceful restart */
    return false;
}
