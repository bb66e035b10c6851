/* loop: the parent of the worker processes. */
#include "proxy/serve/workers.h"

#include "common/log.h"
#include "proxy/serve/confine.h"
#include "proxy/serve/notify.h"
#include "proxy/serve/signals.h"
#include "proxy/route/share.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX (64u << 10) /* bytes of a status message, above REPORT_MAX */

struct worker {
    struct pool *pool;
    unsigned number;
    int channel; /* -1: ended, or not started */
    struct event *event;
    bool ready;
};

struct pool {
    const struct workers_options *options;
    struct event_base *base;
    struct signals signals;
    struct worker workers[SHARE_WORKERS_MAX];
    unsigned made, ready, alive;
    struct buf news; /* worker 0's READY message, until all workers are ready */
    bool stopping, failed;
    char message[MESSAGE_MAX];
};

static void send_signal(const struct pool *c, int signal_number)
{
    for (unsigned i = 0; i < c->made; i++)
        if (c->workers[i].channel >= 0)
            (void)send(c->workers[i].channel, &(char){(char)signal_number}, 1, MSG_NOSIGNAL);
}

static void stop(struct pool *c, int signal_number)
{
    bool orphaned = c->options->parent && getppid() != c->options->parent;
    if (orphaned && c->options->key_file)
        (void)unlink(c->options->key_file);
    if (orphaned)
        _exit(0); /* the workers follow: PR_SET_PDEATHSIG */
    c->stopping = true;
    send_signal(c, signal_number == SIGHUP ? SIGTERM : signal_number);
}

static void on_signal(evutil_socket_t signal_number, short what, void *arg)
{
    struct pool *c = arg;
    (void)what;
    bool terminal_gone = signals_terminal_gone(&c->signals, signal_number);
    if (signal_number == SIGUSR1 || (signal_number == SIGHUP && !terminal_gone))
        send_signal(c, signal_number);
    else
        stop(c, signal_number);
}

/* If one worker ends, all end: the supervisor notices and starts again. With a missing worker the proxy would silently
 * serve below its configured capacity. */
static void worker_gone(struct worker *w)
{
    struct pool *c = w->pool;
    event_free(w->event);
    w->event = NULL;
    close(w->channel);
    w->channel = -1;
    c->alive--;
    if (!c->stopping) {
        log_error("worker %u exited: stopping all workers", w->number);
        c->failed = true;
        stop(c, SIGTERM);
    }
    if (!c->alive)
        event_base_loopbreak(c->base);
}

/* The supervisor sees what a single process would report: worker 0's messages, and READY once all workers are ready. */
static void pass_on(struct worker *w, struct slice message)
{
    struct pool *c = w->pool;
    bool was_ready = c->ready == c->made, says_ready = slice_starts(message, "READY=1\n");
    if (says_ready && !w->ready) {
        w->ready = true;
        c->ready++;
    }
    if (w->number == 0 && !was_ready && says_ready) {
        buf_clear(&c->news);
        buf_add_slice(&c->news, message);
    }
    if (!was_ready && c->ready == c->made)
        notify_send(buf_slice(&c->news));
    else if (was_ready && w->number == 0)
        notify_send(message);
}

static void on_message(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;
    struct pool *c = w->pool;
    (void)what;
    ssize_t len = recv(fd, c->message, sizeof c->message, MSG_DONTWAIT);
    if (len > 0)
        pass_on(w, (struct slice){c->message, (size_t)len});
    else if (len == 0 || (errno != EAGAIN && errno != EINTR))
        worker_gone(w);
}

/* In the worker: closes the parent's ends of the socket pairs, then works. */
static int begin_work(struct pool *c, struct share *share, int control)
{
    const struct workers_options *o = c->options;
    unsigned number = c->made;
    for (unsigned i = 0; i < number; i++)
        close(c->workers[i].channel);
    free(c);
    (void)setpgid(0, 0); /* signals from the terminal reach the parent only */
    share_join(share, number);
    notify_through(control);
    int status = o->work(o->ctx, number, share, control);
    share_free(share);
    return status;
}

/* Starts the next worker. In the child, sets *in_worker and does its work. false: failed, see errno. */
static bool make_worker(struct pool *c, struct share *share, bool *in_worker, int *status)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    pid_t pid = fork();
    *in_worker = pid == 0;
    if (*in_worker) {
        close(ends[0]);
        *status = begin_work(c, share, ends[1]);
        return true;
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return false;
    }
    c->workers[c->made] = (struct worker){.pool = c, .number = c->made, .channel = ends[0]};
    c->made++;
    return true;
}

static bool listen_to_all(struct pool *c)
{
    c->base = event_base_new();
    for (unsigned i = 0; c->base && i < c->made; i++) {
        struct worker *w = &c->workers[i];
        w->event = event_new(c->base, w->channel, EV_READ | EV_PERSIST, on_message, w);
        if (!w->event || event_add(w->event, NULL) != 0)
            return false;
    }
    return c->base && signals_open(&c->signals, c->base, on_signal, c);
}

static void tear_down(struct pool *c)
{
    signals_close(&c->signals);
    for (unsigned i = 0; i < c->made; i++) {
        if (c->workers[i].event)
            event_free(c->workers[i].event);
        if (c->workers[i].channel >= 0)
            close(c->workers[i].channel); /* the worker exits */
    }
    if (c->base)
        event_base_free(c->base);
    buf_free(&c->news);
    free(c);
}

int workers_run(const struct workers_options *options)
{
    struct pool *c = calloc(1, sizeof *c);
    struct share *share = share_new(options->count);
    bool in_worker = false, made = c && share;
    int status = 1;
    for (unsigned i = 0; made && i < options->count; i++) {
        c->options = options;
        made = make_worker(c, share, &in_worker, &status);
        if (in_worker)
            return status;
    }
    share_free(share);
    for (unsigned i = 0; i < ENTRANCES; i++)
        if (options->fds[i] >= 0)
            close(options->fds[i]);
    if (!made || !listen_to_all(c)) {
        log_error("can't start %u workers: %s", options->count, strerror(errno));
    } else {
        (void)signal(SIGCHLD, SIG_IGN); /* workers that end are noticed by their sockets */
        c->alive = c->made;
        buf_init(&c->news, MESSAGE_MAX);
        confine_parent(options->key_file, options->harden);
        status = event_base_dispatch(c->base) < 0 || c->failed ? 1 : 0;
    }
    if (c)
        tear_down(c);
    return status;
}
