/* loop: reads the reply of a server on this machine. */
#include "proxy/upstream/loopback_private.h"

/* Passes decoded bytes to body(). false: stop; the call may have ended. */
static bool deliver(struct loopback_call *c, struct slice piece, bool more)
{
    if (!piece.len)
        return true;
    c->inside = true;
    enum call_flow flow = c->events->body(c->ctx, piece, more);
    c->inside = false;
    if (c->cancelled) {
        loopback_destroy(c);
        return false;
    }
    if (flow == CALL_GO_ON)
        return true;
    if (flow == CALL_PAUSE && buf_add_slice(&c->piece, piece)) {
        c->paused = true;
        event_del(c->readable);
        return true; /* the rest is stored */
    }
    if (flow == CALL_PAUSE)
        loopback_finish(c, FAILURE_INTERNAL, "out of memory");
    else
        loopback_finish(c, FAILURE_PROTOCOL, "the reply is not usable");
    return false;
}

/* Reads the reply's head, which may arrive in pieces. false: the call has ended. */
static bool take_head(struct loopback_call *c, struct slice *input)
{
    size_t scanned = 0, before = c->reply_head.len;
    struct slice text = *input;
    if (before) {
        scanned = before;
        if (!buf_add_slice(&c->reply_head, *input))
            goto bad;
        text = buf_slice(&c->reply_head);
    }
    size_t len = http_head_length(text, &scanned);
    if (!len) {
        if (!before && !buf_add_slice(&c->reply_head, *input))
            goto bad;
        input->len = 0;
        return true;
    }
    if (!http_reply_parse((struct slice){text.ptr, len}, &c->reply))
        goto bad;
    input->ptr += len - before;
    input->len -= len - before;
    if (c->reply.status >= 200) { /* 1xx: another head follows */
        c->events->head(c->ctx, c->reply.status, c->reply.content_type, c->reply.retry_after);
        c->left = c->reply.content_length;
        c->phase = c->reply.framing == HTTP_REPLY_EMPTY ? COMPLETE : BODY;
    }
    buf_clear(&c->reply_head);
    return true;
bad:
    loopback_finish(c, FAILURE_PROTOCOL, "the server's reply is not HTTP/1.1, or its head is over 64 KB");
    return false;
}

/* Reads the next piece of the body. false: the call has ended. */
static bool take_body(struct loopback_call *c, struct slice *input, struct slice *piece)
{
    *piece = *input;
    if (c->reply.framing == HTTP_REPLY_CHUNKED) {
        enum http_result result = http_read_chunked(&c->chunked, input, piece);
        if (result == HTTP_BAD) {
            loopback_finish(c, FAILURE_CUT, "the server's chunked reply is malformed");
            return false;
        }
        if (result == HTTP_OK)
            c->phase = COMPLETE;
        return true;
    }
    if (c->reply.framing == HTTP_REPLY_LENGTH) {
        if (piece->len > c->left)
            piece->len = (size_t)c->left;
        c->left -= piece->len;
        if (!c->left)
            c->phase = COMPLETE;
    }
    input->ptr += piece->len;
    input->len -= piece->len;
    return true;
}

void loopback_take(struct loopback_call *c, struct slice input)
{
    while (input.len && c->phase != COMPLETE && !c->paused) {
        struct slice piece = {NULL, 0};
        if (c->phase < BODY ? !take_head(c, &input) : !take_body(c, &input, &piece))
            return;
        if (!deliver(c, piece, input.len > 0))
            return;
    }
    if (c->paused) {
        if (!buf_add_slice(&c->rest, input))
            loopback_finish(c, FAILURE_INTERNAL, "out of memory");
    } else if (c->phase == COMPLETE) {
        c->reply.keep_alive &= input.len == 0; /* bytes after the reply are an error */
        loopback_finish(c, FAILURE_NONE, "");
    }
}

void loopback_resume(struct loopback_call *c)
{
    struct buf piece = c->piece, rest = c->rest; /* moved, because body() may pause again */
    buf_init(&c->piece, piece.max);
    buf_init(&c->rest, rest.max);
    c->paused = false;
    if (event_add(c->readable, NULL) != 0) {
        loopback_finish(c, FAILURE_INTERNAL, "out of memory");
    } else if (deliver(c, buf_slice(&piece), rest.len > 0)) {
        loopback_take(c, buf_slice(&rest));
    }
    buf_free(&piece);
    buf_free(&rest);
}
