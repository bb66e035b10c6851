/* main: messages to the supervisor, by systemd's NOTIFY_SOCKET convention. */
#include "proxy/serve/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int notify_fd = -1;

void notify_open(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path && (path[0] == '/' || path[0] == '@') && strlen(path) < sizeof address.sun_path) {
        socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        memcpy(address.sun_path, path, strlen(path));
        if (address.sun_path[0] == '@')
            address.sun_path[0] = '\0'; /* an abstract socket */
        notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (notify_fd >= 0 && connect(notify_fd, (struct sockaddr *)&address, len) != 0) {
            close(notify_fd);
            notify_fd = -1;
        }
    }
    unsetenv("NOTIFY_SOCKET");
}

void notify_through(int fd)
{
    if (notify_fd >= 0)
        close(notify_fd);
    notify_fd = fd;
}

void notify_send(struct slice fields)
{
    if (notify_fd >= 0)
        (void)send(notify_fd, fields.ptr, fields.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}
