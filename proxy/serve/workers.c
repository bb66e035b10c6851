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
    unsigned made, ready, alive;                                     /* workers; `alive` counts the keeper, too */
    struct worker keeper;                                            /* channel -1: none */
    int to_workers[SHARE_WORKERS_MAX], to_keeper[SHARE_WORKERS_MAX]; /* the two ends of their pairs; -1: closed */
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
        if (w == &c->keeper)
            log_error("the keeper of the virtual keys exited: stopping all workers");
        else
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

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Closes the ends of the pairs between workers and keeper, except one. */
static void close_pairs(struct pool *c, const int *kept)
{
    for (unsigned i = 0; i < c->options->count; i++) {
        if (&c->to_keeper[i] != kept)
            close_one(&c->to_keeper[i]);
        close_one(&c->to_workers[i]);
    }
}

/* In the worker: closes the ends of others, then works. */
static int begin_work(struct pool *c, struct share *share, int control)
{
    const struct workers_options *o = c->options;
    unsigned number = c->made;
    int keeper = c->to_keeper[number];
    for (unsigned i = 0; i < number; i++)
        close(c->workers[i].channel);
    close_pairs(c, &c->to_keeper[number]);
    if (c->keeper.channel >= 0)
        close(c->keeper.channel);
    free(c);
    (void)setpgid(0, 0); /* signals from the terminal reach the parent only */
    share_join(share, number);
    notify_through(control);
    int status = o->work(o->ctx, number, share, control, keeper);
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

/* In the keeper: closes the workers' ends, then serves them. Signals are for the workers: it ends when they have. */
static int begin_keeping(struct pool *c, struct share *share, int control)
{
    const struct workers_options *o = c->options;
    int channels[SHARE_WORKERS_MAX];
    for (unsigned i = 0; i < o->count; i++) {
        channels[i] = c->to_workers[i];
        close(c->to_keeper[i]);
    }
    for (unsigned i = 0; i < ENTRANCES; i++)
        if (o->fds[i] >= 0)
            close(o->fds[i]);
    free(c);
    share_free(share);
    (void)setpgid(0, 0);
    const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_IGN);
    return o->keep(o->ctx, channels, o->count, control);
}

/* Starts the keeper and waits until it is ready. In the child, sets *in_child and serves. false: failed; the keeper has
 * said why. */
static bool make_keeper(struct pool *c, struct share *share, bool *in_child, int *status)
{
    int ends[2];
    char ready[8];
    for (unsigned i = 0; i < c->options->count; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
            return false;
        c->to_workers[i] = ends[0];
        c->to_keeper[i] = ends[1];
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    pid_t pid = fork();
    *in_child = pid == 0;
    if (*in_child) {
        close(ends[0]);
        *status = begin_keeping(c, share, ends[1]);
        return true;
    }
    close(ends[1]);
    c->keeper = (struct worker){.pool = c, .channel = ends[0]};
    for (unsigned i = 0; i < c->options->count; i++)
        close_one(&c->to_workers[i]);
    c->failed = pid > 0 && recv(ends[0], ready, sizeof ready, 0) <= 0; /* it has logged why */
    return pid > 0 && !c->failed;
}

static bool listen_to(struct pool *c, struct worker *w)
{
    w->event = event_new(c->base, w->channel, EV_READ | EV_PERSIST, on_message, w);
    return w->event && event_add(w->event, NULL) == 0;
}

static bool listen_to_all(struct pool *c)
{
    c->base = event_base_new();
    for (unsigned i = 0; c->base && i < c->made; i++)
        if (!listen_to(c, &c->workers[i]))
            return false;
    if (c->base && c->keeper.channel >= 0 && !listen_to(c, &c->keeper))
        return false;
    return c->base && signals_open(&c->signals, c->base, on_signal, c);
}

static void tear_down(struct pool *c)
{
    signals_close(&c->signals);
    for (unsigned i = 0; i <= c->made; i++) {
        struct worker *w = i < c->made ? &c->workers[i] : &c->keeper;
        if (w->event)
            event_free(w->event);
        close_one(&w->channel); /* the worker exits, and then the keeper */
    }
    close_pairs(c, NULL);
    if (c->base)
        event_base_free(c->base);
    buf_free(&c->news);
    free(c);
}

static struct pool *make_pool(const struct workers_options *options)
{
    struct pool *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->options = options;
    c->keeper.channel = -1;
    for (unsigned i = 0; i < SHARE_WORKERS_MAX; i++)
        c->to_workers[i] = c->to_keeper[i] = -1;
    return c;
}

int workers_run(const struct workers_options *options)
{
    struct pool *c = make_pool(options);
    struct share *share = share_new(options->count);
    bool in_child = false, made = c && share;
    int status = 1;
    if (made && options->keep)
        made = make_keeper(c, share, &in_child, &status);
    for (unsigned i = 0; made && !in_child && i < options->count; i++)
        made = make_worker(c, share, &in_child, &status);
    if (in_child)
        return status;
    share_free(share);
    for (unsigned i = 0; i < ENTRANCES; i++)
        if (options->fds[i] >= 0)
            close(options->fds[i]);
    if (c)
        close_pairs(c, NULL);
    if (!made || !listen_to_all(c)) {
        if (!c || !c->failed)
            log_error("can't start %u workers: %s", options->count, strerror(errno));
    } else {
        (void)signal(SIGCHLD, SIG_IGN); /* workers that end are noticed by their sockets */
        c->alive = c->made + (c->keeper.channel >= 0);
        buf_init(&c->news, MESSAGE_MAX);
        confine_parent(options->key_file, options->harden);
        status = event_base_dispatch(c->base) < 0 || c->failed ? 1 : 0;
    }
    if (c)
        tear_down(c);
    return status;
}
