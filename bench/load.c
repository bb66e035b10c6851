/* A closed-loop HTTP client: each of C connections sends its next request when the reply to the last one is complete,
 * until there are N replies. Checks every status, counts server-sent events, prints one line of JSON.
 *
 *   load PORT PATH KEY CONNECTIONS REQUESTS <BODY */

#include "common/document.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY_MAX (4 << 20) /* bytes */
#define REQUEST_MAX (BODY_MAX + 1024)
#define HEAD_MAX 16384
#define SILENCE_MS 20000 /* without any byte: the server hangs */

enum framing { BY_LENGTH, BY_CHUNKS };

struct connection {
    int fd;
    int64_t sent_ns;
    char head[HEAD_MAX];
    size_t head_len;
    bool in_body;
    enum framing framing;
    size_t left;  /* BY_LENGTH: remaining bytes of the body */
    char tail[8]; /* BY_CHUNKS: the last seven bytes */
    char last;    /* the previous byte, to find an empty line across reads */
};

static struct sockaddr_in server = {.sin_family = AF_INET};
static char request[REQUEST_MAX];
static size_t request_len;
static int64_t *latencies_ns;
static long wanted, started, finished, failed, events;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void send_request(struct connection *c)
{
    c->head_len = 0;
    c->in_body = false;
    c->last = 0;
    memset(c->tail, 0, sizeof c->tail);
    c->sent_ns = now_ns();
    started++;
    /* The socket blocks, so the server reads what does not fit into its buffer meanwhile. */
    if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
        die("load: send");
}

static void finish(struct connection *c)
{
    latencies_ns[finished++] = now_ns() - c->sent_ns;
    if (started < wanted)
        send_request(c);
}

/* Counts empty lines, which end events. */
static void count_events(struct connection *c, const char *bytes, size_t len)
{
    for (const char *at = bytes, *end = bytes + len; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        events += (at == bytes ? c->last : at[-1]) == '\n';
    c->last = bytes[len - 1];
}

/* The last chunk is empty: CR LF, "0", CR LF, CR LF end the body and do not occur in the events. */
static bool chunks_end(struct connection *c, const char *bytes, size_t len)
{
    size_t kept = sizeof c->tail - 1;
    if (len >= kept) {
        memcpy(c->tail, bytes + len - kept, kept);
    } else {
        memmove(c->tail, c->tail + len, kept - len);
        memcpy(c->tail + kept - len, bytes, len);
    }
    return memcmp(c->tail, "\r\n0\r\n\r\n", kept) == 0;
}

static void take_body(struct connection *c, const char *bytes, size_t len)
{
    if (c->framing == BY_LENGTH) {
        c->left -= len < c->left ? len : c->left;
        if (c->left == 0)
            finish(c);
    } else if (len) {
        count_events(c, bytes, len);
        if (chunks_end(c, bytes, len))
            finish(c);
    }
}

static void take_head(struct connection *c, const char *bytes, size_t len)
{
    if (c->head_len + len >= HEAD_MAX) {
        fprintf(stderr, "load: a head that is too long\n");
        exit(1);
    }
    memcpy(c->head + c->head_len, bytes, len);
    c->head_len += len;
    c->head[c->head_len] = '\0';
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end)
        return;
    size_t rest = c->head_len - (size_t)(end + 4 - c->head);
    const char *body = bytes + len - rest;
    *end = '\0';
    failed += strncmp(c->head, "HTTP/1.1 200 ", 13) != 0;
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->framing = length ? BY_LENGTH : BY_CHUNKS;
    c->left = length ? strtoul(length + 17, NULL, 10) : 0;
    c->in_body = true;
    take_body(c, body, rest);
}

static void on_readable(struct connection *c)
{
    static char bytes[65536];
    /* A head must fit into the rest of its buffer. */
    size_t room = c->in_body ? sizeof bytes : HEAD_MAX - 1 - c->head_len;
    ssize_t len = recv(c->fd, bytes, room, 0);
    if (len <= 0) {
        fprintf(stderr, "load: the server closed the connection\n");
        exit(1);
    }
    if (c->in_body)
        take_body(c, bytes, (size_t)len);
    else
        take_head(c, bytes, (size_t)len);
}

static void open_connection(struct connection *c, int epoll)
{
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0)
        die("load: connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &interest) != 0)
        die("load: epoll_ctl");
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile_us(double share)
{
    return (double)latencies_ns[(long)(share * (double)(finished - 1))] / 1000.0;
}

static void make_request(const char *port, const char *path, const char *key)
{
    static char body[BODY_MAX];
    size_t body_len = fread(body, 1, sizeof body, stdin);
    int head_len = snprintf(request, sizeof request,
                            "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nAuthorization: Bearer %s\r\n"
                            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            path, port, key, body_len);
    if (head_len < 0 || (size_t)head_len + body_len > sizeof request)
        die("load: the request is too long");
    memcpy(request + head_len, body, body_len);
    request_len = (size_t)head_len + body_len;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: load PORT PATH KEY CONNECTIONS REQUESTS <BODY\n");
        return 2;
    }
    server.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    long connections = strtol(argv[4], NULL, 10);
    wanted = strtol(argv[5], NULL, 10);
    make_request(argv[1], argv[2], argv[3]);

    struct connection *all = calloc((size_t)connections, sizeof *all);
    latencies_ns = calloc((size_t)wanted, sizeof *latencies_ns);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!all || !latencies_ns || epoll < 0)
        die("load");
    for (long i = 0; i < connections; i++)
        open_connection(&all[i], epoll);
    int64_t began = now_ns();
    for (long i = 0; i < connections && started < wanted; i++)
        send_request(&all[i]);
    while (finished < wanted) {
        struct epoll_event ready[128];
        int count = epoll_wait(epoll, ready, 128, SILENCE_MS);
        if (count <= 0)
            die("load: silence");
        for (int i = 0; i < count; i++)
            on_readable(ready[i].data.ptr);
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    qsort(latencies_ns, (size_t)finished, sizeof *latencies_ns, compare);
    struct document d;
    struct container root = document_object(&d);
    struct buf out;
    buf_init(&out, 4096);
    document_add_count(root, "requests", finished);
    document_add_count(root, "failed", failed);
    document_add_count(root, "events", events);
    document_add_fixed(root, "seconds", seconds, 3);
    document_add_fixed(root, "p50_us", percentile_us(0.50), 1);
    document_add_fixed(root, "p99_us", percentile_us(0.99), 1);
    if (!document_print(&d, &out))
        die("load");
    puts(buf_text(&out));
    return failed != 0;
}
