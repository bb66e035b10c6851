/* Unit tests of common/localhost, and of the kernel's behavior for a port that is bound without listening. */
#include "tests/unit/unit.h"
#include "common/localhost.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct in6_addr any = IN6ADDR_ANY_INIT, loopback = IN6ADDR_LOOPBACK_INIT;

/* A socket of another program, with all sharing options on. */
static int other_socket(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int)), 0);
    return fd;
}

static int bind_to(int fd, const struct in6_addr *address, unsigned port)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = *address, .sin6_port = htons((uint16_t)port)};
    return bind(fd, (struct sockaddr *)&to, sizeof to);
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
                                         : ((struct sockaddr_in6 *)&at)->sin6_port);
}

/* A server on 127.0.0.1. */
static int serve(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    *port = port_of(fd);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void need_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind_to(fd, &loopback, 0) == 0;
    if (fd >= 0)
        close(fd);
    if (!has)
        skip();
}

TEST(reserved_port_cannot_be_bound_by_others)
{
    const struct in6_addr *const addresses[] = {&loopback, &any};
    unsigned port;
    int reserved, server = serve(&port);
    need_ipv6();
    assert_true(localhost_reserve(port, &reserved));
    assert_true(reserved >= 0);
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        int other = other_socket();
        assert_int_equal(bind_to(other, addresses[i], port), -1);
        assert_int_equal(errno, EADDRINUSE);
        close(other);
    }
    close(reserved);
    int other = other_socket();
    assert_int_equal(bind_to(other, &loopback, port), 0);
    close(other);
    close(server);
}

/* So they connect to 127.0.0.1 next. */
TEST(clients_of_a_reserved_port_are_refused_at_once)
{
    unsigned port;
    int reserved, server = serve(&port);
    need_ipv6();
    assert_true(localhost_reserve(port, &reserved));
    int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = loopback, .sin6_port = htons((uint16_t)port)};
    assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(client);
    close(reserved);
    close(server);
}

TEST(port_of_another_listener_is_not_reserved)
{
    unsigned port;
    int reserved = 0, other = other_socket();
    need_ipv6();
    assert_int_equal(bind_to(other, &loopback, 0), 0);
    port = port_of(other);
    assert_int_equal(listen(other, 1), 0);
    assert_false(localhost_reserve(port, &reserved));
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(reserved, -1);
    close(other);
}

/* Another program that bound the port before, without listening, cannot listen either. */
TEST(reserved_port_cannot_be_listened_on_later)
{
    int reserved, other = other_socket();
    need_ipv6();
    assert_int_equal(bind_to(other, &loopback, 0), 0);
    if (localhost_reserve(port_of(other), &reserved)) {
        assert_int_equal(listen(other, 1), -1);
        assert_int_equal(errno, EADDRINUSE);
        close(reserved);
    }
    close(other);
}

TEST(old_connections_do_not_matter)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = loopback};
    int reserved, server = other_socket(), client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char byte;
    need_ipv6();
    assert_int_equal(bind_to(server, &loopback, 0), 0);
    unsigned port = port_of(server);
    at.sin6_port = htons((uint16_t)port);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
    int accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    close(accepted); /* the server closes first and is in TIME_WAIT */
    assert_int_equal(read(client, &byte, 1), 0);
    close(client);
    close(server);
    assert_true(localhost_reserve(port, &reserved));
    assert_true(reserved >= 0);
    close(reserved);
}

/* In a network namespace whose loopback is down. */
TEST(no_ipv6_no_reservation)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        int reserved = 0;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            _exit(77);
        _exit(localhost_reserve(4000, &reserved) && reserved == -1 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reserved_port_cannot_be_bound_by_others),
        cmocka_unit_test(clients_of_a_reserved_port_are_refused_at_once),
        cmocka_unit_test(port_of_another_listener_is_not_reserved),
        cmocka_unit_test(reserved_port_cannot_be_listened_on_later),
        cmocka_unit_test(old_connections_do_not_matter),
        cmocka_unit_test(no_ipv6_no_reservation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
