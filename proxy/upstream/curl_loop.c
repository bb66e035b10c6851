/* loop: drives a curl multi handle from libevent (the pattern of curl's multi_socket interface,
 * curl_multi_socket_action(3)). */
#include "proxy/upstream/curl_loop.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TLS_RECORD_FIRST 20 /* the content types of RFC 8446, B.1 */
#define TLS_RECORD_LAST 23
#define RETRY_MS 50 /* after the second failure for lack of memory */

/* State of one descriptor number.
 *
 * After CURL_POLL_REMOVE libcurl may close the descriptor without calling anyone: its resolver's socket pair, c-ares's
 * sockets, an attempt to connect that another one overtook. The kernel then drops it from epoll, but libevent does not
 * know: it would take the next descriptor of that number, a client's, for one that is in epoll already, and never watch
 * it. So the event goes with CURL_POLL_REMOVE.
 *
 * The exception is a connection, which libcurl closes through curl_loop_close_socket(). Its event stays, for reading,
 * until the next transfer: adding and removing it would cost two system calls for each request. */
struct watched {
    struct event *event; /* NULL: not needed, or on_retry() must make it */
    int what;            /* CURL_POLL_*; CURL_POLL_REMOVE: libcurl has no interest now; 0: never had */
    bool idle;           /* no transfer uses it, not even a paused one */
    short interest;      /* EV_* of the event */
    uint64_t cookie;     /* SO_COOKIE of the socket that libcurl opened with this number; 0: none */
    bool is_connection;  /* that socket is still the descriptor: it was checked after its first transfer */
};

struct curl_loop {
    struct event_base *base;
    CURLM *multi; /* NULL: on_retry() must make it */
    long connections_max;
    struct event *timer;
    struct event *retry;     /* repeats what failed for lack of memory */
    bool failing;            /* owner.failed() must be called */
    struct watched *watched; /* by descriptor */
    size_t watched_count;
    struct curl_loop_owner owner;
};

static void drain_finished(struct curl_loop *loop)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(loop->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            loop->owner.finished(message->easy_handle, message->data.result, loop->owner.ctx);
}

/* Retries from the loop's next turn on what failed for lack of memory: an unwatched socket would hang. */
static void retry_soon(struct curl_loop *loop)
{
    event_active(loop->retry, EV_TIMEOUT, 0);
}

static void act(struct curl_loop *loop, curl_socket_t fd, int what)
{
    int running;
    CURLMcode result = curl_multi_socket_action(loop->multi, fd, what, &running);
    drain_finished(loop);
    if (result != CURLM_OK)
        loop->owner.failed(loop->owner.ctx);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void unwatch(struct watched *w)
{
    if (w->event)
        event_free(w->event);
    w->event = NULL;
}

/* Returns a number that the kernel gives to only one socket; 0: not an open socket. */
static uint64_t cookie_of(curl_socket_t fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ? cookie : 0;
}

/* Returns whether libcurl will close the descriptor through curl_loop_close_socket(). libcurl 7.88 does so only for
 * connected sockets, so the result does not change after a transfer. */
static bool is_connection(struct watched *w, curl_socket_t fd)
{
    w->is_connection = w->is_connection || (w->cookie && cookie_of(fd) == w->cookie);
    return w->is_connection;
}

/* An idle connection has data, or was closed. libcurl detects the close before it uses the connection again, but takes
 * HTTP/1 data for the reply to the next request, so a connection with data is closed here. TLS records are left to
 * libcurl: they may belong to the idle connection. */
static void close_if_data(curl_socket_t fd)
{
    unsigned char first;
    char unread[4096];
    bool has_data = recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    if (!has_data || (first >= TLS_RECORD_FIRST && first <= TLS_RECORD_LAST))
        return;
    (void)shutdown(fd, SHUT_RDWR);
    while (recv(fd, unread, sizeof unread, MSG_DONTWAIT) > 0)
        ;
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct curl_loop *loop = arg;
    if (loop->watched[fd].what == CURL_POLL_REMOVE) {
        if (loop->watched[fd].idle)
            close_if_data(fd);
        unwatch(&loop->watched[fd]);
    } else {
        act(loop, fd, ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
    }
}

/* CURLMOPT_TIMERFUNCTION. -1 deletes the timer; 0: from the loop's next turn, never inside this function. */
static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct curl_loop *loop = arg;
    (void)multi;
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    if (ms < 0)
        evtimer_del(loop->timer);
    else if (evtimer_add(loop->timer, &wait) != 0)
        retry_soon(loop);
    return 0;
}

static bool make_room(struct curl_loop *loop, size_t fd)
{
    if (fd < loop->watched_count)
        return true;
    size_t count = fd + 64;
    struct watched *watched = realloc(loop->watched, count * sizeof *watched);
    if (!watched)
        return false;
    memset(watched + loop->watched_count, 0, (count - loop->watched_count) * sizeof *watched);
    loop->watched = watched;
    loop->watched_count = count;
    return true;
}

/* Makes the event of a descriptor. false: out of memory. */
static bool watch(struct curl_loop *loop, curl_socket_t fd)
{
    struct watched *w = &loop->watched[fd];
    w->event = event_new(loop->base, fd, w->interest, on_socket, loop);
    if (w->event && event_add(w->event, NULL) == 0)
        return true;
    unwatch(w);
    return false;
}

/* CURLMOPT_SOCKETFUNCTION. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct curl_loop *loop = arg;
    (void)assigned;
    if (fd < 0 || !make_room(loop, (size_t)fd))
        return -1; /* makes libcurl's current call fail: see act() */
    struct watched *w = &loop->watched[fd];
    w->what = what;
    w->idle = what == CURL_POLL_REMOVE && !loop->owner.is_paused(easy);
    if (what == CURL_POLL_REMOVE && (!w->event || !is_connection(w, fd))) {
        unwatch(w);
        return 0;
    }
    short interest = (short)(EV_PERSIST | ((what & CURL_POLL_OUT) ? EV_WRITE : 0) |
                             ((what & CURL_POLL_IN) || what == CURL_POLL_REMOVE ? EV_READ : 0));
    if (w->event && w->interest == interest)
        return 0;
    unwatch(w);
    w->interest = interest;
    if (!watch(loop, fd))
        retry_soon(loop);
    return 0;
}

