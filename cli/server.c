/* The web server of one session. */
#include "cli/server.h"

#include "cli/child.h"
#include "cli/local_http.h"
#include "cli/server_files.h"
#include "cli/session.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/localhost.h"
#include "common/paths.h"
#include "common/port_holder.h"
#include "common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS 10000
#define GONE_MS 8000
#define SOCKET_NAME_MAX 107 /* sun_path less its NUL */
#define CHILDREN_MAX 4

/* The pid in the file, believed only if that process runs lighttpd in this very folder; -1. The process is opened
 * before it is looked at, so that its number can't come to mean another. */
static int find_process(const struct server *server, int *process)
{
    char text[32] = "", path[64], name[32] = "", cwd[4096];
    ssize_t len = file_read_start(server->lock, SERVER_PID, O_NOFOLLOW, text, sizeof text);
    long pid = len > 0 ? strtol(text, NULL, 10) : 0;
    *process = pid > 1 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
    if (*process < 0)
        return -1;
    (void)snprintf(path, sizeof path, "/proc/%ld/cwd", pid);
    len = readlink(path, cwd, sizeof cwd - 1);
    cwd[len > 0 ? len : 0] = '\0';
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *comm = fopen(path, "re");
    bool named = comm && fgets(name, sizeof name, comm);
    if (comm)
        fclose(comm);
    if (named && strcmp(name, "lighttpd\n") == 0 && strcmp(cwd, server->runtime) == 0)
        return (int)pid;
    close(*process);
    *process = -1;
    return -1;
}

/* Opens and locks the folder. A stop removes it: then what was locked is not what its name leads to any more. */
static bool lock_folder(struct server *server, struct buf *error)
{
    struct stat ours, named;
    server->lock = open(server->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (server->lock >= 0 && flock(server->lock, LOCK_EX) != 0 && errno == EINTR)
        continue;
    if (server->lock < 0) {
        buf_add_format(error, "%s: %s", server->runtime, strerror(errno));
        return false;
    }
    if (fstat(server->lock, &ours) == 0 && stat(server->runtime, &named) == 0 && ours.st_ino == named.st_ino)
        return true;
    close(server->lock);
    server->lock = -1;
    return false;
}

bool server_open(struct server *server, bool must_exist, struct buf *error)
{
    for (unsigned turn = 0; turn < 100; turn++) {
        *server = (struct server){.lock = -1, .process = -1, .pid = -1};
        char *path = must_exist ? paths_find_runtime_dir(error) : paths_runtime_dir(error);
        if (!path)
            return false;
        server->runtime = realpath(path, NULL);
        free(path);
        if (server->runtime && lock_folder(server, error)) {
            server->pid = find_process(server, &server->process);
            return true;
        }
        if (error->len)
            return false;
        free(server->runtime);
        server->runtime = NULL;
    }
    BUF_ADD(error, "the runtime folder is removed again and again by others");
    return false;
}

void server_close(struct server *server)
{
    if (server->lock >= 0)
        close(server->lock);
    if (server->process >= 0)
        close(server->process);
    free(server->runtime);
    *server = (struct server){.lock = -1, .process = -1, .pid = -1};
}

/* lighttpd's environment: what the session app may inherit (conf/lighttpd.conf.in) and no key. */
static char **make_environment(struct buf *space, char *list[], size_t count)
{
    static const char *const names[] = {"HOME", "CODEX_HOME",   "XDG_CONFIG_HOME", "TZ",           "LANG",
                                        "PATH", "ASAN_OPTIONS", "LSAN_OPTIONS",    "UBSAN_OPTIONS"};
    size_t offsets[sizeof names / sizeof *names], used = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value || used + 2 >= count)
            continue;
        offsets[used++] = space->len;
        buf_add_format(space, "%s=%s", names[i], value);
        buf_add_char(space, '\0');
    }
    for (size_t i = 0; i < used; i++)
        list[i] = space->data + offsets[i];
    list[used] = list[used + 1] = NULL; /* one place is left, for POINTSMAN_PARENT */
    return list + used;
}

static bool check_conf(const struct server *server, const char *lighttpd, struct buf *error)
{
    struct buf said;
    char *conf = paths_join(server->runtime, SERVER_CONF);
    buf_init(&said, 8192);
    int status =
        child_capture(&(struct child_run){(char *[]){(char *)lighttpd, "-tt", "-f", conf, NULL}, NULL, READY_MS, true},
                      &said);
    if (status != 0)
        buf_add_format(error, "lighttpd refuses its configuration: %.*s", SLICE_ARGS(buf_slice(&said)));
    buf_free(&said);
    free(conf);
    return status == 0;
}

/* In the child. lighttpd and all below it learn lighttpd's pid, whose death they follow. */
static _Noreturn void become_lighttpd(const struct server *server, const char *lighttpd, char **list, char **last)
{
    char parent[48];
    (void)snprintf(parent, sizeof parent, "POINTSMAN_PARENT=%d", (int)getpid());
    *last = parent;
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = openat(server->lock, SERVER_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    umask(077);
    if (nothing >= 0 && log >= 0 && setsid() >= 0 && fchdir(server->lock) == 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, 0) == 0 &&
        signals_reset())
        execve(lighttpd, (char *[]){(char *)lighttpd, "-D", "-f", SERVER_CONF, NULL}, list);
    _exit(127);
}

