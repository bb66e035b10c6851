/* A small blocking HTTP/1.1 client for servers on this machine. */
#include "cli/local_http.h"

#include "common/clock.h"
#include "common/url.h"
#include "proxy/http/reply.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (32u << 10)

struct http_call {
    const struct local_http_request *request;
    struct local_http_reply *reply;
    struct buf *error;
    struct url url;
    int fd;
    uint64_t deadline; /* ms, monotonic; 0: none */
    struct buf head;   /* bytes read but not yet parsed */
    struct http_reply parsed;
    struct http_chunked chunked;
    uint64_t left; /* HTTP_REPLY_LENGTH: remaining bytes */
};

static bool fault(struct http_call *x, enum local_http_fault kind, const char *what)
{
    x->reply->fault = kind;
    buf_add_format(x->error, "%.*s: %s", SLICE_ARGS(x->url.origin), what);
    return false;
}

/* Waits until the socket is ready. false: timeout or error, after fault(). */
static bool wait_for(struct http_call *x, short events)
{
    for (;;) {
        int limit = x->request->idle_ms ? x->request->idle_ms : -1;
        if (x->deadline) {
            uint64_t now = clock_monotonic_ms(), left = x->deadline > now ? x->deadline - now : 0;
            if (limit < 0 || left < (uint64_t)limit)
                limit = left > INT_MAX ? INT_MAX : (int)left;
        }
        struct pollfd fd = {.fd = x->fd, .events = events};
        int ready = poll(&fd, 1, limit);
        if (ready > 0)
            return true;
        if (ready == 0)
            return fault(x, LOCAL_HTTP_TIMEOUT, "timed out");
        if (errno != EINTR)
            return fault(x, LOCAL_HTTP_BROKEN, strerror(errno));
    }
}

static bool locate(struct http_call *x)
{
    struct slice base = slice_of(x->request->base);
    if (!url_split(base, &x->url)) {
        x->url.origin = base;
        return fault(x, LOCAL_HTTP_ELSEWHERE, "not a base URL: expected " URL_FORM);
    }
    if (x->url.tls || !url_is_loopback(&x->url))
        return fault(x, LOCAL_HTTP_ELSEWHERE, "not an http:// URL of this machine");
    return true;
}

/* Connects to one address. false with errno set, or after fault(). */
static bool connect_to(struct http_call *x, const struct url_address *address)
{
    struct sockaddr_storage to;
    socklen_t len = url_socket_address(address, (uint16_t)x->url.port, &to);
    int result = 0;
    x->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return false;
    if (connect(x->fd, (struct sockaddr *)&to, len) == 0)
        return true;
    if (errno == EINPROGRESS) {
        socklen_t size = sizeof result;
        if (!wait_for(x, POLLOUT) || getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &result, &size) != 0)
            return false;
        if (result == 0)
            return true;
        errno = result;
    }
    result = errno;
    close(x->fd);
    x->fd = -1;
    errno = result;
    return false;
}

static bool open_connection(struct http_call *x)
{
    struct url_address addresses[URL_LOOPBACK_MAX];
    unsigned count = url_loopback(x->url.host, addresses);
    for (unsigned i = 0; i < count && !x->reply->fault; i++)
        if (connect_to(x, &addresses[i]))
            return true;
    if (x->reply->fault)
        return false;
    return fault(x, errno == ECONNREFUSED ? LOCAL_HTTP_REFUSED : LOCAL_HTTP_BROKEN,
                 errno == ECONNREFUSED ? "no server is listening" : strerror(errno));
}

