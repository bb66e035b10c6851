/* loop: drives a curl multi handle from libevent (the pattern of curl's multi_socket interface, curl_multi_socket_action(3)). */
#include "proxy/upstream/curl_loop.h"

#include <event2/event.h>
#include <stdlib.h>

struct curl_loop {
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    void (*finished)(CURL *easy, CURLcode code, void *ctx);
    void *ctx;
};

static void drain_finished(struct curl_loop *loop)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(loop->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            loop->finished(message->easy_handle, message->data.result, loop->ctx);
}

static void act(struct curl_loop *loop, curl_socket_t fd, int what)
{
    int running;
    (void)curl_multi_socket_action(loop->multi, fd, what, &running);
    drain_finished(loop);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    act(arg, fd, ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

/* CURLMOPT_TIMERFUNCTION: one timer; -1 deletes it, and 0 means the loop's next turn, never a call from in here. */
static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct curl_loop *loop = arg;
    (void)multi;
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    if (ms < 0)
        evtimer_del(loop->timer);
    else
        evtimer_add(loop->timer, &wait);
    return 0;
}

/* CURLMOPT_SOCKETFUNCTION: one persistent event per socket, kept with it by curl_multi_assign(). */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct curl_loop *loop = arg;
    struct event *event = assigned;
    (void)easy;
    if (event)
        event_free(event);
    event = NULL;
    if (what != CURL_POLL_REMOVE) {
        short interest = (short)(EV_PERSIST | ((what & CURL_POLL_IN) ? EV_READ : 0) | ((what & CURL_POLL_OUT) ? EV_WRITE : 0));
        event = event_new(loop->base, fd, interest, on_socket, loop);
        if (!event || event_add(event, NULL) != 0)
            return -1;
    }
    (void)curl_multi_assign(loop->multi, fd, event);
    return 0;
}

struct curl_loop *curl_loop_new(struct event_base *base, void (*finished)(CURL *easy, CURLcode code, void *ctx), void *ctx)
{
    struct curl_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    *loop = (struct curl_loop){.base = base, .multi = curl_multi_init(), .finished = finished, .ctx = ctx};
    loop->timer = evtimer_new(base, on_timer, loop);
    if (!loop->multi || !loop->timer) {
        curl_loop_free(loop);
        return NULL;
    }
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    return loop;
}

void curl_loop_free(struct curl_loop *loop)
{
    if (!loop)
        return;
    if (loop->multi)
        curl_multi_cleanup(loop->multi);
    if (loop->timer)
        event_free(loop->timer);
    free(loop);
}

CURLM *curl_loop_multi(struct curl_loop *loop)
{
    return loop->multi;
}
