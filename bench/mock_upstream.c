/* A provider that needs little CPU: answers each chat or Responses request immediately with a fixed reply, or streams
 * fixed events at a fixed interval, the first one immediately. One thread, one event loop. Prints its port and runs
 * until its standard input ends.
 *
 *   mock_upstream EVENTS INTERVAL_US    events per stream, microseconds between events */

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define REQUEST_MAX (4 << 20) /* bytes */
#define READ_MAX (256 << 10)  /* bytes per read */

#define TEXT "The quick brown fox jumps over the lazy dog."
#define CHAT_USAGE(output) "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":" #output ",\"total_tokens\":220}"
#define CHUNK(choices)                                                                                            \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\"," choices \
    "}\n\n"
#define RESPONSE(status, output)                                                       \
    "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"" status \
    "\",\"model\":\"mock\",\"output\":[" output                                        \
    "],\"usage\":{\"input_tokens\":20,\"output_tokens\":200,\"total_tokens\":220}}"
#define MESSAGE                                                                                           \
    "{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":" \
    "[{\"type\":\"output_text\",\"text\":\"" TEXT "\",\"annotations\":[]}]}"
#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"," rest "}\n\n"

/* The replies of an API: whole, per event of a stream, and at its end. */
struct replies {
    const char *whole, *event, *last;
};

static const struct replies chat = {
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"mock\",\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"" TEXT "\"},\"finish_reason\":\"stop\"}]," CHAT_USAGE(10) "}",
    CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"content\":\" fox\"},\"finish_reason\":null}]"),
    CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]")
        CHUNK("\"choices\":[]," CHAT_USAGE(200)) "data: [DONE]\n\n",
};

static const struct replies responses = {
    RESPONSE("completed", MESSAGE),
    EVENT("response.output_text.delta",
          "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" fox\""),
    EVENT("response.output_item.done", "\"output_index\":0,\"item\":" MESSAGE)
        EVENT("response.completed", "\"response\":" RESPONSE("completed", MESSAGE)),
};

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

static struct event_base *base;
static int events_per_stream;
static struct timeval interval;

struct connection {
    struct bufferevent *bev;
    struct event *timer;
    int events_left;
    const struct replies *replies;
};

static void connection_free(struct connection *c)
{
    event_free(c->timer);
    bufferevent_free(c->bev);
    free(c);
}

static void add_chunk(struct connection *c, const char *text)
{
    size_t len = strlen(text);
    struct evbuffer *out = bufferevent_get_output(c->bev);
    evbuffer_add_printf(out, "%zx\r\n", len);
    evbuffer_add(out, text, len);
    evbuffer_add(out, "\r\n", 2);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct connection *c = ctx;
    (void)fd, (void)what;
    if (c->events_left-- > 0) {
        add_chunk(c, c->replies->event);
        event_add(c->timer, &interval);
        return;
    }
    add_chunk(c, c->replies->last);
    evbuffer_add(bufferevent_get_output(c->bev), "0\r\n\r\n", 5);
}

static void reply(struct connection *c, bool stream)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);
    if (!stream) {
        evbuffer_add_printf(out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                            strlen(c->replies->whole), c->replies->whole);
        return;
    }
    evbuffer_add(out, stream_head, sizeof stream_head - 1);
    c->events_left = events_per_stream;
    on_timer(-1, EV_TIMEOUT, c);
}

/* The body's length by the head of one of the measured proxies; 0: none. */
static size_t body_length(const char *head, size_t len)
{
    static const char name[] = "content-length:";
    for (const char *line = head; line; line = memchr(line, '\n', len - (size_t)(line - head))) {
        line += line != head;
        if (len - (size_t)(line - head) > sizeof name && strncasecmp(line, name, sizeof name - 1) == 0)
            return strtoul(line + sizeof name - 1, NULL, 10);
    }
    return 0;
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct connection *c = ctx;
    struct evbuffer *in = bufferevent_get_input(bev);
    for (;;) {
        struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
        if (end.pos < 0)
            return;
        size_t head_len = (size_t)end.pos + 4, have = evbuffer_get_length(in);
        const char *text = (const char *)evbuffer_pullup(in, (ev_ssize_t)head_len);
        size_t total = head_len + (text ? body_length(text, head_len) : 0);
        if (!text || have < total || !(text = (const char *)evbuffer_pullup(in, (ev_ssize_t)total)))
            return;
        c->replies = memmem(text, head_len, "/responses ", 11) ? &responses : &chat;
        bool stream = memmem(text + head_len, total - head_len, "\"stream\":true", 13) != NULL;
        evbuffer_drain(in, total);
        reply(c, stream);
    }
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    (void)bev, (void)what;
    connection_free(ctx);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *ctx)
{
    (void)listener, (void)from, (void)len, (void)ctx;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    c->timer = evtimer_new(base, on_timer, c);
    if (!c->bev || !c->timer)
        abort();
    bufferevent_setwatermark(c->bev, EV_READ, 0, REQUEST_MAX);
    bufferevent_set_max_single_read(c->bev, READ_MAX);
    bufferevent_setcb(c->bev, on_read, NULL, on_event, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void on_stdin(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what, (void)ctx;
    event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: mock_upstream EVENTS INTERVAL_US\n");
        return 2;
    }
    events_per_stream = (int)strtol(argv[1], NULL, 10);
    long pause = strtol(argv[2], NULL, 10);
    interval = (struct timeval){pause / 1000000, pause % 1000000};
    signal(SIGPIPE, SIG_IGN);

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    base = event_base_new_with_config(config);
    event_config_free(config);
    struct evconnlistener *listener = evconnlistener_new_bind(base, on_accept, NULL,
                                                              LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 1024,
                                                              (struct sockaddr *)&address, sizeof address);
    if (!listener || getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &len) != 0) {
        perror("mock_upstream");
        return 1;
    }
    struct event *input = event_new(base, 0, EV_READ, on_stdin, NULL);
    event_add(input, NULL);
    printf("%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    event_base_dispatch(base);
    evconnlistener_free(listener);
    event_free(input);
    return 0;
}
