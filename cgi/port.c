/* The proxy's port on 127.0.0.1. */
#include "cgi/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int port_listen(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    /* Connections in TIME_WAIT must not keep the port busy; a listener of somebody else still does. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, SOMAXCONN) != 0) {
        int fault = errno;
        close(fd);
        errno = fault;
        return -1;
    }
    return fd;
}

void port_turn_away(int listener)
{
    int fd;
    /* The flag belongs to the socket, not to the descriptor, so the child may have cleared it for us as well. */
    if (fcntl(listener, F_SETFL, O_NONBLOCK) != 0)
        return;
    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
        close(fd);
    }
}
