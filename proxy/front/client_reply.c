/* loop: writes replies, whole or in pieces, as fast as the client reads. */
#include "proxy/front/client_private.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#define CHUNK_FRAME 32      /* bytes around a chunk's data, and of the last chunk */
#define KEEP_MAX (4u << 10) /* bytes; larger buffers are freed when empty */

void client_release(struct buf *b)
{
    if (b->cap > KEEP_MAX)
        buf_free(b);
    else
        buf_clear(b);
}

bool client_flush(struct client *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            c->was_full |= client_is_full(c);
            c->stalled = true;
            ceiling_count(&c->out_held, c->out.cap);
            /* A client that stalls this long is gone. */
            return event_add(c->writable, NULL) == 0 && evtimer_add(c->timer, c->shared->idle_timeout) == 0;
        }
        if (n < 0)
            return false;
        c->sent += (size_t)n;
    }
    c->stalled = c->waits_for_more = false;
    c->sent = 0;
    client_release(&c->out);
    ceiling_release(&c->out_held);
    if (c->ticket && c->state != CLIENT_SERVED)
        c->shared->events.arrived(c->ticket, true, c->shared->events.ctx);
    return true;
}

/* Sends output. After a piece was lost for lack of memory or a failed write, nothing more is sent: the client could
 * mistake the rest for the whole. */
static void write_out(struct client *c)
{
    if (c->broken || c->out.failed || !client_flush(c))
        client_lose_later(c);
}

bool client_is_full(const struct client *c)
{
    return c->out.len - c->sent > OUT_HIGH;
}

