/* Reserves a port on ::1 without serving it. */
#include "common/localhost.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* SO_REUSEADDR is on only for bind(), which would fail on connections in TIME_WAIT. Left on, it would let another user
 * bind the port too, because this process does not listen. */
static bool bind_alone(int fd, const struct sockaddr_in6 *address)
{
    return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
           bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){0}, sizeof(int)) == 0;
}

bool localhost_reserve(unsigned port, int *fd)
{
    const struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback, .sin6_port = htons((uint16_t)port)};
    *fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno == EAFNOSUPPORT;
    if (bind_alone(*fd, &address))
        return true;
    int error = errno;
    close(*fd);
    *fd = -1;
    errno = error;
    return error == EADDRNOTAVAIL;
}