static bool write_head(const struct http_call *x, struct buf *out)
{
    const struct local_http_request *r = x->request;
    struct slice path = x->url.path;
    if (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    struct slice host = {x->url.host.ptr, (size_t)(x->url.origin.ptr + x->url.origin.len - x->url.host.ptr)};
    buf_add_format(out, "%s %.*s%s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n", r->method, SLICE_ARGS(path),
                   r->path, SLICE_ARGS(host));
    for (const char *const *field = r->fields; field && *field; field++) {
        if (strpbrk(*field, "\r\n"))
            return false;
        buf_add_format(out, "%s\r\n", *field);
    }
    if (r->content_type)
        buf_add_format(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->content_type, r->body.len);
    BUF_ADD(out, "\r\n");
    return buf_add_slice(out, r->body) && !out->failed;
}

static bool send_all(struct http_call *x, struct slice bytes)
{
    while (bytes.len) {
        ssize_t sent = send(x->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.ptr += sent;
            bytes.len -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return true; /* the server may have replied before it closed */
        } else if (errno == EAGAIN ? !wait_for(x, POLLOUT) : errno != EINTR) {
            return x->reply->fault ? false : fault(x, LOCAL_HTTP_BROKEN, strerror(errno));
        }
    }
    return true;
}

static bool send_request(struct http_call *x)
{
    struct buf out;
    buf_init(&out, LOCAL_HTTP_BODY_MAX + HTTP_HEAD_MAX);
    bool sent = write_head(x, &out)
                    ? send_all(x, buf_slice(&out))
                    : fault(x, LOCAL_HTTP_BROKEN, "the request is too long, or a header contains a line break");
    buf_wipe(&out); /* may contain a key */
    return sent;
}

/* Reads once and appends to `head`. 1: bytes were read; 0: end of file; -1: error, after fault(). */
static int read_more(struct http_call *x)
{
    if (!buf_reserve(&x->head, READ_BYTES))
        return fault(x, LOCAL_HTTP_BROKEN, "the reply's head is too long") - 1;
    for (;;) {
        ssize_t got = read(x->fd, x->head.data + x->head.len, READ_BYTES);
        if (got > 0) {
            x->head.len += (size_t)got;
            return 1;
        }
        if (got == 0)
            return 0;
        if (errno == EAGAIN ? !wait_for(x, POLLIN) : errno != EINTR)
            return x->reply->fault ? -1 : fault(x, LOCAL_HTTP_BROKEN, strerror(errno)) - 1;
    }
}

static bool read_head(struct http_call *x)
{
    do {
        size_t scanned = 0, len;
        while ((len = http_head_length(buf_slice(&x->head), &scanned)) == 0) {
            int got = read_more(x);
            if (got < 0)
                return false;
            if (got == 0)
                return fault(x, LOCAL_HTTP_BROKEN, "connection closed without a reply");
        }
        if (!http_reply_parse((struct slice){x->head.data, len}, &x->parsed))
            return fault(x, LOCAL_HTTP_BROKEN, "invalid HTTP reply");
        /* These point into the head, which is dropped now. */
        x->parsed.content_type = x->parsed.retry_after = (struct slice){NULL, 0};
        buf_drop(&x->head, len);
    } while (x->parsed.status < 200);
    x->reply->status = x->parsed.status;
    x->left = x->parsed.content_length;
    return true;
}

static bool take_piece(struct http_call *x, struct slice piece)
{
    if (!piece.len)
        return true;
    if (!x->request->on_body || x->reply->status > 299)
        return buf_add_slice(&x->reply->body, piece) || fault(x, LOCAL_HTTP_BROKEN, "the reply is too long");
    if (x->request->on_body(piece, x->request->ctx))
        return true;
    x->reply->fault = LOCAL_HTTP_STOPPED;
    return false;
}

/* Processes the body bytes in `head`. *complete: end of the body. */
static bool take_body(struct http_call *x, bool *complete)
{
    struct slice input = buf_slice(&x->head), piece = input;
    enum http_result result = HTTP_MORE;
    if (x->parsed.framing == HTTP_REPLY_CHUNKED) {
        do {
            result = http_read_chunked(&x->chunked, &input, &piece);
            if (!take_piece(x, piece))
                return false;
        } while (result == HTTP_MORE && piece.len);
    } else {
        if (x->parsed.framing == HTTP_REPLY_LENGTH && piece.len > x->left)
            piece.len = (size_t)x->left;
        if (!take_piece(x, piece))
            return false;
        x->left -= x->parsed.framing == HTTP_REPLY_LENGTH ? piece.len : 0;
        result = x->parsed.framing == HTTP_REPLY_LENGTH && x->left == 0 ? HTTP_OK : HTTP_MORE;
    }
    if (result == HTTP_BAD)
        return fault(x, LOCAL_HTTP_BROKEN, "invalid HTTP reply");
    *complete = result == HTTP_OK;
    buf_clear(&x->head);
    return true;
}

static bool read_body(struct http_call *x)
{
    bool complete = x->parsed.framing == HTTP_REPLY_EMPTY;
    while (!complete) {
        if (!take_body(x, &complete))
            return false;
        int got = complete ? 1 : read_more(x);
        if (got < 0)
            return false;
        if (got == 0)
            return x->parsed.framing == HTTP_REPLY_UNTIL_CLOSE || fault(x, LOCAL_HTTP_BROKEN, "the reply is truncated");
    }
    return true;
}

bool local_http(const struct local_http_request *request, struct local_http_reply *reply, struct buf *error)
{
    struct http_call x = {.request = request, .reply = reply, .error = error, .fd = -1};
    *reply = (struct local_http_reply){0};
    buf_init(&reply->body, LOCAL_HTTP_BODY_MAX);
    buf_init(&x.head, HTTP_HEAD_MAX + READ_BYTES);
    x.deadline = request->timeout_ms ? clock_monotonic_ms() + (uint64_t)request->timeout_ms : 0;
    bool done = locate(&x) && open_connection(&x) && send_request(&x) && read_head(&x) && read_body(&x);
    if (x.fd >= 0)
        close(x.fd);
    buf_wipe(&x.head);
    return done;
}

void local_http_free(struct local_http_reply *reply)
{
    buf_wipe(&reply->body);
}
