/* Unit tests of proxy/upstream/loopback: keep-alive. The server is in the same event loop. */
#include "tests/unit/unit.h"
#include "proxy/upstream/loopback.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT_MS 40
#define PATIENCE_S 30

struct server {
    struct event_base *base;
    struct event *acceptable, *readable, *late;
    int listener, fd;
    unsigned accepted, requests, ends;
    struct timeval delay; /* of its replies */
    struct loopback_origin origin;
};

static void on_late(evutil_socket_t fd, short what, void *arg)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct server *s = arg;
    (void)fd, (void)what;
    s->requests++;
    assert_int_equal(send(s->fd, reply, sizeof reply - 1, 0), sizeof reply - 1);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    char bytes[4096];
    (void)what;
    if (recv(fd, bytes, sizeof bytes, 0) > 0) {
        assert_int_equal(evtimer_add(s->late, &s->delay), 0);
        return;
    }
    s->ends++;
    event_free(s->readable);
    close(fd);
    event_base_loopbreak(s->base);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    (void)what;
    s->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    s->accepted++;
    s->readable = event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    assert_int_equal(event_add(s->readable, NULL), 0);
}

static void serve(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char url[64];
    *s = (struct server){.base = event_base_new(), .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(s->base && bind(s->listener, (struct sockaddr *)&at, len) == 0 && listen(s->listener, 8) == 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    assert_true(loopback_parse(url, &s->origin));
    s->acceptable = event_new(s->base, s->listener, EV_READ | EV_PERSIST, on_acceptable, s);
    s->late = evtimer_new(s->base, on_late, s);
    assert_int_equal(event_add(s->acceptable, NULL), 0);
}

static void close_server(struct server *s)
{
    event_free(s->acceptable);
    event_free(s->late);
    close(s->listener);
    event_base_free(s->base);
}

static void on_head(void *ctx, int status, struct slice content_type, struct slice retry_after)
{
    (void)ctx, (void)content_type, (void)retry_after;
    assert_int_equal(status, 200);
}

static enum call_flow on_body(void *ctx, struct slice bytes, bool more)
{
    (void)ctx, (void)more;
    assert_slice(bytes, "ok");
    return CALL_GO_ON;
}

static void on_done(void *ctx, enum failure_kind failure, const char *message)
{
    (void)message;
    assert_int_equal(failure, FAILURE_NONE);
    event_base_loopbreak(ctx);
}

static void run(struct server *s)
{
    struct timeval patience = {PATIENCE_S, 0};
    assert_int_equal(event_base_loopexit(s->base, &patience), 0);
    assert_int_equal(event_base_dispatch(s->base), 0);
    assert_true(event_base_got_break(s->base));
}

static void call(struct server *s, struct loopback *l)
{
    static const struct transport_events events = {on_head, on_body, on_done};
    struct loopback_request request = {.origin = &s->origin, .head = SLICE("GET / HTTP/1.1\r\nHost: x\r\n")};
    assert_non_null(loopback_start(l, &request, &events, s->base));
    run(s);
}

TEST(an_idle_connection_is_closed_in_time)
{
    struct server s;
    serve(&s);
    struct loopback *l = loopback_new(s.base, KEPT_MS);
    call(&s, l);
    assert_int_equal(s.ends, 0);
    run(&s); /* until the server reads end of file */
    assert_int_equal(s.ends, 1);
    call(&s, l);
    assert_int_equal(s.accepted, 2);
    loopback_free(l);
    event_free(s.readable);
    close(s.fd);
    close_server(&s);
}

TEST(a_connection_is_kept_and_serves_again)
{
    struct server s;
    serve(&s);
    struct loopback *l = loopback_new(s.base, 1000 * PATIENCE_S);
    for (unsigned i = 0; i < 3; i++)
        call(&s, l);
    assert_int_equal(s.accepted, 1);
    assert_int_equal(s.requests, 3);
    loopback_free(l);
    run(&s);
    close_server(&s);
}

TEST(a_call_may_take_longer_than_a_connection_is_kept)
{
    struct server s;
    serve(&s);
    struct loopback *l = loopback_new(s.base, KEPT_MS);
    s.delay.tv_usec = 4 * KEPT_MS * 1000;
    call(&s, l);
    assert_int_equal(s.accepted, 1);
    loopback_free(l);
    run(&s);
    close_server(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_is_closed_in_time),
        cmocka_unit_test(a_connection_is_kept_and_serves_again),
        cmocka_unit_test(a_call_may_take_longer_than_a_connection_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