static bool make_multi(struct curl_loop *loop)
{
    loop->multi = curl_multi_init();
    if (!loop->multi)
        return false;
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, loop->connections_max);
    return true;
}

/* Frees the multi handle, and its connections with it. */
static void end_multi(struct curl_loop *loop)
{
    for (size_t fd = 0; fd < loop->watched_count; fd++) {
        unwatch(&loop->watched[fd]);
        loop->watched[fd].what = CURL_POLL_REMOVE;
    }
    if (loop->multi) {
        curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, NULL); /* cleanup must not watch sockets */
        (void)curl_multi_cleanup(loop->multi);
    }
    loop->multi = NULL;
}

static void on_retry(evutil_socket_t unused, short what, void *arg)
{
    struct curl_loop *loop = arg;
    const struct timeval wait = {0, RETRY_MS * 1000};
    bool good = true;
    long ms = -1;
    (void)unused;
    (void)what;
    if (loop->failing) {
        loop->failing = false;
        loop->owner.failed(loop->owner.ctx);
    }
    if (!loop->multi)
        good = make_multi(loop);
    for (size_t fd = 0; fd < loop->watched_count; fd++)
        if (loop->watched[fd].what && loop->watched[fd].what != CURL_POLL_REMOVE && !loop->watched[fd].event)
            good &= watch(loop, (curl_socket_t)fd);
    if (curl_multi_timeout(loop->multi, &ms) == CURLM_OK)
        (void)set_timer(loop->multi, ms, loop);
    if (!good && evtimer_add(loop->retry, &wait) != 0)
        retry_soon(loop);
}

void curl_loop_opened(struct curl_loop *loop, curl_socket_t fd)
{
    if (fd < 0 || !make_room(loop, (size_t)fd))
        return;
    struct watched *w = &loop->watched[fd];
    bool stale = w->event != NULL;
    unwatch(w);
    w->cookie = cookie_of(fd);
    w->is_connection = false;
    /* libcurl closed the previous descriptor with this number without a report. It may never report it: its records are
     * by number, and it reports nothing if it needs the same events from the new descriptor. */
    if (stale && w->what != CURL_POLL_REMOVE && !watch(loop, fd))
        retry_soon(loop);
}

int curl_loop_close_socket(void *arg, curl_socket_t fd)
{
    struct curl_loop *loop = arg;
    if ((size_t)fd < loop->watched_count) {
        unwatch(&loop->watched[fd]);
        loop->watched[fd] = (struct watched){0};
    }
    return close(fd);
}

struct curl_loop *curl_loop_new(struct event_base *base, const struct curl_loop_owner *owner, long connections_max)
{
    struct curl_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    *loop = (struct curl_loop){.base = base, .owner = *owner, .connections_max = connections_max};
    loop->timer = evtimer_new(base, on_timer, loop);
    loop->retry = evtimer_new(base, on_retry, loop);
    if (loop->timer && loop->retry && make_multi(loop))
        return loop;
    curl_loop_free(loop);
    return NULL;
}

void curl_loop_free(struct curl_loop *loop)
{
    if (!loop)
        return;
    end_multi(loop);
    free(loop->watched);
    if (loop->timer)
        event_free(loop->timer);
    if (loop->retry)
        event_free(loop->retry);
    free(loop);
}

void curl_loop_renew(struct curl_loop *loop)
{
    end_multi(loop);
    evtimer_del(loop->timer);
    if (!make_multi(loop))
        retry_soon(loop);
}

void curl_loop_fail(struct curl_loop *loop)
{
    loop->failing = true;
    retry_soon(loop);
}

CURLM *curl_loop_multi(struct curl_loop *loop)
{
    if (!loop->multi)
        (void)make_multi(loop);
    return loop->multi;
}