static const char *status_line(int status)
{
    static const struct {
        int status;
        const char *line;
    } lines[] = {
        {200, "HTTP/1.1 200 OK\r\n"},
        {400, "HTTP/1.1 400 Bad Request\r\n"},
        {401, "HTTP/1.1 401 Unauthorized\r\n"},
        {402, "HTTP/1.1 402 Payment Required\r\n"},
        {403, "HTTP/1.1 403 Forbidden\r\n"},
        {404, "HTTP/1.1 404 Not Found\r\n"},
        {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
        {408, "HTTP/1.1 408 Request Timeout\r\n"},
        {413, "HTTP/1.1 413 Content Too Large\r\n"},
        {414, "HTTP/1.1 414 URI Too Long\r\n"},
        {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
        {417, "HTTP/1.1 417 Expectation Failed\r\n"},
        {422, "HTTP/1.1 422 Unprocessable Content\r\n"},
        {426, "HTTP/1.1 426 Upgrade Required\r\n"},
        {429, "HTTP/1.1 429 Too Many Requests\r\n"},
        {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
        {501, "HTTP/1.1 501 Not Implemented\r\n"},
        {502, "HTTP/1.1 502 Bad Gateway\r\n"},
        {503, "HTTP/1.1 503 Service Unavailable\r\n"},
        {504, "HTTP/1.1 504 Gateway Timeout\r\n"},
        {505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (lines[i].status == status)
            return lines[i].line;
    return "HTTP/1.1 500 Internal Server Error\r\n";
}

/* The Date field (RFC 9110, 6.6.1), formatted once a second. */
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
    buf_add_text(&c->out, status_line(reply->status));
    BUF_ADD(&c->out, "Content-Type: ");
    buf_add_text(&c->out, reply->content_type);
    BUF_ADD(&c->out, "\r\nCache-Control: no-store\r\n");
    buf_add_text(&c->out, date_field());
    buf_add_slice(&c->out, reply->fields);
    if (!c->head.keep_alive)
        BUF_ADD(&c->out, "Connection: close\r\n");
    else if (c->head.minor == 0)
        BUF_ADD(&c->out, "Connection: keep-alive\r\n");
}

void client_forget_body(struct client *c)
{
    client_release(&c->body);
    ceiling_release(&c->held);
}

/* The reply is complete on our side: prepares for the next request, or closes. */
static void finish(struct client *c)
{
    c->user = NULL;
    c->streaming = false;
    client_forget_body(c);
    buf_clear(&c->head_text);
    if (!c->head.keep_alive || c->shared->closing || c->out.failed) {
        client_enter(c, CLIENT_CLOSING);
    } else {
        c->scanned = 0;
        client_enter(c, CLIENT_HEAD);
        if (!c->in.len)
            return;
    }
    /* Processes pipelined input or the close from the loop, because the caller is still at work. */
    client_look_later(c);
}

void client_send_no_memory(struct client *c)
{
    static const char reply[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        "Connection: close\r\nContent-Length: 84\r\n\r\n"
        "{\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\",\"param\":null,\"code\":null}}";
    bool sent = c->out.len == c->sent &&
                send(c->fd, reply, sizeof reply - 1, MSG_NOSIGNAL) == (ssize_t)sizeof reply - 1;
    c->out.failed = false;
    c->head.keep_alive = false;
    finish(c);
    if (!sent || !client_flush(c))
        client_lose_later(c);
}

void client_send_reply(struct client *c, const struct client_reply *reply)
{
    size_t before = c->out.len;
    add_reply_head(c, reply);
    BUF_ADD(&c->out, "Content-Length: ");
    buf_add_number(&c->out, (int64_t)reply->body.len);
    BUF_ADD(&c->out, "\r\n\r\n");
    if (!slice_is(c->head.method, "HEAD"))
        buf_add_slice(&c->out, reply->body);
    if (c->out.failed) {
        c->out.len = before;
        client_send_no_memory(c);
        return;
    }
    finish(c);
    write_out(c);
}

static void refuse(struct client *c, int status, const char *fields, struct buf *body)
{
    buf_clear(&c->out);
    struct client_reply reply = {status, "application/json", slice_of(fields), buf_slice(body)};
    if (c->head.framing != HTTP_NO_BODY)
        c->head.keep_alive = false;
    if (body->failed)
        client_send_no_memory(c);
    else
        client_send_reply(c, &reply);
    buf_free(body);
}

void client_refuse(struct client *c, const struct refusal *refusal)
{
    struct buf body;
    buf_init(&body, 4096);
    (void)refusal_body(refusal, &body);
    refuse(c, refusal->status, refusal->field, &body);
}

void client_refuse_key(struct client *c, const struct key_refusal *refusal)
{
    struct buf body;
    buf_init(&body, 4096);
    (void)key_refusal_body(refusal, &body);
    refuse(c, refusal->status, NULL, &body);
}

void client_refuse_syntax(struct client *c, int status, const char *message)
{
    /* Discards the parsed head, except the method: a reply to HEAD has no body. */
    c->head = (struct http_head){.minor = 1, .method = c->head.method};
    client_refuse(c, &(struct refusal){status, "invalid_request_error", "bad_http_request", message, NULL});
}

void client_start_stream(struct client *c, const struct client_reply *start)
{
    c->streaming = true;
    if (c->head.minor == 0)
        c->head.keep_alive = false; /* the close ends the reply */
    add_reply_head(c, start);
    if (c->head.minor == 1)
        BUF_ADD(&c->out, "Transfer-Encoding: chunked\r\n");
    BUF_ADD(&c->out, "X-Accel-Buffering: no\r\n\r\n");
}

static void add_chunk_size(struct buf *out, size_t len)
{
    buf_add_hex(out, len);
    BUF_ADD(out, "\r\n");
}

static void add_chunk(struct client *c, struct slice bytes)
{
    /* Flush rather than grow the buffer for a waiting piece. */
    if (c->waits_for_more && c->out.cap - c->out.len < bytes.len + CHUNK_FRAME && !client_flush(c))
        client_lose_later(c);
    if (c->head.minor == 1)
        add_chunk_size(&c->out, bytes.len);
    buf_add_slice(&c->out, bytes);
    if (c->head.minor == 1)
        BUF_ADD(&c->out, "\r\n");
}

void client_send(struct client *c, struct slice bytes, bool more)
{
    if (!bytes.len || c->broken)
        return;
    add_chunk(c, bytes);
    c->waits_for_more = more && !c->out.failed && c->out.len - c->sent < KEEP_MAX / 2;
    if (c->waits_for_more)
        event_active(c->writable, EV_WRITE, 0); /* sent in this loop iteration at the latest */
    else
        write_out(c);
}

void client_abort_stream(struct client *c)
{
    c->out.failed = true;
    client_end_stream(c, (struct slice){NULL, 0});
}

void client_end_stream(struct client *c, struct slice last)
{
    if (last.len)
        add_chunk(c, last);
    if (c->head.minor == 1)
        BUF_ADD(&c->out, "0\r\n\r\n");
    finish(c);
    write_out(c);
}
