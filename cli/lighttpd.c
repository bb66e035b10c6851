/* lighttpd of one session. */
#include "cli/lighttpd.h"

#include "cli/child.h"
#include "cli/local_http.h"
#include "cli/lighttpd_files.h"
#include "cli/session_client.h"
#include "cli/terminal.h"
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

#define READY_MS 10000 /* wait until the key-page server answers */
#define HEALTH_MS 3000 /* timeout of its /health */
#define STOP_MS 8000   /* timeout of /api/stop, which takes 5 s at most */
/* For malloc(3): free() overwrites the memory. Not that of blocks in the thread cache, so there is none. */
#define SERVER_TUNABLES "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"
#define LAST_VARIABLES 2 /* those that the child adds */
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SOCKET_NAME_MAX 107 /* sun_path without its NUL */

/* Opens and locks the folder. false without a message: a stop removed it meanwhile; try again. */
static bool lock_folder(struct lighttpd *server, struct buf *error)
{
    struct stat ours, named;
    server->lock = open(server->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (server->lock >= 0 && flock(server->lock, LOCK_EX) != 0 && errno == EINTR)
        continue;
    if (server->lock < 0) {
        if (errno != ENOENT)
            buf_add_format(error, "%s: %s", server->runtime, strerror(errno));
        return false;
    }
    if (fstat(server->lock, &ours) == 0 && stat(server->runtime, &named) == 0 && ours.st_ino == named.st_ino)
        return true;
    close(server->lock);
    server->lock = -1;
    return false;
}

bool lighttpd_open(struct lighttpd *server, bool only_look, struct buf *error)
{
    for (unsigned turn = 0; turn < 100; turn++) {
        *server = (struct lighttpd){.lock = -1};
        char *path = only_look ? paths_find_runtime_dir(error) : paths_runtime_dir(error);
        bool there = path != NULL, absent = !there && only_look && !error->len;
        free(path);
        server->runtime = there || absent ? paths_runtime_name(error) : NULL;
        if (server->runtime && (absent || lock_folder(server, error))) {
            processes_find(&server->found, server->runtime);
            return true;
        }
        if (error->len)
            return false;
        free(server->runtime);
        server->runtime = NULL;
    }
    BUF_ADD(error, "runtime folder: other commands keep removing it: try again");
    return false;
}

void lighttpd_close(struct lighttpd *server)
{
    if (server->lock >= 0)
        close(server->lock);
    processes_close(&server->found);
    free(server->runtime);
    *server = (struct lighttpd){.lock = -1};
}

/* lighttpd's environment: what the key-page server may inherit (conf/lighttpd.conf.in), and the variables that make
 * lighttpd erase requests from memory (cgi/web_guard.c). No keys. */
static char **make_environment(struct buf *space, char *list[], size_t count)
{
    static const char *const names[] = {"HOME", "CODEX_HOME",   "XDG_CONFIG_HOME", "TZ",           "LANG",
                                        "PATH", "ASAN_OPTIONS", "LSAN_OPTIONS",    "UBSAN_OPTIONS"};
    static const char *const fixed[] = {"GLIBC_TUNABLES=" SERVER_TUNABLES, "LD_BIND_NOW=1"};
    size_t offsets[sizeof names / sizeof *names], used = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value || used + COUNT(fixed) + LAST_VARIABLES + 1 >= count)
            continue;
        offsets[used++] = space->len;
        buf_add_format(space, "%s=%s", names[i], value);
        buf_add_char(space, '\0');
    }
    for (size_t i = 0; i < used; i++)
        list[i] = space->data + offsets[i];
    for (size_t i = 0; i < COUNT(fixed); i++)
        list[used++] = (char *)fixed[i];
    for (size_t i = 0; i <= LAST_VARIABLES; i++)
        list[used + i] = NULL;
    return list + used;
}

