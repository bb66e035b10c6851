/* Runs a program and captures its output. */
#include "cli/child.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The first "FOLDER/NAME" that is executable. Empty entries in PATH (the current folder) are skipped. */
static char *find_in(const char *folders, const char *name)
{
    struct buf path;
    buf_init(&path, 16384);
    for (const char *at = folders; at && *at; at += *at == ':') {
        size_t len = strcspn(at, ":");
        buf_clear(&path);
        buf_add_format(&path, "%.*s/%s", (int)len, at, name);
        const char *text = buf_text(&path);
        if (len && is_program(text)) {
            char *found = strdup(text);
            buf_free(&path);
            return found;
        }
        at += len;
    }
    buf_free(&path);
    return NULL;
}

char *child_find(const char *name, const char *more)
{
    if (strchr(name, '/'))
        return is_program(name) ? strdup(name) : NULL;
    char *found = find_in(getenv("PATH"), name);
    return found ? found : find_in(more, name);
}

/* Starts the program in its own process group, so that its children can be killed with it. */
static pid_t start(const struct child_run *run, int output, int errors)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = -1;
    int fault = posix_spawn_file_actions_init(&actions);
    if (!fault)
        fault = posix_spawnattr_init(&attributes);
    if (fault) {
        errno = fault;
        return -1;
    }
    sigemptyset(&none);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (errors >= 0)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    fault = posix_spawn(&pid, run->argv[0], &actions, &attributes, run->argv,
                        run->environment ? run->environment : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = fault;
    return fault ? -1 : pid;
}

/* Reads what is available. false: end of file. */
static bool read_some(int fd, struct buf *out)
{
    char bytes[16384];
    ssize_t len = read(fd, bytes, sizeof bytes);
    if (len > 0)
        buf_add(out, bytes, (size_t)len < out->max - out->len ? (size_t)len : out->max - out->len);
    return len > 0 || (len < 0 && errno == EINTR);
}

/* Reads both descriptors to end of file; -1 is ignored. false: timeout. */
static bool read_all(const int fds[2], uint64_t deadline, struct buf *const outs[2])
{
    struct pollfd ready[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    while (ready[0].fd >= 0 || ready[1].fd >= 0) {
        uint64_t now = clock_monotonic_ms();
        if (now >= deadline || (poll(ready, 2, (int)(deadline - now)) < 0 && errno != EINTR))
            return false;
        for (unsigned i = 0; i < 2; i++)
            if (ready[i].fd >= 0 && ready[i].revents && !read_some(ready[i].fd, outs[i]))
                ready[i].fd = -1;
    }
    return true;
}

/* Waits for a process that has closed its output. Polls every millisecond; false: timeout. */
static bool wait_for(pid_t pid, uint64_t deadline, int *status)
{
    while (waitpid(pid, status, WNOHANG) == 0) {
        if (clock_monotonic_ms() >= deadline)
            return false;
        (void)poll(NULL, 0, 1);
    }
    return true;
}

static void close_pipe(int fds[2])
{
    for (unsigned i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

int child_capture(const struct child_run *run, struct buf *out)
{
    int output[2] = {-1, -1}, errors[2] = {-1, -1}, status = 0;
    bool apart = run->errors && run->errors != out, done = false;
    uint64_t deadline = clock_monotonic_ms() + (uint64_t)run->timeout_ms;
    pid_t pid = -1;
    if (pipe2(output, O_CLOEXEC) == 0 && (!apart || pipe2(errors, O_CLOEXEC) == 0))
        pid = start(run, output[1], apart ? errors[1] : run->errors ? output[1] : -1);
    int fault = errno;
    if (pid > 0) {
        close(output[1]);
        if (apart)
            close(errors[1]);
        output[1] = errors[1] = -1;
        done = read_all((const int[]){output[0], errors[0]}, deadline, (struct buf *const[]){out, run->errors}) &&
               wait_for(pid, deadline, &status);
    }
    close_pipe(output);
    close_pipe(errors);
    if (pid > 0 && !done) {
        kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        fault = ETIMEDOUT;
    }
    errno = fault;
    if (!done)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
