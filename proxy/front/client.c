/* loop: one connection of a client, its bytes in and its replies out. */
#include "proxy/front/client.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE (16u << 10)
#define IN_MAX (HTTP_HEAD_MAX + READ_SIZE)   /* a head, or what a client sends ahead while it is served */
#define OUT_HIGH (64u << 10)                 /* unsent bytes above which client_is_full() */
#define OUT_LOW (16u << 10)                  /* … and below which it is told that it drained */
#define OUT_MAX (48u << 20)                  /* ceiling of unsent bytes: a whole reply */
#define KEEP_MAX (4u << 10)                  /* larger buffers are freed when they are empty */
#define BODY_STEP (64u << 10)                /* progress that earns a body another timeout */

enum client_state {
    CLIENT_HEAD,      /* waits for a request, or for the rest of its head */
    CLIENT_BODY,
    CLIENT_SERVED,    /* the request is with the exchange */
    CLIENT_CLOSING,   /* writes the rest of its output, then closes */
    CLIENT_LINGERING, /* has closed its side, reads the client's rest so that no reset eats the reply */
};

struct client {
    struct client_shared *shared;
    struct client *next, **back;    /* in shared->all */
    int fd;
    enum client_state state;
    struct event *readable, *writable, *timer;
    struct buf in;                  /* raw input that nobody has looked at yet */
    size_t scanned;                 /* how far http_head_length() has come in it */
    struct buf head_text;           /* of the request; `head` points into it */
    struct http_head head;
    enum endpoint endpoint;
    struct buf body;
    struct http_chunked chunked;
    size_t body_step;               /* body length at the last timeout */
    struct buf out;
    size_t sent;                    /* of out */
    bool streaming, was_full;
    bool broken;                    /* the socket failed while somebody above was calling us */
    bool input_waits;               /* bytes are in `in` that no read event will announce */
    void *user;
};

static void on_event(evutil_socket_t fd, short what, void *arg);

static void arm(struct client *c, const struct timeval *timeout)
{
    evtimer_add(c->timer, timeout);
}

static void enter(struct client *c, enum client_state state)
{
    const struct timeval *const timeouts[] = {
        [CLIENT_HEAD] = c->in.len ? c->shared->head_timeout : c->shared->idle_timeout,
        [CLIENT_BODY] = c->shared->body_timeout,
        [CLIENT_SERVED] = NULL,
        [CLIENT_CLOSING] = c->shared->idle_timeout,
        [CLIENT_LINGERING] = c->shared->linger_timeout,
    };
    c->state = state;
    if (timeouts[state])
        arm(c, timeouts[state]);
    else
        evtimer_del(c->timer);
}

bool client_open(struct client_shared *shared, int fd)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->shared = shared;
    c->fd = fd;
    buf_init(&c->in, IN_MAX);
    buf_init(&c->head_text, HTTP_HEAD_MAX);
    buf_init(&c->body, shared->admit.body_max);
    buf_init(&c->out, OUT_MAX);
    c->next = shared->all;
    c->back = &shared->all;
    if (c->next)
        c->next->back = &c->next;
    shared->all = c;
    shared->count++;
    c->readable = event_new(shared->base, fd, EV_READ | EV_PERSIST, on_event, c);
    c->writable = event_new(shared->base, fd, EV_WRITE, on_event, c);
    c->timer = evtimer_new(shared->base, on_event, c);
    enter(c, CLIENT_HEAD);
    return event_add(c->readable, NULL) == 0;
}

static void destroy(struct client *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    c->shared->count--;
    event_free(c->readable);
    event_free(c->writable);
    event_free(c->timer);
    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->head_text);
    buf_free(&c->body);
    buf_free(&c->out);
    free(c);
}

/* The connection is of no more use: whoever serves its request hears of it, and it is gone. */
static void lose(struct client *c)
{
    if (c->state == CLIENT_SERVED)
        c->shared->events.gone(c->user, c->shared->events.ctx);
    destroy(c);
}