static bool check_conf(const struct lighttpd *server, const char *lighttpd, char **list, struct buf *error)
{
    struct buf output;
    char *conf = paths_join(server->runtime, LIGHTTPD_CONF);
    buf_init(&output, 8192);
    int status = child_capture(&(struct child_run){(char *[]){(char *)lighttpd, "-tt", "-f", conf, NULL}, list,
                                                   READY_MS, &output},
                               &output);
    if (status != 0)
        buf_add_format(error, "lighttpd: invalid configuration: %.*s", SLICE_ARGS(buf_slice(&output)));
    buf_free(&output);
    free(conf);
    return status == 0;
}

/* Runs in the child. lighttpd's descendants get its pid in POINTSMAN_PARENT and exit when it dies. The folder in its
 * command line and the kernel session that it leads identify the processes (cli/processes.h). */
static _Noreturn void become_lighttpd(const struct lighttpd *server, const char *lighttpd, char **list, char **last)
{
    char parent[48], preload[] = "LD_PRELOAD=./" SERVER_WEB_GUARD, *conf = paths_join(server->runtime, LIGHTTPD_CONF);
    (void)snprintf(parent, sizeof parent, "POINTSMAN_PARENT=%d", (int)getpid());
    last[0] = parent;
    last[1] = preload; /* relative to the folder, so not before fchdir() */
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log =
        openat(server->lock, LIGHTTPD_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    umask(077);
    if (conf && null >= 0 && log >= 0 && setsid() >= 0 && fchdir(server->lock) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0U, 0) == 0 &&
        signals_reset())
        execve(lighttpd, (char *[]){(char *)lighttpd, "-D", "-f", conf, NULL}, list);
    _exit(127);
}

static bool answers(const struct lighttpd *server)
{
    struct session_client session = {0};
    struct session_status status = {0};
    struct buf error;
    buf_init(&error, 1024);
    bool up = faccessat(server->lock, "session-token", R_OK, 0) == 0 && session_client_find(&session, &error) &&
              session_client_status(&session, &status, &error);
    session_status_free(&status);
    session_client_close(&session);
    buf_free(&error);
    return up;
}

/* Waits until the key-page server answers. false: lighttpd exited, or timeout. */
static bool wait_until_up(const struct lighttpd *server, pid_t pid)
{
    uint64_t deadline = clock_monotonic_ms() + READY_MS;
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    bool up = false, ended = process < 0;
    while (!ended && !(up = answers(server))) {
        struct pollfd end = {.fd = process, .events = POLLIN};
        ended = clock_monotonic_ms() >= deadline || poll(&end, 1, 10) > 0;
    }
    if (process >= 0)
        close(process);
    return up;
}

/* Appends the reason from the end of lighttpd's log. */
static void explain(const struct lighttpd *server, unsigned port, bool *busy, struct buf *error)
{
    char text[8192] = "";
    int fd = file_open(server->lock, LIGHTTPD_LOG, O_NOFOLLOW);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0, from = size > 2000 ? size - 2000 : 0;
    ssize_t len = fd >= 0 ? pread(fd, text, sizeof text - 1, from) : 0;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    *busy = strstr(text, "Address already in use") != NULL;
    if (*busy) {
        buf_add_format(error, "port %u is in use by ", port);
        (void)port_holder(port, error);
        BUF_ADD(error, ": stop it, or use --web-port");
    } else {
        buf_add_format(error, "the key page does not answer; end of %s/" LIGHTTPD_LOG ":\n%s", server->runtime, text);
    }
}

/* lighttpd binds the port of 127.0.0.1, the key-page server that of ::1. This only tests ::1, so that the user gets the
 * reason at once. */
static bool check_localhost(unsigned port, bool *busy, struct buf *error)
{
    int held;
    if (localhost_reserve(port, &held)) {
        if (held >= 0)
            close(held);
        return true;
    }
    *busy = errno == EADDRINUSE;
    if (*busy) {
        buf_add_format(error, "port %u of ::1 (localhost) is in use by ", port);
        (void)port_holder(port, error);
        BUF_ADD(error, ": stop it, or use --web-port");
    } else
        buf_add_format(error, "port %u of ::1: can't bind: %s", port, strerror(errno));
    return false;
}