static bool answers(const struct server *server)
{
    struct session session = {0};
    struct session_status status = {0};
    struct buf error;
    buf_init(&error, 1024);
    bool up = faccessat(server->lock, "session-token", R_OK, 0) == 0 && session_find(&session, &error) &&
              session_status(&session, &status, &error);
    session_status_free(&status);
    session_close(&session);
    buf_free(&error);
    return up;
}

/* Until the session answers, or lighttpd has ended. */
static bool wait_until_up(const struct server *server)
{
    uint64_t deadline = clock_monotonic_ms() + READY_MS;
    while (!answers(server)) {
        struct pollfd end = {.fd = server->process, .events = POLLIN};
        if (clock_monotonic_ms() >= deadline || poll(&end, 1, 10) > 0)
            return false;
    }
    return true;
}

/* What lighttpd said at last. */
static void explain(const struct server *server, unsigned port, bool *busy, struct buf *error)
{
    char text[8192] = "";
    int fd = file_open(server->lock, SERVER_LOG, O_NOFOLLOW);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0, from = size > 2000 ? size - 2000 : 0;
    ssize_t len = fd >= 0 ? pread(fd, text, sizeof text - 1, from) : 0;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    *busy = strstr(text, "Address already in use") != NULL;
    if (*busy) {
        buf_add_format(error, "port %u is taken by ", port);
        (void)port_holder(port, error);
        BUF_ADD(error, ". Stop that, or give --web-port");
    } else {
        buf_add_format(error, "the page does not answer; %s/" SERVER_LOG " says:\n%s", server->runtime, text);
    }
}

/* lighttpd holds the port of 127.0.0.1, and the session app that of ::1. Here it is only looked at, so that the user
 * gets the reason at once. */
static bool check_localhost(unsigned port, bool *busy, struct buf *error)
{
    int held;
    if (localhost_hold(port, &held)) {
        if (held >= 0)
            close(held);
        return true;
    }
    *busy = errno == EADDRINUSE;
    if (*busy) {
        buf_add_format(error, "port %u is taken by ", port);
        (void)port_holder(port, error);
        BUF_ADD(error, " on ::1, to which localhost leads as well. Stop that, or give --web-port");
    } else
        buf_add_format(error, "port %u of ::1 can't be held: %s", port, strerror(errno));
    return false;
}

bool server_start(struct server *server, const struct server_options *options, bool *busy, struct buf *error)
{
    char *lighttpd = child_find("lighttpd", CHILD_SBIN), *list[16];
    struct buf space;
    buf_init(&space, 256u << 10);
    *busy = false;
    bool up = lighttpd && strlen(server->runtime) + sizeof "/notify.sock" - 1 <= SOCKET_NAME_MAX;
    if (!lighttpd)
        BUF_ADD(error, "lighttpd was not found: apt-get install lighttpd");
    else if (!up)
        buf_add_format(error, "%s is too long for a socket's path; set POINTSMAN_RUNTIME_DIR to a shorter one",
                       server->runtime);
    up = up && check_localhost(options->web_port, busy, error) && server_files_write(server, options, error) &&
         check_conf(server, lighttpd, error);
    char **last = up ? make_environment(&space, list, sizeof list / sizeof *list) : NULL;
    pid_t pid = up ? fork() : -1;
    if (pid == 0)
        become_lighttpd(server, lighttpd, list, last);
    if (pid > 0) {
        server->pid = pid;
        server->process = (int)syscall(SYS_pidfd_open, pid, 0);
        up = wait_until_up(server);
    } else if (up) {
        buf_add_format(error, "no process can be made: %s", strerror(errno));
        up = false;
    }
    if (!up && pid > 0) {
        kill(pid, SIGTERM);
        (void)waitpid(pid, NULL, 0);
        explain(server, options->web_port, busy, error);
    }
    buf_free(&space);
    free(lighttpd);
    return up;
}

/* The session app outlives lighttpd by a moment, in which it tidies up the folder. */
static unsigned open_children(int pid, int fds[CHILDREN_MAX])
{
    char path[64], text[256] = "";
    unsigned count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(text, sizeof text, file)) {
        char *at = text, *end;
        for (long child; count < CHILDREN_MAX && (child = strtol(at, &end, 10)) > 1 && end != at; at = end)
            if ((fds[count] = (int)syscall(SYS_pidfd_open, (pid_t)child, 0)) >= 0)
                count++;
    }
    if (file)
        fclose(file);
    return count;
}

static bool wait_gone(int process, uint64_t deadline)
{
    struct pollfd end = {.fd = process, .events = POLLIN};
    for (uint64_t now; (now = clock_monotonic_ms()) < deadline;)
        if (poll(&end, 1, (int)(deadline - now)) > 0)
            return true;
    return false;
}

bool server_stop(struct server *server, struct buf *error)
{
    int children[CHILDREN_MAX];
    bool gone = true;
    if (server->process >= 0) {
        unsigned count = open_children(server->pid, children);
        uint64_t deadline = clock_monotonic_ms() + GONE_MS;
        (void)syscall(SYS_pidfd_send_signal, server->process, SIGTERM, NULL, 0);
        gone = wait_gone(server->process, deadline);
        for (unsigned i = 0; i < count; i++) {
            gone = wait_gone(children[i], deadline) && gone;
            close(children[i]);
        }
    }
    if (gone)
        server_files_remove(server);
    else
        buf_add_format(error, "lighttpd (pid %d) does not end; its log: %s/" SERVER_LOG, server->pid, server->runtime);
    return gone;
}
