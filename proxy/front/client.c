/* loop: one client connection, its requests and replies. */
#include "proxy/front/client_private.h"

#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE (8u << 10) /* bytes, for a head and what follows it; the rest of a body is read in place */
#define IN_MAX (HTTP_HEAD_MAX + READ_SIZE) /* a head, or input that arrives while a request is served */
#define OUT_MAX (48u << 20)                /* bytes not yet sent; room for a whole reply */
#define TLS_LOG_MS 60000u                  /* ms between log lines about TLS clients */
#define BODY_STEP (64u << 10)              /* bytes of a body that restart its timeout */

static void on_event(evutil_socket_t fd, short what, void *arg);

/* Without a timer a connection could stay open forever, so it is closed instead. */
static void arm(struct client *c, const struct timeval *timeout)
{
    if (evtimer_add(c->timer, timeout) != 0)
        client_lose_later(c);
}

void client_enter(struct client *c, enum client_state state)
{
    const struct timeval *const timeouts[] = {
        [CLIENT_HEAD] = c->in.len ? c->shared->head_timeout : c->shared->idle_timeout,
        [CLIENT_SERVED] = NULL,
        [CLIENT_CLOSING] = c->shared->idle_timeout,
        [CLIENT_LINGERING] = c->shared->linger_timeout,
    };
    c->state = state;
    if (timeouts[state])
        arm(c, timeouts[state]); /* otherwise the old timer keeps running and on_timeout() ignores it: cheaper than
                                    deleting it */
}

static void link_up(struct client *c)
{
    c->next = c->shared->all;
    c->back = &c->shared->all;
    if (c->next)
        c->next->back = &c->next;
    c->shared->all = c;
    c->shared->count++;
}