/* Ends a lighttpd that did not come up, and appends the reason. */
static void fail_start(struct lighttpd *server, unsigned port, pid_t pid, bool *busy, struct buf *error)
{
    struct buf killed;
    buf_init(&killed, 4096);
    processes_find(&server->found, server->runtime);
    bool ended = processes_end(&server->found, server->runtime, false, &killed, error);
    (void)waitpid(pid, NULL, WNOHANG);
    if (ended && !error->len)
        explain(server, port, busy, error);
    buf_free(&killed);
}

/* Processes of an earlier session keep its ports in use. Nothing can use them: their files are gone or replaced. */
static bool end_leftovers(struct lighttpd *server, struct buf *error)
{
    struct buf killed;
    buf_init(&killed, 4096);
    if (server->found.count)
        warn("%s: ending processes of an earlier session", server->runtime);
    bool ended = processes_end(&server->found, server->runtime, true, &killed, error);
    buf_free(&killed);
    return ended;
}

bool lighttpd_start(struct lighttpd *server, const struct lighttpd_options *options, bool *busy, struct buf *error)
{
    char *lighttpd = child_find("lighttpd", CHILD_SBIN), *list[16];
    struct buf space;
    buf_init(&space, 256u << 10);
    *busy = false;
    bool up = lighttpd && strlen(server->runtime) + sizeof "/notify.sock" - 1 <= SOCKET_NAME_MAX;
    if (!lighttpd)
        BUF_ADD(error, "lighttpd not found: apt-get install lighttpd");
    else if (!up)
        buf_add_format(error, "%s: too long for a socket path: set POINTSMAN_RUNTIME_DIR to a shorter one",
                       server->runtime);
    up = up && end_leftovers(server, error) && check_localhost(options->web_port, busy, error) &&
         lighttpd_files_write(server, options, error);
    char **last = up ? make_environment(&space, list, COUNT(list)) : NULL;
    up = up && check_conf(server, lighttpd, list, error);
    pid_t pid = up ? fork() : -1;
    if (pid == 0)
        become_lighttpd(server, lighttpd, list, last);
    if (pid > 0) {
        up = lighttpd_files_write_pid(server, pid, error) && wait_until_up(server, pid);
    } else if (up) {
        buf_add_format(error, "can't create a process: %s", strerror(errno));
        up = false;
    }
    if (!up && pid > 0)
        fail_start(server, options->web_port, pid, busy, error);
    buf_free(&space);
    free(lighttpd);
    return up;
}

/* Makes the key-page server stop the proxy, in 5 s at most. Checks /health first, to give up early on one that hangs.
 */
static bool stop_proxy(void)
{
    struct session_client session = {0};
    struct local_http_reply reply = {0};
    struct buf ignored;
    buf_init(&ignored, 4096);
    bool there = session_client_find(&session, &ignored) &&
                 session_client_call(&session, "GET", "/health", SLICE(""), HEALTH_MS, &reply, &ignored);
    local_http_free(&reply);
    bool stopped = there &&
                   session_client_call(&session, "POST", "/api/stop", SLICE("{}"), STOP_MS, &reply, &ignored) &&
                   reply.status == 200;
    local_http_free(&reply);
    session_client_close(&session);
    buf_free(&ignored);
    return stopped;
}

bool lighttpd_stop(struct lighttpd *server, struct buf *error)
{
    struct buf killed;
    buf_init(&killed, 4096);
    if (!server->found.count)
        processes_find(&server->found, server->runtime); /* may have started since */
    processes_signal(&server->found, SIGCONT);           /* a stopped process can't answer */
    bool drained = !server->found.up || stop_proxy();
    if (!drained)
        warn("the key-page server does not confirm the stop: ending its processes");
    bool ended = processes_end(&server->found, server->runtime, !drained, &killed, error);
    if (killed.len)
        warn("killed, because they did not exit in time: %s", buf_text(&killed));
    if (ended && server->lock >= 0)
        lighttpd_files_remove(server);
    buf_free(&killed);
    return ended;
}
