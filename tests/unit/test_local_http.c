/* Unit tests of cli/local_http: a child process is the server and sends the bytes of the test. */
#include "tests/unit/unit.h"
#include "cli/local_http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[64];
static char asked[8192]; /* the request that the last call's server read */

/* Returns a listener on a free port; `base` is its address. */
static int listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 4) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(base, sizeof base, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

/* The same on ::1. */
static int listen_on_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 4) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(base, sizeof base, "http://[::1]:%u", ntohs(address.sin6_port));
    return fd;
}

/* The server: reads until it finds `mark`, writes what it read to `report`, and sends the pieces. Then it closes; with
 * `hang` it waits to be killed. */
static _Noreturn void serve(int listener, int report, const char *const *pieces, const char *mark, bool hang)
{
    char text[sizeof asked] = "";
    size_t used = 0;
    int fd = accept(listener, NULL, NULL);
    while (!strstr(text, mark)) {
        ssize_t got = read(fd, text + used, sizeof text - 1 - used);
        if (got <= 0)
            _exit(1);
        used += (size_t)got;
        text[used] = '\0';
    }
    if (write(report, text, used) < 0)
        _exit(1);
    for (; *pieces; pieces++)
        if (send(fd, *pieces, strlen(*pieces), MSG_NOSIGNAL) < 0)
            break;
    if (hang)
        pause();
    _exit(0);
}

static bool call(struct local_http_request request, const char *const *pieces, const char *mark, bool hang,
                 struct local_http_reply *reply, struct buf *error)
{
    int pipe_fds[2], listener = listen_here();
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0)
        serve(listener, pipe_fds[1], pieces, mark, hang);
    close(listener);
    close(pipe_fds[1]);
    request.base = request.base ? request.base : base;
    bool done = local_http(&request, reply, error);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    ssize_t len = read(pipe_fds[0], asked, sizeof asked - 1);
    asked[len > 0 ? len : 0] = '\0';
    close(pipe_fds[0]);
    return done;
}

static const struct local_http_request get = {.method = "GET", .path = "/x"};

TEST(requests_are_complete)
{
    struct local_http_reply reply;
    struct buf error;
    buf_init(&error, 1024);
    const char *const pieces[] = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "hi", NULL};
    const char *const fields[] = {"Authorization: Bearer k", NULL};
    assert_true(call((struct local_http_request){.method = "POST",
                                                 .path = "/v1/x",
                                                 .fields = fields,
                                                 .content_type = "application/json",
                                                 .body = SLICE("{\"a\":1}")},
                     pieces, "{\"a\":1}", true, &reply, &error));
    assert_int_equal(reply.status, 200);
    assert_buf(&reply.body, "hi");
    char expected[512];
    snprintf(expected, sizeof expected,
             "POST /v1/x HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAuthorization: Bearer k\r\n"
             "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
             base + sizeof "http://" - 1);
    assert_string_equal(asked, expected);
    local_http_free(&reply);
    buf_free(&error);
}

static bool count_bytes(struct slice piece, void *ctx)
{
    size_t *count = ctx;
    *count += piece.len;
    return *count < 6;
}

TEST(replies_of_each_framing_are_read)
{
    static const struct {
        const char *pieces[5];
        const char *body; /* NULL: the call fails */
        int status;
    } rows[] = {
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r", "\n2\r\nde\r\n0\r\n", "\r\n"},
         "abcde",
         200},
        {{"HTTP/1.1 200 OK\r\n\r\nto the end", " of it"}, "to the end of it", 200},
        {{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!and more"}, "no!", 404},
        {{"HTTP/1.1 204 No Content\r\n\r\n"}, "", 204},
        {{"H", "TTP/1.1 200 OK\r\nContent-Le", "ngth: 1\r\n\r", "\n", "x"}, "x", 200},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"}, NULL, 200},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc"}, NULL, 200},
        {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}, NULL, 200},
        {{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}, NULL, 0},
        {{"SSH-2.0-OpenSSH\r\n\r\n"}, NULL, 0},
        {{""}, NULL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct local_http_reply reply;
        struct buf error;
        const char *pieces[6] = {0};
        memcpy(pieces, rows[i].pieces, sizeof rows[i].pieces);
        buf_init(&error, 1024);
        assert_int_equal(call(get, pieces, "\r\n\r\n", false, &reply, &error), rows[i].body != NULL);
        assert_int_equal(reply.status, rows[i].status);
        if (rows[i].body)
            assert_buf(&reply.body, rows[i].body);
        else
            assert_int_equal(reply.fault, LOCAL_HTTP_BROKEN);
        assert_int_equal(error.len > 0, rows[i].body == NULL);
        local_http_free(&reply);
        buf_free(&error);
    }
}

