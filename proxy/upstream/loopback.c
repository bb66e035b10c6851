/* loop: HTTP/1.1 to a server on this machine. */
#include "proxy/upstream/loopback_private.h"

#include "common/url.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_SIZE (64u << 10) /* bytes per recv() */
#define IDLE_MAX 1024         /* idle connections to all origins; as many as libcurl's (curl_call.c) */

struct loopback {
    struct event_base *base;
    struct loopback_call *idle;
    unsigned idle_count;
    struct event *sweep;
};

static void on_event(evutil_socket_t fd, short what, void *arg);

bool loopback_parse(const char *text, struct loopback_origin *origin)
{
    struct url url;
    if (!url_split(slice_of(text), &url) || url.tls || !url_is_loopback(&url) || url.path.len >= sizeof origin->path)
        return false;
    struct slice authority = {url.host.ptr, (size_t)(url.origin.ptr + url.origin.len - url.host.ptr)};
    if (authority.len >= sizeof origin->host)
        return false;
    *origin = (struct loopback_origin){.port = (uint16_t)url.port};
    memcpy(origin->host, authority.ptr, authority.len);
    memcpy(origin->path, url.path.ptr, url.path.len);
    origin->address_count = url_loopback(url.host, origin->addresses);
    return true;
}

static bool same_origin(const struct loopback_origin *a, const struct loopback_origin *b)
{
    return a->port == b->port && a->address_count == b->address_count &&
           memcmp(a->addresses, b->addresses, a->address_count * sizeof *a->addresses) == 0;
}

static void unlink_idle(struct loopback_call *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    c->owner->idle_count--;
}

