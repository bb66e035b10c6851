/* The web server of one session. */
#include "cli/server.h"

#include "cli/child.h"
#include "cli/local_http.h"
#include "cli/server_files.h"
#include "cli/session.h"
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

#define READY_MS 10000
#define HEALTH_MS 3000
#define STOP_MS 8000
/* Of malloc(3): what is freed is overwritten, all of it. */
#define SERVER_TUNABLES "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"
#define LAST_VARIABLES 2 /* those that the child adds */
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SOCKET_NAME_MAX 107 /* sun_path less its NUL */

/* Opens and locks the folder. A stop removes it: then what was locked is not what its name leads to any more. */
static bool lock_folder(struct server *server, struct buf *error)
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

bool server_open(struct server *server, bool only_look, struct buf *error)
{
    for (unsigned turn = 0; turn < 100; turn++) {
        *server = (struct server){.lock = -1};
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
    BUF_ADD(error, "the runtime folder is removed again and again by others");
    return false;
}

void server_close(struct server *server)
{
    if (server->lock >= 0)
        close(server->lock);
    processes_close(&server->found);
    free(server->runtime);
    *server = (struct server){.lock = -1};
}

/* lighttpd's environment: what the session app may inherit (conf/lighttpd.conf.in), what keeps no piece of a request in
 * memory (cgi/web_guard.c), and no key. */
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

static bool check_conf(const struct server *server, const char *lighttpd, char **list, struct buf *error)
{
    struct buf said;
    char *conf = paths_join(server->runtime, SERVER_CONF);
    buf_init(&said, 8192);
    int status =
        child_capture(&(struct child_run){(char *[]){(char *)lighttpd, "-tt", "-f", conf, NULL}, list, READY_MS, &said},
                      &said);
    if (status != 0)
        buf_add_format(error, "lighttpd refuses its configuration: %.*s", SLICE_ARGS(buf_slice(&said)));
    buf_free(&said);
    free(conf);
    return status == 0;
}

/* In the child. lighttpd and all below it learn lighttpd's pid, whose death they follow. Its command line names the
 * folder, and it leads a kernel session: by both they are found again (cli/processes.h). */
static _Noreturn void become_lighttpd(const struct server *server, const char *lighttpd, char **list, char **last)
{
    char parent[48], preload[] = "LD_PRELOAD=./" SERVER_WEB_GUARD, *conf = paths_join(server->runtime, SERVER_CONF);
    (void)snprintf(parent, sizeof parent, "POINTSMAN_PARENT=%d", (int)getpid());
    last[0] = parent;
    last[1] = preload; /* relative to the folder, so not before fchdir() */
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = openat(server->lock, SERVER_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    umask(077);
    if (conf && nothing >= 0 && log >= 0 && setsid() >= 0 && fchdir(server->lock) == 0 &&
        dup2(nothing, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0 &&
        close_range(STDERR_FILENO + 1, ~0U, 0) == 0 && signals_reset())
        execve(lighttpd, (char *[]){(char *)lighttpd, "-D", "-f", conf, NULL}, list);
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
static bool wait_until_up(const struct server *server, pid_t pid)
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
    if (localhost_reserve(port, &held)) {
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

/* Ends the lighttpd that was started, and says why it is of no use. */
static void fail_start(struct server *server, unsigned port, pid_t pid, bool *busy, struct buf *error)
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

/* Processes of an earlier session hold its ports. Nobody else can reach them: their files are gone or are made again.
 */
static bool end_leftovers(struct server *server, struct buf *error)
{
    struct buf killed;
    buf_init(&killed, 4096);
    if (server->found.count)
        warn("ending what an earlier session in %s has left running", server->runtime);
    bool ended = processes_end(&server->found, server->runtime, true, &killed, error);
    buf_free(&killed);
    return ended;
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
    up = up && end_leftovers(server, error) && check_localhost(options->web_port, busy, error) &&
         server_files_write(server, options, error);
    char **last = up ? make_environment(&space, list, COUNT(list)) : NULL;
    up = up && check_conf(server, lighttpd, list, error);
    pid_t pid = up ? fork() : -1;
    if (pid == 0)
        become_lighttpd(server, lighttpd, list, last);
    if (pid > 0) {
        up = server_files_write_pid(server, pid, error) && wait_until_up(server, pid);
    } else if (up) {
        buf_add_format(error, "no process can be made: %s", strerror(errno));
        up = false;
    }
    if (!up && pid > 0)
        fail_start(server, options->web_port, pid, busy, error);
    buf_free(&space);
    free(lighttpd);
    return up;
}

/* Has the session stop the proxy, which takes it 5 s at most. One that answers nothing is not waited for so long. */
static bool stop_proxy(void)
{
    struct session session = {0};
    struct local_http_reply reply = {0};
    struct buf unheard;
    buf_init(&unheard, 4096);
    bool there = session_find(&session, &unheard) &&
                 session_call(&session, "GET", "/health", SLICE(""), HEALTH_MS, &reply, &unheard);
    local_http_free(&reply);
    bool stopped = there && session_call(&session, "POST", "/api/stop", SLICE("{}"), STOP_MS, &reply, &unheard) &&
                   reply.status == 200;
    local_http_free(&reply);
    session_close(&session);
    buf_free(&unheard);
    return stopped;
}

bool server_stop(struct server *server, struct buf *error)
{
    struct buf killed;
    buf_init(&killed, 4096);
    if (!server->found.count)
        processes_find(&server->found, server->runtime); /* started since */
    processes_signal(&server->found, SIGCONT);           /* what is stopped answers nothing */
    bool drained = !server->found.up || stop_proxy();
    if (!drained)
        warn("the session does not confirm the stop; its processes are ended");
    bool ended = processes_end(&server->found, server->runtime, !drained, &killed, error);
    if (killed.len)
        warn("%s did not end in time and had to be killed", buf_text(&killed));
    if (ended && server->lock >= 0)
        server_files_remove(server);
    buf_free(&killed);
    return ended;
}