/* From a call that came from above: the loss is carried out from the loop, where nobody still holds the client. */
static void lose_later(struct client *c)
{
    c->broken = true;
    event_active(c->readable, EV_TIMEOUT, 0);
}

/* Empties a buffer; large ones are given back, for a connection may then be idle for long. */
static void release(struct buf *b)
{
    if (b->cap > KEEP_MAX)
        buf_free(b);
    else
        buf_clear(b);
}

/* Writes what is there; false when the socket has failed. */
static bool flush(struct client *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            event_add(c->writable, NULL);
            c->was_full |= client_is_full(c);
            arm(c, c->shared->idle_timeout);   /* a reader that stalls for that long is gone */
            return true;
        }
        if (n < 0)
            return false;
        c->sent += (size_t)n;
    }
    if (c->state == CLIENT_SERVED)
        evtimer_del(c->timer);
    c->sent = 0;
    release(&c->out);
    return true;
}

bool client_is_full(const struct client *c)
{
    return c->out.len - c->sent > OUT_HIGH;
}

static const char *reason(int status)
{
    static const struct { int status; const char *text; } reasons[] = {
        {200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"}, {402, "Payment Required"}, {403, "Forbidden"},
        {404, "Not Found"}, {405, "Method Not Allowed"}, {408, "Request Timeout"}, {413, "Content Too Large"},
        {414, "URI Too Long"}, {417, "Expectation Failed"}, {422, "Unprocessable Content"},
        {426, "Upgrade Required"}, {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"}, {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status";
}

/* The Date field (RFC 9110, 6.6.1), made anew once a second. */
static const char *date_field(void)
{
    static char field[48];
    static time_t made;
    time_t now = time(NULL);
    if (now != made) {
        struct tm utc;
        made = now;
        (void)strftime(field, sizeof field, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&now, &utc));
    }
    return field;
}

static void add_reply_head(struct client *c, const struct client_reply *reply)
{
    buf_add_format(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\n", reply->status,
                   reason(reply->status), reply->content_type);
    buf_add_text(&c->out, date_field());
    buf_add_slice(&c->out, reply->fields);
    if (!c->head.keep_alive)
        BUF_ADD(&c->out, "Connection: close\r\n");
    else if (c->head.minor == 0)
        BUF_ADD(&c->out, "Connection: keep-alive\r\n");
}

/* The reply is complete as far as we are concerned. */
static void finish(struct client *c)
{
    c->user = NULL;
    c->streaming = false;
    release(&c->body);
    buf_clear(&c->head_text);
    if (!c->head.keep_alive || c->shared->closing || c->out.failed) {
        enter(c, CLIENT_CLOSING);
    } else {
        c->scanned = 0;
        enter(c, CLIENT_HEAD);
        if (!c->in.len)
            return;
    }
    /* Input that came ahead, or the close: from the loop, for our caller is still at work. */
    c->input_waits = true;
    event_active(c->readable, EV_TIMEOUT, 0);
}

void client_send_reply(struct client *c, const struct client_reply *reply)
{
    add_reply_head(c, reply);
    buf_add_format(&c->out, "Content-Length: %zu\r\n\r\n", reply->body.len);
    if (!slice_is(c->head.method, "HEAD"))
        buf_add_slice(&c->out, reply->body);
    finish(c);
    if (!flush(c))
        lose_later(c);
}

void client_start_stream(struct client *c, const struct client_reply *start)
{
    c->streaming = true;
    if (c->head.minor == 0)
        c->head.keep_alive = false;   /* the close is what ends it */
    add_reply_head(c, start);
    if (c->head.minor == 1)
        BUF_ADD(&c->out, "Transfer-Encoding: chunked\r\n");
    BUF_ADD(&c->out, "X-Accel-Buffering: no\r\n\r\n");
}

void client_send(struct client *c, struct slice bytes)
{
    if (!bytes.len || c->broken)
        return;
    if (c->head.minor == 1)
        buf_add_format(&c->out, "%zx\r\n", bytes.len);
    buf_add_slice(&c->out, bytes);
    if (c->head.minor == 1)
        BUF_ADD(&c->out, "\r\n");
    if (c->out.failed || !flush(c))
        lose_later(c);
}

void client_end_stream(struct client *c)
{
    if (c->head.minor == 1)
        BUF_ADD(&c->out, "0\r\n\r\n");
    finish(c);
    if (!flush(c))
        lose_later(c);
}

/* Answers without an exchange, and closes: whatever of the request is still to come is not to be trusted, or not wanted. */
static void refuse(struct client *c, const struct refusal *refusal)
{
    struct buf body;
    char allow[64] = "";
    buf_init(&body, 4096);
    refusal_body(refusal, &body);
    buf_clear(&c->out);
    struct client_reply reply = {refusal->status, "application/json", {allow, 0}, buf_slice(&body)};
    if (refusal->allow)
        reply.fields.len = (size_t)snprintf(allow, sizeof allow, "Allow: %s\r\n", refusal->allow);
    if (c->head.framing != HTTP_NO_BODY)
        c->head.keep_alive = false;
    client_send_reply(c, &reply);
    buf_free(&body);
}

static void refuse_syntax(struct client *c, int status, const char *message)
{
    c->head = (struct http_head){.minor = 1};   /* nothing that was read of it counts */
    refuse(c, &(struct refusal){status, "invalid_request_error", "bad_http_request", message, NULL});
}

/* The body is there: up it goes. */
static void serve(struct client *c)
{
    if (!c->in.len)
        release(&c->in);
    enter(c, CLIENT_SERVED);
    c->shared->events.request(c, c->endpoint, c->shared->events.ctx);
}

/* Takes the head off the input; what stands behind it stays. true: go on with the body. */
static bool take_head(struct client *c)
{
    struct http_error error;
    struct refusal refusal;
    while (c->in.len >= 2 && !c->scanned && memcmp(c->in.data, "\r\n", 2) == 0)
        buf_drop(&c->in, 2);   /* RFC 9112, 2.2: empty lines before a request are passed over */
    size_t len = http_head_length(buf_slice(&c->in), &c->scanned);
    if (!len && c->in.len < HTTP_HEAD_MAX)
        return false;
    if (!len || len > HTTP_HEAD_MAX) {
        refuse_syntax(c, 431, "the request's head is too large");
        return false;
    }
    buf_clear(&c->head_text);
    if (!buf_add(&c->head_text, c->in.data, len)) {
        refuse_syntax(c, 503, "no memory");
        return false;
    }
    buf_drop(&c->in, len);
    if (http_parse_head(buf_slice(&c->head_text), &c->head, &error) != HTTP_OK) {
        refuse_syntax(c, error.status, error.message);
        return false;
    }
    if (!admit(&c->head, &c->shared->admit, &c->endpoint, &refusal)) {
        refuse(c, &refusal);
        return false;
    }
    c->chunked = (struct http_chunked){0};
    c->body_step = 0;
    if (c->head.expects_continue && !c->in.len && c->head.framing != HTTP_NO_BODY) {
        BUF_ADD(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        if (!flush(c))
            lose_later(c);
    }
    return true;
}

static bool take_chunked(struct client *c)
{
    struct slice input = buf_slice(&c->in), piece;
    enum http_result result;
    do {
        result = http_read_chunked(&c->chunked, &input, &piece);
        if (!buf_add_slice(&c->body, piece)) {
            refuse_syntax(c, 413, "the request's body is too large");
            return false;
        }
    } while (result == HTTP_MORE && piece.len);
    buf_drop(&c->in, c->in.len - input.len);
    if (result == HTTP_BAD)
        refuse_syntax(c, 400, "the chunked body is malformed");
    return result == HTTP_OK;
}

/* Moves body bytes from the input; true when the body is complete. */
static bool take_body(struct client *c)
{
    if (c->head.framing == HTTP_CHUNKED)
        return take_chunked(c);
    size_t missing = c->head.framing == HTTP_LENGTH ? (size_t)c->head.content_length - c->body.len : 0;
    size_t take = missing < c->in.len ? missing : c->in.len;
    if (!buf_add(&c->body, c->in.data, take) || !buf_reserve(&c->body, missing - take)) {
        refuse_syntax(c, 503, "no memory for the request's body");
        return false;
    }
    buf_drop(&c->in, take);
    return take == missing;
}

/* Carries the request on as far as the input goes. */
static void advance(struct client *c)
{
    c->input_waits = false;
    if (c->state == CLIENT_HEAD && c->in.len) {
        if (!c->scanned)
            arm(c, c->shared->head_timeout);
        if (take_head(c))
            enter(c, CLIENT_BODY);
    }
    if (c->state == CLIENT_BODY) {
        if (take_body(c)) {
            serve(c);
        } else if (c->body.len - c->body_step >= BODY_STEP) {
            c->body_step = c->body.len;
            arm(c, c->shared->body_timeout);
        }
    }
}

/* Where the next bytes belong: straight into the body where its length is known, else into the input. */
static struct buf *read_target(struct client *c, size_t *room)
{
    if (c->state == CLIENT_BODY && c->head.framing == HTTP_LENGTH && !c->in.len) {
        *room = (size_t)c->head.content_length - c->body.len;
        return &c->body;
    }
    *room = READ_SIZE;
    return &c->in;
}

/* One read. false: the connection is over, and with it the client. */
static bool read_some(struct client *c)
{
    size_t room;
    if (c->state == CLIENT_LINGERING || c->state == CLIENT_CLOSING)
        buf_clear(&c->in);
    struct buf *target = read_target(c, &room);
    if (!buf_reserve(target, room)) {
        lose(c);   /* it sends on and on while it is served */
        return false;
    }
    ssize_t n = read(c->fd, target->data + target->len, room);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (n <= 0) {
        lose(c);
        return false;
    }
    target->len += (size_t)n;
    return true;
}

/* All is written: closes our side, and waits for the client to close its own. */
static void close_gently(struct client *c)
{
    if (c->sent < c->out.len)
        return;
    (void)shutdown(c->fd, SHUT_WR);
    enter(c, CLIENT_LINGERING);
}

static void on_timeout(struct client *c)
{
    if ((c->state == CLIENT_HEAD && c->in.len) || c->state == CLIENT_BODY)
        refuse_syntax(c, 408, "the request took too long to arrive");
    else
        lose(c);
}

/* All events of a connection end here: EV_READ and EV_WRITE from the socket, EV_TIMEOUT from the timer, and EV_TIMEOUT on the
 * read event from ourselves (event_active) when something is left to do that no socket announces. */
static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    if (c->broken) {
        lose(c);
        return;
    }
    if (what & EV_WRITE) {
        if (!flush(c)) {
            lose(c);
            return;
        }
        if (c->was_full && c->out.len - c->sent <= OUT_LOW && c->state == CLIENT_SERVED) {
            c->was_full = false;
            c->shared->events.drained(c->user, c->shared->events.ctx);
        }
    }
    if ((what & EV_READ) && !read_some(c))
        return;
    if ((what & EV_TIMEOUT) && fd < 0) {
        on_timeout(c);
        return;
    }
    if ((what & EV_READ) || c->input_waits)
        advance(c);
    if (c->state == CLIENT_CLOSING && !c->broken)
        close_gently(c);
}

void client_close_all(struct client_shared *shared)
{
    while (shared->all)
        lose(shared->all);
}

void client_close_idle(struct client_shared *shared)
{
    shared->closing = true;
    for (struct client *c = shared->all, *next; c; c = next) {
        next = c->next;
        if (c->state == CLIENT_HEAD)
            lose(c);
    }
}

const struct http_head *client_head(const struct client *c)
{
    return &c->head;
}

struct slice client_body(const struct client *c)
{
    return buf_slice(&c->body);
}

void client_set_user(struct client *c, void *user)
{
    c->user = user;
}