static void close_socket(struct loopback_call *c)
{
    if (c->readable)
        event_free(c->readable);
    if (c->writable)
        event_free(c->writable);
    c->readable = c->writable = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void loopback_destroy(struct loopback_call *c)
{
    close_socket(c);
    buf_free(&c->reply_head);
    buf_free(&c->piece);
    buf_free(&c->rest);
    free(c);
}

void loopback_finish(struct loopback_call *c, enum failure_kind failure, const char *message)
{
    const struct transport_events *events = c->events;
    struct loopback *l = c->owner;
    void *ctx = c->ctx;
    bool keep = failure == FAILURE_NONE && c->reply.keep_alive && loopback_sent(c) && l->idle_count < IDLE_MAX;
    if (keep) {
        c->events = NULL;
        c->reused = true;
        c->swept = false;
        c->next = l->idle;
        c->back = &l->idle;
        if (c->next)
            c->next->back = &c->next;
        l->idle = c;
        l->idle_count++;
    } else {
        loopback_destroy(c);
    }
    events->done(ctx, failure, message);
}

static bool connect_socket(struct loopback_call *c)
{
    struct sockaddr_storage to;
    socklen_t len = url_socket_address(&c->origin.addresses[c->address], c->origin.port, &to);
    c->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return false;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->readable = event_new(c->owner->base, c->fd, EV_READ | EV_PERSIST, on_event, c);
    c->writable = event_new(c->owner->base, c->fd, EV_WRITE, on_event, c);
    if (!c->readable || !c->writable || event_add(c->writable, NULL) != 0)
        return false;
    int done = connect(c->fd, (struct sockaddr *)&to, len);
    c->refused = done != 0 && errno != EINPROGRESS;
    if (c->refused)
        event_active(c->writable, EV_TIMEOUT, 0);
    c->phase = CONNECTING;
    return true;
}

/* The server closed a reused connection before it got this request: repeats it once on a new connection. */
static bool start_over(struct loopback_call *c)
{
    if (!c->reused || c->heard)
        return false;
    close_socket(c);
    c->reused = false;
    c->sent = 0;
    c->address = 0;
    return connect_socket(c);
}

/* Nothing listens at this address: connects to the next one. false: it was the last. */
static bool try_next_address(struct loopback_call *c)
{
    if (c->address + 1 >= c->origin.address_count)
        return false;
    close_socket(c);
    c->address++;
    return connect_socket(c);
}

static void fail(struct loopback_call *c, enum failure_kind failure, const char *message)
{
    if (!start_over(c))
        loopback_finish(c, failure, message);
}

bool loopback_sent(const struct loopback_call *c)
{
    return c->sent == c->len;
}

#define PARTS (sizeof((struct loopback_call *)0)->request / sizeof(struct slice))

/* Writes the rest of the request. false: the connection is lost. */
static bool send_request(struct loopback_call *c)
{
    struct iovec vectors[PARTS];
    while (!loopback_sent(c)) {
        size_t skip = c->sent;
        int count = 0;
        for (size_t i = 0; i < PARTS; i++) {
            struct slice part = c->request[i];
            size_t off = skip < part.len ? skip : part.len;
            skip -= off;
            if (off < part.len)
                vectors[count++] = (struct iovec){(void *)(uintptr_t)(part.ptr + off), part.len - off};
        }
        ssize_t n = sendmsg(c->fd, &(struct msghdr){.msg_iov = vectors, .msg_iovlen = (size_t)count}, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return event_add(c->writable, NULL) == 0;
        if (n < 0)
            return false;
        c->sent += (size_t)n;
    }
    return true;
}

static void on_eof(struct loopback_call *c)
{
    bool whole = c->phase == BODY && c->reply.framing == HTTP_REPLY_UNTIL_CLOSE;
    if (whole)
        loopback_finish(c, FAILURE_NONE, "");
    else if (c->phase == BODY)
        loopback_finish(c, FAILURE_CUT, "the connection was closed in the middle of the reply");
    else
        fail(c, FAILURE_CONNECT, "the connection was closed before the reply");
}

static void on_readable(struct loopback_call *c)
{
    static char bytes[READ_SIZE];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (!c->events) { /* an idle connection: it was closed, or has unexpected data */
        unlink_idle(c);
        loopback_destroy(c);
    } else if (n == 0) {
        on_eof(c);
    } else if (n < 0) {
        fail(c, c->phase == BODY ? FAILURE_CUT : FAILURE_CONNECT, "the connection was reset");
    } else {
        c->heard = true;
        loopback_take(c, (struct slice){bytes, (size_t)n});
    }
}

static void on_writable(struct loopback_call *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (c->phase == CONNECTING) {
        (void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        bool refused = c->refused || error;
        if (refused && try_next_address(c))
            return;
        if (refused || event_add(c->readable, NULL) != 0) {
            fail(c, FAILURE_CONNECT, "can't connect: nothing listens there");
            return;
        }
        c->phase = SENDING;
    }
    if (!send_request(c))
        fail(c, FAILURE_CONNECT, "the connection was closed while the request was sent");
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    if (what & EV_READ)
        on_readable(arg);
    else
        on_writable(arg);
}

static struct loopback_call *take_idle(struct loopback *l, const struct loopback_origin *origin)
{
    for (struct loopback_call *c = l->idle; c; c = c->next) {
        if (same_origin(&c->origin, origin)) {
            unlink_idle(c);
            return c;
        }
    }
    return NULL;
}

static struct loopback_call *make_call(struct loopback *l, const struct loopback_origin *origin)
{
    struct loopback_call *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->owner = l;
    c->origin = *origin;
    c->fd = -1;
    buf_init(&c->reply_head, HTTP_HEAD_MAX);
    buf_init(&c->piece, READ_SIZE);
    buf_init(&c->rest, READ_SIZE);
    if (connect_socket(c))
        return c;
    loopback_destroy(c);
    return NULL;
}

/* Sets the parts to send: the head, its end, and the body. */
static void set_request(struct loopback_call *c, const struct loopback_request *request)
{
    size_t body_len = pieces_length(&request->body);
    c->request[0] = request->head;
    c->request[1] = SLICE("\r\n");
    if (request->body.of[0].ptr) {
        c->request[1] = slice_of_number(body_len, c->digits);
        memcpy(c->digits + DIGITS_MAX, "\r\n\r\n", 4);
        c->request[1].len += 4;
    }
    memcpy(c->request + 2, request->body.of, sizeof request->body.of);
    c->len = c->request[0].len + c->request[1].len + body_len;
    c->sent = 0;
}

struct loopback_call *loopback_start(struct loopback *l, const struct loopback_request *request,
                                     const struct transport_events *events, void *ctx)
{
    struct loopback_call *c = take_idle(l, request->origin);
    bool reused = c != NULL;
    if (!c)
        c = make_call(l, request->origin);
    if (!c)
        return NULL;
    c->events = events;
    c->ctx = ctx;
    set_request(c, request);
    c->heard = c->paused = c->cancelled = false;
    c->reply = (struct http_reply){0};
    c->chunked = (struct http_chunked){0};
    if (reused) {
        c->phase = SENDING;
        if (!send_request(c))
            event_active(c->writable, EV_TIMEOUT, 0); /* fails again, from the loop, which starts over */
    }
    return c;
}

void loopback_cancel(struct loopback_call *c)
{
    c->cancelled = true;
    if (!c->inside)
        loopback_destroy(c);
}

/* Closes connections that have been idle since the last sweep. So no clock is read when a connection becomes idle. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct loopback *l = arg;
    (void)fd, (void)what;
    for (struct loopback_call *c = l->idle, *next; c; c = next) {
        next = c->next;
        if (c->swept) {
            unlink_idle(c);
            loopback_destroy(c);
        } else
            c->swept = true;
    }
}

struct loopback *loopback_new(struct event_base *base, unsigned idle_ms)
{
    struct loopback *l = calloc(1, sizeof *l);
    struct timeval half = {idle_ms / 2000, idle_ms / 2 % 1000 * 1000};
    if (!l)
        return NULL;
    l->base = base;
    l->sweep = event_new(base, -1, EV_PERSIST, on_sweep, l);
    if (l->sweep && event_add(l->sweep, &half) == 0)
        return l;
    loopback_free(l);
    return NULL;
}

void loopback_free(struct loopback *l)
{
    if (!l)
        return;
    while (l->idle) {
        struct loopback_call *c = l->idle;
        unlink_idle(c);
        loopback_destroy(c);
    }
    if (l->sweep)
        event_free(l->sweep);
    free(l);
}