/* Whether output was not sent, or not acknowledged. */
static bool has_undelivered(const struct client *c)
{
    int unacknowledged = 0;
    return c->sent < c->out.len || (ioctl(c->fd, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0);
}

static void destroy(struct client *c)
{
    if (c->ticket && has_undelivered(c))
        c->shared->events.arrived(c->ticket, false, c->shared->events.ctx);
    struct event *events[] = {c->readable, c->writable, c->timer};
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    c->shared->count--;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    close(c->fd);
    buf_free(&c->in);
    buf_free(&c->head_text);
    buf_free(&c->body);
    buf_free(&c->out);
    ceiling_release(&c->held);
    ceiling_release(&c->out_held);
    free(c);
}

bool client_open(struct client_shared *shared, int fd)
{
    struct client *c = calloc(1, sizeof *c + (shared->gate ? sizeof *c->key : 0));
    if (!c) {
        close(fd);
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->shared = shared;
    c->key = shared->gate ? (struct key_ref *)(c + 1) : NULL;
    c->fd = fd;
    c->held.of = c->out_held.of = shared->bodies;
    buf_init(&c->in, IN_MAX);
    buf_init(&c->head_text, HTTP_HEAD_MAX);
    buf_init(&c->body, shared->admit.body_max);
    buf_init(&c->out, OUT_MAX);
    link_up(c);
    c->readable = event_new(shared->base, fd, EV_READ | EV_PERSIST, on_event, c);
    c->writable = event_new(shared->base, fd, EV_WRITE, on_event, c);
    c->timer = evtimer_new(shared->base, on_event, c);
    if (!c->readable || !c->writable || !c->timer || event_add(c->readable, NULL) != 0) {
        destroy(c);
        return false;
    }
    client_enter(c, CLIENT_HEAD);
    arm(c,
        shared->head_timeout); /* a new connection must send a request soon; between requests it may be idle longer */
    return true;
}

/* The connection is finished: reports a request in progress as gone, and frees the client. */
static void lose(struct client *c)
{
    if (c->state == CLIENT_SERVED && c->user)
        c->user->gone(c->user);
    destroy(c);
}

void client_look_later(struct client *c)
{
    c->input_waits = true;
    event_active(c->readable, EV_TIMEOUT, 0);
}

void client_lose_later(struct client *c)
{
    c->broken = true;
    event_active(c->readable, EV_TIMEOUT, 0);
}

/* The client can't read the reply, and its user may see only a broken connection. So the log says why. */
static void refuse_tls(struct client *c)
{
    uint64_t now = clock_monotonic_ms();
    if (!c->shared->tls_logged_ms || now - c->shared->tls_logged_ms >= TLS_LOG_MS) {
        log_warning("TLS client on port %u, which serves plain HTTP: use http:// in the client's base URL",
                    c->shared->admit.port);
        c->shared->tls_logged_ms = now;
    }
    client_refuse_syntax(c, 400, "this port serves plain HTTP, not TLS: use http:// in the base URL");
}

/* Returns the length of a complete head; 0: incomplete, or already refused. */
static size_t find_head(struct client *c, struct slice *input)
{
    struct http_error error;
    c->head.method = (struct slice){NULL, 0};
    while (input->len && !c->scanned && *input->ptr == '\r') {
        if (input->len < 2)
            return 0;
        if (input->ptr[1] != '\n')
            break;
        client_consume(input, 2); /* RFC 9112, 2.2: skip empty lines before a request */
    }
    if (!c->scanned && http_begins_tls(*input)) {
        refuse_tls(c);
        return 0;
    }
    size_t len = http_head_length(*input, &c->scanned);
    if (!len && input->len && !http_may_begin_request(*input, &error)) {
        client_refuse_syntax(c, error.status, error.message);
    } else if (len > HTTP_HEAD_MAX || (!len && input->len >= HTTP_HEAD_MAX)) {
        client_refuse_syntax(c, 431, "the request head is too large");
        len = 0;
    }
    return len;
}

/* Finds the virtual key of the request. */
static bool find_key(struct client *c, struct key_refusal *refusal)
{
    struct gate_time now = {clock_unix_ms(), clock_monotonic_ms()};
    return identify(c->shared->gate, &c->head, &c->shared->admit, c->endpoint, &now, c->key, refusal);
}

/* Takes the head off the input; the rest stays. true: continue with the body. */
static bool take_head(struct client *c, struct slice *input)
{
    struct http_error error;
    struct refusal refusal;
    struct key_refusal key_refusal;
    size_t len = find_head(c, input);
    if (!len)
        return false;
    buf_clear(&c->head_text);
    if (!buf_add(&c->head_text, input->ptr, len)) {
        client_refuse_syntax(c, 503, "out of memory");
        return false;
    }
    client_consume(input, len);
    if (http_parse_head(buf_slice(&c->head_text), &c->head, &error) != HTTP_OK) {
        client_refuse_syntax(c, error.status, error.message);
        return false;
    }
    if (!admit(&c->head, &c->shared->admit, &c->endpoint, &refusal)) {
        if (client_has_bad_chunks(c, *input))
            client_refuse_syntax(c, 400, CLIENT_BAD_CHUNKS);
        else
            client_refuse(c, &refusal);
        return false;
    }
    if (c->shared->gate && !find_key(c, &key_refusal)) {
        client_refuse_key(c, &key_refusal);
        return false;
    }
    c->body_step = 0;
    if (!client_begin_body(c))
        return false;
    if (c->head.expects_continue && !input->len && c->head.framing != HTTP_NO_BODY) {
        BUF_ADD(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        if (!client_flush(c))
            client_lose_later(c);
    }
    return true;
}

/* Takes as much of head and body off the input as is there. true: the request is complete. */
static bool take_request(struct client *c, struct slice *input)
{
    bool begins = false; /* a head or body has just begun; most arrive whole and need no timer */
    if (c->state == CLIENT_HEAD && input->len) {
        begins = !c->scanned;
        if (take_head(c, input)) {
            c->state = CLIENT_BODY;
            begins = true;
        } else if (c->state == CLIENT_HEAD && begins) {
            arm(c, c->shared->head_timeout);
        }
    }
    if (c->state != CLIENT_BODY)
        return false;
    if (client_take_body(c, input))
        return client_decode_body(c);
    if (c->state == CLIENT_BODY && (begins || c->body.len - c->body_step >= BODY_STEP)) {
        c->body_step = c->body.len;
        arm(c, c->shared->body_timeout);
    }
    return false;
}

/* Processes input: what was kept, else `fresh`, in place. Keeps the rest before passing the request on, because the
 * reply, and then the next request, may follow at once. */
static void advance(struct client *c, struct slice fresh)
{
    bool kept = c->in.len > 0;
    struct slice input = kept ? buf_slice(&c->in) : fresh;
    size_t len = input.len;
    c->input_waits = false;
    bool complete = take_request(c, &input);
    if (kept) {
        buf_drop(&c->in, len - input.len);
    } else if (!buf_add_slice(&c->in, input)) {
        client_lose_later(c); /* out of memory: the next request would start in the middle */
        return;
    }
    if (!c->in.len)
        client_release(&c->in);
    else if (c->state == CLIENT_HEAD && input.len < len)
        client_look_later(c); /* a refusal was the whole reply: process the rest */
    if (!complete)
        return;
    client_enter(c, CLIENT_SERVED);
    c->ticket = 0;
    c->shared->events.request(c, c->endpoint, c->shared->events.ctx);
}

/* Appends `bytes` to the kept input, or, if there is none, passes them on in place as *fresh. false: too much input
 * while a request is served. */
static bool accept_input(struct client *c, struct slice bytes, struct slice *fresh)
{
    if (c->state == CLIENT_LINGERING || c->state == CLIENT_CLOSING)
        return true; /* discard */
    if (c->in.len || c->state == CLIENT_SERVED)
        return buf_add_slice(&c->in, bytes);
    *fresh = bytes;
    return true;
}

/* Reads once: a body of known length straight into its buffer, everything else through a buffer shared by all
 * connections, so that idle ones need none. false: the connection is closed and `c` freed. */
static bool read_some(struct client *c, struct slice *fresh)
{
    static char shared[READ_SIZE];
    bool in_place = c->state == CLIENT_BODY && c->head.framing == HTTP_LENGTH && !c->in.len;
    char *to = in_place ? c->body.data + c->body.len : shared;
    ssize_t n = recv(c->fd, to, in_place ? client_body_room(c) : sizeof shared, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (n > 0 && in_place)
        c->body.len += (size_t)n;
    if (n <= 0 || (!in_place && !accept_input(c, (struct slice){shared, (size_t)n}, fresh))) {
        lose(c);
        return false;
    }
    return true;
}

/* Everything is sent: closes our side and waits for the client to close its side. */
static void close_gently(struct client *c)
{
    if (c->sent < c->out.len)
        return;
    (void)shutdown(c->fd, SHUT_WR);
    client_enter(c, CLIENT_LINGERING);
}

static void on_timeout(struct client *c)
{
    if (c->state == CLIENT_SERVED && !c->stalled)
        return; /* waiting for the upstream */
    if ((c->state == CLIENT_HEAD && c->in.len) || c->state == CLIENT_BODY)
        client_refuse_syntax(c, 408, "the request took too long to arrive");
    else
        lose(c);
}

/* Handles all events of a connection: EV_READ and EV_WRITE from the socket, EV_TIMEOUT from the timer, and EV_TIMEOUT
 * on the read event (event_active()) for work that no socket event announces. */
static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    struct slice fresh = {NULL, 0};
    if (c->broken) {
        lose(c);
        return;
    }
    if (what & EV_WRITE) {
        if (!client_flush(c)) {
            lose(c);
            return;
        }
        if (c->was_full && c->out.len - c->sent <= OUT_LOW && c->state == CLIENT_SERVED) {
            c->was_full = false;
            if (c->user)
                c->user->drained(c->user);
        }
    }
    if ((what & EV_READ) && !read_some(c, &fresh))
        return;
    if ((what & EV_TIMEOUT) && fd < 0) {
        on_timeout(c);
        return;
    }
    if ((what & EV_READ) || c->input_waits)
        advance(c, fresh);
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

const struct key_ref *client_key(const struct client *c)
{
    return c->key;
}

struct slice client_body(const struct client *c)
{
    return buf_slice(&c->body);
}

void client_set_user(struct client *c, struct client_user *user)
{
    c->user = user;
}

void client_set_ticket(struct client *c, uint64_t ticket)
{
    c->ticket = ticket;
}
