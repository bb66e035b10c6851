/* What a child of the session app does before it becomes another program. */
#include "cgi/child_setup.h"

#include "common/harden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define FASTCGI_FD 0 /* FCGI_LISTENSOCK_FILENO */

static bool is_served(const struct sockaddr_un *name, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool served = fd >= 0 && connect(fd, (const struct sockaddr *)name, len) == 0;
    if (fd >= 0)
        close(fd);
    return served;
}

bool child_setup(const struct settings *settings, pid_t parent)
{
    struct harden_status unused = {0};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = sizeof name;
    (void)getsockname(FASTCGI_FD, (struct sockaddr *)&name, &len);
    /* Before lighttpd's socket: the next session app is made as soon as that is free, and needs this one as well. */
    if (settings->localhost >= 0)
        (void)close(settings->localhost);
    (void)close(FASTCGI_FD);
    if (harden_follow_parent(&unused, parent))
        return open("/dev/null", O_RDWR) ==
               FASTCGI_FD; /* the lowest that is free: what is opened next is not to be it */
    if (settings->server >= 0 && !is_served(&name, len))
        (void)syscall(SYS_pidfd_send_signal, settings->server, SIGUSR1, NULL, 0); /* lighttpd's graceful restart */
    return false;
}
