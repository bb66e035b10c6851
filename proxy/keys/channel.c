/* loop: frames over a socket. */
#include "proxy/keys/channel.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

struct channel {
    struct bufferevent *bytes;
    struct channel_events events;
    bool closed;
};

struct head {
    uint32_t len, tag;
};

static void on_event(struct bufferevent *bytes, short what, void *ctx)
{
    struct channel *c = ctx;
    (void)bytes;
    if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) || c->closed)
        return;
    c->closed = true;
    c->events.closed(c->events.ctx);
}

static void on_bytes(struct bufferevent *bytes, void *ctx)
{
    struct channel *c = ctx;
    struct evbuffer *in = bufferevent_get_input(bytes);
    struct head head;
    while (evbuffer_copyout(in, &head, sizeof head) == (ev_ssize_t)sizeof head) {
        if (head.len > CHANNEL_FRAME_MAX) {
            on_event(bytes, BEV_EVENT_ERROR, c);
            return;
        }
        if (evbuffer_get_length(in) < sizeof head + head.len)
            return;
        const unsigned char *frame = evbuffer_pullup(in, (ev_ssize_t)(sizeof head + head.len));
        if (!frame) {
            on_event(bytes, BEV_EVENT_ERROR, c);
            return;
        }
        c->events.frame(c->events.ctx, head.tag, (struct slice){(const char *)frame + sizeof head, head.len});
        (void)evbuffer_drain(in, sizeof head + head.len);
    }
}

struct channel *channel_new(struct event_base *base, int fd, const struct channel_events *events)
{
    struct channel *c = calloc(1, sizeof *c);
    if (c)
        c->bytes = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c || !c->bytes) {
        close(fd);
        free(c);
        return NULL;
    }
    c->events = *events;
    bufferevent_setcb(c->bytes, on_bytes, NULL, on_event, c);
    if (bufferevent_enable(c->bytes, EV_READ | EV_WRITE) == 0)
        return c;
    channel_free(c);
    return NULL;
}

bool channel_send(struct channel *c, uint32_t tag, const struct slice *pieces, unsigned count)
{
    struct evbuffer *out = evbuffer_new();
    struct head head = {0, tag};
    for (unsigned i = 0; i < count; i++)
        head.len += (uint32_t)pieces[i].len;
    bool ok = out && head.len <= CHANNEL_FRAME_MAX && evbuffer_add(out, &head, sizeof head) == 0;
    for (unsigned i = 0; ok && i < count; i++)
        ok = !pieces[i].len || evbuffer_add(out, pieces[i].ptr, pieces[i].len) == 0;
    ok = ok && bufferevent_write_buffer(c->bytes, out) == 0;
    if (out)
        evbuffer_free(out);
    return ok;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    bufferevent_free(c->bytes);
    free(c);
}
