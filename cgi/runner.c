/* Runs the command `pointsman` for its output. */
#include "cgi/runner.h"

#include "cgi/child_setup.h"
#include "common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 8

void runner_init(struct runner *r, size_t max)
{
    *r = (struct runner){.fd = -1};
    buf_init(&r->answer, max);
}

/* The variables that the command needs to find the session. It gets no key: it reads the master key from its file. */
static char **make_environment(void)
{
    static const char *const names[] = {"HOME", "CODEX_HOME", "POINTSMAN_RUNTIME_DIR"};
    static char text[3][4096 + 32], *list[4];
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        int len = value ? snprintf(text[count], sizeof text[count], "%s=%s", names[i], value) : -1;
        if (len > 0 && (size_t)len < sizeof text[count]) {
            list[count] = text[count];
            count++;
        }
    }
    list[count] = NULL;
    return list;
}

static _Noreturn void become_command(const struct settings *settings, const char *const *arguments, pid_t parent,
                                     int out)
{
    char *list[ARGUMENTS_MAX + 2] = {(char *)settings->command};
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
        list[i + 1] = (char *)arguments[i];
    if (!child_setup(settings, parent))
        _exit(127);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(nothing, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, 0) == 0 && signals_reset())
        execve(settings->command, list, make_environment());
    _exit(127);
}

bool runner_start(struct runner *r, const struct settings *settings, const char *const *arguments, int ms,
                  int64_t now_ms)
{
    pid_t parent = getpid();
    int fds[2];
    buf_clear(&r->answer);
    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    r->pid = fork();
    if (r->pid == 0)
        become_command(settings, arguments, parent, fds[1]);
    int error = errno;
    close(fds[1]);
    if (r->pid < 0) {
        close(fds[0]);
        r->pid = 0;
        errno = error;
        return false;
    }
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    r->fd = fds[0];
    r->deadline_ms = now_ms + ms;
    return true;
}

static void reap(struct runner *r)
{
    close(r->fd);
    (void)waitpid(r->pid, NULL, 0); /* it closes its output only when it ends */
    r->fd = -1;
    r->pid = 0;
    r->deadline_ms = 0;
}

void runner_on_output(struct runner *r)
{
    char space[16384];
    ssize_t len = read(r->fd, space, sizeof space);
    if (len > 0)
        buf_add(&r->answer, space, (size_t)len);
    else if (len == 0 || (errno != EAGAIN && errno != EINTR))
        reap(r);
}

void runner_on_deadline(struct runner *r)
{
    r->deadline_ms = 0;
    if (r->pid)
        (void)kill(r->pid, SIGKILL);
}
