/* The session app's poll loop. */
#include "cgi/session.h"

#include "cgi/keyfile.h"
#include "cgi/port.h"
#include "cgi/reply.h"
#include "cgi/routes.h"
#include "common/clock.h"
#include "common/localhost.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FASTCGI_FD 0 /* FCGI_LISTENSOCK_FILENO */
#define PAUSE_MS 100 /* ms without accepting, after an accept that failed for lack of descriptors */

enum watched {
    WATCH_REQUESTS,
    WATCH_SIGNALS,
    WATCH_CHILD,
    WATCH_NOTIFY,
    WATCH_LOG,
    WATCH_PORT,
    WATCH_RISK_PORT,
    WATCH_TEST,
    WATCH_LIVE,
    WATCH_FOLDER,
    WATCH_MOUNTS,
    WATCH_COUNT
};

/* Returns a descriptor that SIGTERM and SIGINT arrive through; -1 on error. Ignores SIGPIPE: a write to a closed
 * connection returns an error. */
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool session_open(struct session *session, pid_t first_parent, struct buf *error)
{
    struct settings *settings = &session->settings;
    if (!settings_read(settings, first_parent, error))
        return false;
    if (!harden_follow_parent(&session->harden, settings->parent)) {
        buf_add_format(error, "the web server (pid %d) has ended", (int)settings->parent);
        return false;
    }
    if (!localhost_reserve(settings->web_port, &settings->localhost)) {
        buf_add_format(error, "can't reserve port %u of ::1: %s", settings->web_port, strerror(errno));
        return false;
    }
    settings->server = (int)syscall(SYS_pidfd_open, settings->parent, 0);
    session->body = sodium_malloc(REQUEST_BODY_MAX + 1);
    if (!session->body || FCGX_Init() != 0 || fcntl(FASTCGI_FD, F_SETFL, O_NONBLOCK) != 0) {
        buf_add_format(error, "can't set up FastCGI: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < SESSION_REQUESTS; i++)
        FCGX_InitRequest(&session->pending[i].request.fcgi, FASTCGI_FD, FCGI_FAIL_ACCEPT_ON_INTR);
    if (!page_load(&session->page, settings->www, error) || !live_load(&session->live_page, settings->www, error) ||
        !supervisor_open(&session->supervisor, settings, error))
        return false;
    runner_init(&session->tester, TESTER_MAX);
    runner_init(&session->live, LIVE_MAX);
    started_init(&session->started);
    session->peer_fd = peer_open();
    session->harden.peer_uid = session->peer_fd < 0 ? HARDEN_OFF : HARDEN_ON;
    if (session->peer_fd < 0)
        log_warning("the kernel does not report the owner of a socket (NETLINK_SOCK_DIAG): only the page token keeps "
                    "out other users of this machine");
    secret_random_token(session->token);
    /* Only scripts need the file; the page works without it. */
    if (!keyfile_write(settings->runtime_fd, KEYFILE_TOKEN, session->token))
        log_error("%s/%s: %s", settings->runtime_dir, KEYFILE_TOKEN, strerror(errno));
    folder_watch_open(&session->folder, settings);
    return true;
}

static struct pending *free_slot(struct session *session)
{
    for (size_t i = 0; i < SESSION_REQUESTS; i++)
        if (session->pending[i].wait == WAIT_NONE)
            return &session->pending[i];
    return NULL;
}

static bool is_last_slot(const struct session *session, const struct pending *pending)
{
    return pending == &session->pending[SESSION_REQUESTS - 1];
}

/* A request in the last slot never waits, so that there is always a slot to answer 503 or /health. */
static void answer_one(struct session *session)
{
    struct pending *pending = free_slot(session);
    if (FCGX_Accept_r(&pending->request.fcgi) != 0) {
        /* Without a free descriptor the listener stays readable: don't spin. */
        if (errno == EMFILE || errno == ENFILE)
            session->paused_until = session->now_ms + PAUSE_MS;
        return;
    }
    request_read(&pending->request, session->body, session->peer_fd);
    routes_answer(session, pending);
    if (pending->wait != WAIT_NONE && is_last_slot(session, pending)) {
        struct refusal why;
        refuse(&why, 503, "busy", "Too many requests are waiting for the proxy. Check the state and try again.");
        reply_refusal(&pending->request, &why, NULL);
        pending->wait = WAIT_NONE;
    }
    if (pending->wait == WAIT_NONE)
        request_finish(&pending->request);
}

static void take_signal(struct session *session, int signals)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        session->leaving = true;
        supervisor_stop(&session->supervisor, session->now_ms);
    }
}

/* Ends the session if the runtime folder was removed, and the master key with it: first the proxy, later lighttpd,
 * which would start another session app. */
