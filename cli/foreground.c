/* Runs a program that uses the terminal, and forwards signals to it. */
#include "cli/foreground.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 5000u /* from SIGTERM to SIGKILL, when tick() ends it */
#define READ_BYTES (32u << 10)

struct watch {
    const struct foreground *run;
    struct foreground_end *end;
    pid_t pid;
    int process, signals, pipe; /* pidfd; signalfd; its standard output (-1: not captured, or end of file) */
    uint64_t kill_at;           /* ms, monotonic: when SIGKILL is due; 0: not ending */
    uint64_t tick_at;           /* ms, monotonic: next tick() */
};

static void start_child(const struct foreground *run, const sigset_t *mask, pid_t parent, int output, int report)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if ((run->input < 0 || dup2(run->input, STDIN_FILENO) >= 0) && (output < 0 || dup2(output, STDOUT_FILENO) >= 0))
        execve(run->argv[0], run->argv, run->environment ? run->environment : environ);
    int why = errno;
    ssize_t written = write(report, &why, sizeof why);
    (void)written;
    _exit(127);
}

/* Forks. If the child can't exec, it sends errno through a close-on-exec pipe. */
static pid_t spawn(const struct foreground *run, const sigset_t *mask, int output)
{
    int report[2], why = 0;
    pid_t parent = getpid();
    if (pipe2(report, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        start_child(run, mask, parent, output, report[1]);
    int failed = errno;
    (void)close(report[1]);
    ssize_t got = pid > 0 ? read(report[0], &why, sizeof why) : 0;
    (void)close(report[0]);
    if (got == sizeof why) {
        (void)waitpid(pid, NULL, 0);
        pid = -1;
        failed = why;
    }
    errno = failed;
    return pid;
}

/* The terminal sends its signals to the child as well. A signal from another process reaches only this one, so it is
 * forwarded. */
static void take_signal(struct watch *w)
{
    struct signalfd_siginfo info;
    if (read(w->signals, &info, sizeof info) != sizeof info)
        return;
    w->end->signal = (int)info.ssi_signo;
    if (info.ssi_code <= 0 || info.ssi_signo == SIGHUP)
        (void)kill(w->pid, (int)info.ssi_signo);
}

/* Output beyond the ceiling is read and discarded, so that the child does not block. */
static void take_output(struct watch *w)
{
    char bytes[READ_BYTES];
    ssize_t got = read(w->pipe, bytes, sizeof bytes);
    if (got > 0)
        (void)buf_add(w->run->output, bytes, (size_t)got);
    if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    (void)close(w->pipe);
    w->pipe = -1;
}

static void take_tick(struct watch *w, uint64_t now)
{
    if (w->kill_at) {
        if (now >= w->kill_at)
            (void)kill(w->pid, SIGKILL);
        return;
    }
    if (!w->run->tick || now < w->tick_at)
        return;
    w->tick_at = now + (uint64_t)w->run->tick_ms;
    if (!w->run->tick(w->run->ctx))
        return;
    w->end->ticked = true;
    w->kill_at = now + GRACE_MS;
    (void)kill(w->pid, SIGTERM);
}

/* Waits until the process has exited. Reads what it left in the pipe, but does not wait for a grandchild that holds the
 * pipe open. */
static void wait_for_end(struct watch *w)
{
    for (bool done = false; !done;) {
        struct pollfd fds[] = {{w->process, POLLIN, 0}, {w->signals, POLLIN, 0}, {w->pipe, POLLIN, 0}};
        int limit = w->run->tick || w->kill_at ? w->run->tick_ms > 0 && w->run->tick_ms < 100 ? w->run->tick_ms : 100
                                               : -1;
        (void)poll(fds, 3, limit);
        if (fds[1].revents)
            take_signal(w);
        if (fds[2].revents)
            take_output(w);
        take_tick(w, clock_monotonic_ms());
        done = fds[0].revents && !(fds[2].revents & POLLIN);
    }
}

static int exit_code(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool foreground_run(const struct foreground *run, struct foreground_end *end, struct buf *error)
{
    static const int SIGNALS[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    struct watch w = {.run = run, .end = end, .process = -1, .signals = -1, .pipe = -1};
    int output[2] = {-1, -1};
    sigset_t blocked, before;
    *end = (struct foreground_end){.code = -1};
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        (void)sigaddset(&blocked, SIGNALS[i]);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    w.signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    bool ready = w.signals >= 0 && (!run->output || pipe2(output, O_CLOEXEC) == 0);
    w.pid = ready ? spawn(run, &before, output[1]) : -1;
    if (w.pid > 0 && (w.process = pidfd_open(w.pid, 0)) >= 0) {
        w.pipe = output[0];
        output[0] = -1;
        (void)close(output[1]);
        output[1] = -1;
        wait_for_end(&w);
        end->code = exit_code(w.pid);
    } else {
        buf_add_format(error, "%s: %s", run->argv[0], strerror(errno));
        if (w.pid > 0) {
            (void)kill(w.pid, SIGKILL);
            (void)waitpid(w.pid, NULL, 0);
        }
    }
    const int open[] = {w.process, w.signals, w.pipe, output[0], output[1]};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (open[i] >= 0)
            (void)close(open[i]);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return end->code >= 0;
}