TEST(bodies_are_passed_on_or_collected)
{
    struct local_http_reply reply;
    struct buf error;
    size_t count = 0;
    buf_init(&error, 1024);
    struct local_http_request request = {.method = "GET", .path = "/", .on_body = count_bytes, .ctx = &count};
    const char *const good[] = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", NULL};
    assert_true(call(request, good, "\r\n\r\n", true, &reply, &error));
    assert_int_equal(count, 5);
    assert_int_equal(reply.body.len, 0);
    local_http_free(&reply);
    /* The body of an error is for its message, not for the caller of on_body(). */
    const char *const bad[] = {"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nabcde", NULL};
    assert_true(call(request, bad, "\r\n\r\n", true, &reply, &error));
    assert_int_equal(count, 5);
    assert_buf(&reply.body, "abcde");
    local_http_free(&reply);
    assert_false(call(request, good, "\r\n\r\n", true, &reply, &error));
    assert_int_equal(reply.fault, LOCAL_HTTP_STOPPED);
    local_http_free(&reply);
    buf_free(&error);
}

TEST(silence_ends_at_the_deadline)
{
    const char *const pieces[] = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", NULL};
    for (unsigned whole = 0; whole < 2; whole++) {
        struct local_http_reply reply;
        struct buf error;
        buf_init(&error, 1024);
        struct local_http_request request = get;
        request.timeout_ms = whole ? 30 : 0;
        request.idle_ms = whole ? 0 : 30;
        assert_false(call(request, pieces, "\r\n\r\n", true, &reply, &error));
        assert_int_equal(reply.fault, LOCAL_HTTP_TIMEOUT);
        local_http_free(&reply);
        buf_free(&error);
    }
}

TEST(only_this_machine_is_called)
{
    int listener = listen_here();
    close(listener); /* nothing listens there now */
    static const char *const refused[] = {
        "http://example.com", "https://127.0.0.1:1", "http://127.example.com", "nonsense",
        "http://10.0.0.1:80", "http://127.0.0.1:0",  "http://127.0.0.1:70000", "http://127.1:80"};
    const char *const fields[] = {"X: a\r\nY: b", NULL};
    struct local_http_reply reply;
    struct buf error;
    buf_init(&error, 4096);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct local_http_request request = get;
        request.base = refused[i];
        assert_false(local_http(&request, &reply, &error));
        assert_int_equal(reply.fault, LOCAL_HTTP_ELSEWHERE);
        local_http_free(&reply);
    }
    struct local_http_request request = get;
    request.base = base;
    assert_false(local_http(&request, &reply, &error));
    assert_int_equal(reply.fault, LOCAL_HTTP_REFUSED);
    local_http_free(&reply);
    request.fields = fields;
    const char *const pieces[] = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL};
    request.base = NULL;
    assert_false(call(request, pieces, "\r\n\r\n", false, &reply, &error));
    assert_int_equal(reply.fault, LOCAL_HTTP_BROKEN);
    local_http_free(&reply);
    buf_free(&error);
}

static void expect_answer(int listener)
{
    const char *const pieces[] = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL};
    struct local_http_reply reply;
    struct buf error;
    char with_path[96];
    buf_init(&error, 1024);
    snprintf(with_path, sizeof with_path, "http://localhost%s/v1/", strrchr(base, ':'));
    pid_t child = fork();
    if (child == 0)
        serve(listener, open("/dev/null", O_WRONLY), pieces, "GET /v1/x HTTP/1.1\r\nHost: localhost:", false);
    close(listener);
    struct local_http_request request = get;
    request.base = with_path;
    assert_true(local_http(&request, &reply, &error));
    assert_int_equal(waitpid(child, NULL, 0), child);
    local_http_free(&reply);
    buf_free(&error);
}

TEST(base_path_is_prepended)
{
    expect_answer(listen_here());
}

TEST(localhost_is_ipv4_first_then_ipv6)
{
    expect_answer(listen_on_ipv6());
}

int main(void)
{
    alarm(20); /* in case a server waits for bytes that never come */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_complete),
        cmocka_unit_test(replies_of_each_framing_are_read),
        cmocka_unit_test(bodies_are_passed_on_or_collected),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(only_this_machine_is_called),
        cmocka_unit_test(base_path_is_prepended),
        cmocka_unit_test(localhost_is_ipv4_first_then_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