static void check_folder(struct session *session)
{
    if (session->folder_gone || !folder_watch_is_gone(&session->folder))
        return;
    log_warning("%s: removed: ending the session", session->settings.runtime_dir);
    session->folder_gone = session->leaving = true;
    supervisor_stop(&session->supervisor, session->now_ms);
}

static int timeout_ms(const struct session *session)
{
    const int64_t dues[] = {session->supervisor.deadline_ms, session->tester.deadline_ms, session->live.deadline_ms,
                            session->paused_until};
    int64_t due = 0;
    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++)
        if (dues[i] && (!due || dues[i] < due))
            due = dues[i];
    if (!due)
        return -1;
    return due > session->now_ms ? (int)(due - session->now_ms) : 0;
}

static void end_late(struct runner *runner, int64_t now_ms)
{
    if (runner->deadline_ms && now_ms >= runner->deadline_ms)
        runner_on_deadline(runner);
}

/* Waits once and handles what is ready: the child's log before its exit, and its exit before new requests. */
static void turn(struct session *session, int signals)
{
    struct supervisor *s = &session->supervisor;
    struct pollfd fds[WATCH_COUNT] = {
        [WATCH_REQUESTS] = {.fd = session->paused_until || session->leaving ? -1 : FASTCGI_FD, .events = POLLIN},
        [WATCH_SIGNALS] = {.fd = signals, .events = POLLIN},
        [WATCH_CHILD] = {.fd = s->pid_fd, .events = POLLIN},
        [WATCH_NOTIFY] = {.fd = s->notify, .events = POLLIN},
        [WATCH_LOG] = {.fd = s->log.fd, .events = POLLIN},
        [WATCH_PORT] = {.fd = supervisor_orphaned_port(s, PORT_PROXY), .events = POLLIN},
        [WATCH_RISK_PORT] = {.fd = supervisor_orphaned_port(s, PORT_RISK), .events = POLLIN},
        [WATCH_TEST] = {.fd = session->tester.fd, .events = POLLIN},
        [WATCH_LIVE] = {.fd = session->live.fd, .events = POLLIN},
        [WATCH_FOLDER] = {.fd = session->folder_gone ? -1 : session->folder.changes, .events = POLLIN},
        [WATCH_MOUNTS] = {.fd = session->folder_gone ? -1 : session->folder.mounts, .events = POLLPRI},
    };
    int ready = poll(fds, WATCH_COUNT, timeout_ms(session));
    session->now_ms = (int64_t)clock_monotonic_ms();
    if (session->paused_until && session->now_ms >= session->paused_until)
        session->paused_until = 0;
    if (ready > 0) {
        if (fds[WATCH_SIGNALS].revents)
            take_signal(session, signals);
        if (fds[WATCH_FOLDER].revents || fds[WATCH_MOUNTS].revents)
            check_folder(session);
        if (fds[WATCH_LOG].revents)
            child_log_read(&s->log);
        if (fds[WATCH_NOTIFY].revents)
            supervisor_on_notify(s, session->now_ms);
        if (fds[WATCH_CHILD].revents)
            supervisor_on_exit(s, session->now_ms);
        if (fds[WATCH_PORT].revents)
            port_reset_clients(fds[WATCH_PORT].fd);
        if (fds[WATCH_RISK_PORT].revents)
            port_reset_clients(fds[WATCH_RISK_PORT].fd);
        if (fds[WATCH_TEST].revents)
            runner_on_output(&session->tester);
        if (fds[WATCH_LIVE].revents)
            runner_on_output(&session->live);
        if (fds[WATCH_REQUESTS].revents)
            answer_one(session);
    }
    end_late(&session->tester, session->now_ms);
    end_late(&session->live, session->now_ms);
    if (s->deadline_ms && session->now_ms >= s->deadline_ms)
        supervisor_on_deadline(s);
}

/* After SIGTERM, the session lets its child drain. If lighttpd has ended too, no client can wait for an answer, and the
 * session kills the child: lighttpd signals its FastCGI program and exits at once, and PR_SET_PDEATHSIG sends the
 * signal again when it has ended. */
void session_run(struct session *session)
{
    int signals = open_signals();
    session->now_ms = (int64_t)clock_monotonic_ms();
    check_folder(session); /* it may have been removed before it was watched */
    while (signals >= 0 && !(session->leaving && !supervisor_has_child(&session->supervisor))) {
        turn(session, signals);
        routes_settle(session);
        if (session->leaving && getppid() != session->settings.parent)
            break;
    }
    supervisor_abandon(&session->supervisor);
    if (session->folder_gone && session->settings.server >= 0)
        (void)syscall(SYS_pidfd_send_signal, session->settings.server, SIGTERM, NULL, 0);
}
