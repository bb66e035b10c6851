/* Finds the user at the other end of a TCP connection on this machine. */
#include "cgi/peer.h"

#include "common/url.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 request;
};

/* The kernel answers before send() returns; the limit is for a kernel that never answers. */
static const struct timeval answer_limit = {.tv_sec = 1};

static bool read_address(struct slice address, struct slice port, __be32 *to, __be16 *to_port)
{
    char text[INET_ADDRSTRLEN];
    unsigned number;
    if (!address.len || address.len >= sizeof text || !url_read_port(port, &number))
        return false;
    snprintf(text, sizeof text, "%.*s", SLICE_ARGS(address));
    *to_port = htons((uint16_t)number);
    return inet_pton(AF_INET, text, to) == 1;
}

/* Finds the owner of the one socket of exactly that id. false: there is none, or it was closed. */
static bool look_up(int fd, const struct inet_diag_sockid *id, uid_t *uid)
{
    struct question question = {
        .head = {.nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u, .id = *id},
    };
    union {
        struct nlmsghdr head;
        char bytes[1024];
    } answer;
    if (send(fd, &question, sizeof question, 0) != sizeof question)
        return false;
    ssize_t len = recv(fd, &answer, sizeof answer, 0);
    if (len < (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg)) || answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return false;
    const struct inet_diag_msg *found = NLMSG_DATA(&answer.head);
    /* Without such a connection the kernel may return a listener of the same port. A closed one has no inode. */
    bool same = found->idiag_state != TCP_LISTEN && found->idiag_inode != 0 &&
                found->id.idiag_sport == id->idiag_sport && found->id.idiag_dport == id->idiag_dport &&
                found->id.idiag_src[0] == id->idiag_src[0] && found->id.idiag_dst[0] == id->idiag_dst[0];
    *uid = found->idiag_uid;
    return same;
}

static struct inet_diag_sockid id_of(const struct sockaddr_in *holder, const struct sockaddr_in *other)
{
    return (struct inet_diag_sockid){.idiag_sport = holder->sin_port,
                                     .idiag_dport = other->sin_port,
                                     .idiag_src = {holder->sin_addr.s_addr},
                                     .idiag_dst = {other->sin_addr.s_addr},
                                     .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}};
}

/* Tests the lookup with a connection within this process, whose owner is known. */
static bool finds_ourselves(int fd)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}, client = server;
    socklen_t size = sizeof server;
    uid_t uid;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
        caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = bind(listener, (struct sockaddr *)&server, size) == 0 && listen(listener, 1) == 0 &&
                     getsockname(listener, (struct sockaddr *)&server, &size) == 0 &&
                     connect(caller, (struct sockaddr *)&server, size) == 0 &&
                     getsockname(caller, (struct sockaddr *)&client, &size) == 0;
    struct inet_diag_sockid id = id_of(&client, &server);
    bool found = connected && look_up(fd, &id, &uid) && uid == geteuid();
    if (caller >= 0)
        close(caller);
    if (listener >= 0)
        close(listener);
    return found;
}

int peer_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&kernel, sizeof kernel) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof answer_limit) == 0 && finds_ourselves(fd))
        return fd;
    close(fd);
    return -1;
}

enum peer peer_ask(int fd, struct slice client, struct slice client_port, struct slice server, struct slice server_port)
{
    struct inet_diag_sockid id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}};
    uid_t uid;
    if (fd < 0)
        return PEER_UNKNOWABLE;
    if (!read_address(client, client_port, &id.idiag_src[0], &id.idiag_sport) ||
        !read_address(server, server_port, &id.idiag_dst[0], &id.idiag_dport) || !look_up(fd, &id, &uid))
        return PEER_REFUSED;
    return uid == geteuid() || uid == 0 ? PEER_OURS : PEER_REFUSED;
}
