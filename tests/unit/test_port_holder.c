/* Unit tests of common/port_holder. */
#include "tests/unit/unit.h"
#include "common/port_holder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

TEST(listener_is_shown_with_its_user)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct buf out;
    char pid[32];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    buf_init(&out, 256);
    assert_true(port_holder(ntohs(address.sin_port), &out));
    snprintf(pid, sizeof pid, " (pid %d, u", (int)getpid()); /* "user NAME", or "uid N" if the user has no name */
    assert_non_null(strstr(buf_text(&out), pid));
    close(fd);
    buf_clear(&out);
    assert_false(port_holder(ntohs(address.sin_port), &out));
    assert_buf(&out, "a process that is not visible here");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(listener_is_shown_with_its_user)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
