/* Finds and ends the processes of one runtime folder, through /proc. */
#include "cli/processes.h"

#include "cli/lighttpd_files.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/paths.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROWS_MAX 512
#define DRAIN_MS 6000u  /* the key-page server gives the proxy 5 s */
#define GONE_MS 5000u   /* from SIGTERM to SIGKILL */
#define KILLED_MS 3000u /* wait after SIGKILL */
#define ROUNDS 3        /* a new process may appear while others end */

/* The kernel truncates these to 15 bytes. */
static const char *const COMMANDS[PROCESS_KINDS] = {"lighttpd", "pointsman-sessi", "pointsman-usage", "pointsman-proxy",
                                                    "pointsman"};
static const char *const NAMES[PROCESS_KINDS] = {"lighttpd", "pointsman-session", "pointsman-usage", "pointsman-proxy",
                                                 "pointsman"};

struct row {
    int pid, parent, leader; /* leader: of the kernel session */
    enum process_kind kind;
    char state;
    unsigned long long began; /* start time, ticks: detects a reused pid */
    bool ours;
};

/* The file /proc/PID/NAME, NUL-terminated. */
static ssize_t read_proc(int pid, const char *name, char *text, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return file_read_start(AT_FDCWD, path, 0, text, size);
}

static bool is_own_user(int pid)
{
    char text[2048];
    unsigned uid;
    const char *line = read_proc(pid, "status", text, sizeof text) > 0 ? strstr(text, "\nUid:") : NULL;
    return line && sscanf(line, "\nUid: %u", &uid) == 1 && uid == getuid();
}

/* "PID (COMMAND) STATE PPID PGRP SESSION …"; field 22 is the start time (proc(5)). */
static bool read_row(int pid, struct row *row)
{
    char text[1024];
    if (read_proc(pid, "stat", text, sizeof text) <= 0)
        return false;
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close)
        return false;
    struct slice command = {open + 1, (size_t)(close - open) - 1};
    *row = (struct row){.pid = pid, .kind = PROCESS_KINDS};
    for (unsigned kind = 0; kind < PROCESS_KINDS; kind++)
        if (slice_is(command, COMMANDS[kind]))
            row->kind = (enum process_kind)kind;
    return row->kind != PROCESS_KINDS &&
           sscanf(close + 1, " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                  &row->state, &row->parent, &row->leader, &row->began) == 4 &&
           is_own_user(pid);
}

static unsigned read_rows(struct row rows[ROWS_MAX])
{
    DIR *proc = opendir("/proc");
    unsigned count = 0;
    for (struct dirent *entry; proc && count < ROWS_MAX && (entry = readdir(proc));)
        if (isdigit((unsigned char)entry->d_name[0]) && read_row((int)strtol(entry->d_name, NULL, 10), &rows[count]))
            count++;
    if (proc)
        closedir(proc);
    return count;
}

/* The argument after `option` in the process's command line; NULL: none. */
static const char *find_argument(int pid, const char *option, char *text, size_t size)
{
    ssize_t len = read_proc(pid, "cmdline", text, size);
    for (const char *at = text, *end = text + (len > 0 ? len : 0); at < end; at += strlen(at) + 1)
        if (strcmp(at, option) == 0 && at + strlen(at) + 1 < end)
            return at + strlen(at) + 1;
    return NULL;
}

/* Whether this lighttpd has its configuration in the folder. Earlier releases passed a name relative to its working
 * folder. */
static bool is_at(int pid, const char *runtime)
{
    char text[8192], cwd[4096 + 16];
    const char *conf = find_argument(pid, "-f", text, sizeof text);
    size_t len = strlen(runtime);
    if (!conf)
        return false;
    if (*conf == '/')
        return strncmp(conf, runtime, len) == 0 && strcmp(conf + len, "/" LIGHTTPD_CONF) == 0;
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/cwd", pid);
    ssize_t size = readlink(path, cwd, sizeof cwd - 1);
    cwd[size > 0 ? size : 0] = '\0';
    return strcmp(conf, LIGHTTPD_CONF) == 0 && strncmp(cwd, runtime, len) == 0 &&
           (!cwd[len] || strcmp(cwd + len, " (deleted)") == 0);
}

/* The pid in the folder's pid file; 0: none. */
static int read_recorded(const char *runtime)
{
    char text[32];
    char *path = paths_join(runtime, LIGHTTPD_PID);
    bool read = path && file_read_start(AT_FDCWD, path, O_NOFOLLOW, text, sizeof text) > 0;
    free(path);
    return read ? (int)strtol(text, NULL, 10) : 0;
}

/* Whether the lighttpd with that pid has exited. The pid is not reused while its kernel session has a member. */
static bool has_ended(int pid, const struct row *rows, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (rows[i].pid == pid)
            return rows[i].kind == PROCESS_LIGHTTPD && rows[i].state == 'Z';
    return pid > 1 && kill(pid, 0) != 0 && errno == ESRCH;
}

static bool is_below(const struct row *row, const struct row *rows, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (rows[i].ours && (row->leader == rows[i].pid || row->parent == rows[i].pid))
            return true;
    return false;
}

/* Marks the folder's lighttpd processes, then their descendants. */
static void mark(struct row *rows, unsigned count, const char *runtime, int recorded)
{
    bool orphans = has_ended(recorded, rows, count);
    for (unsigned i = 0; i < count; i++)
        rows[i].ours = (rows[i].kind == PROCESS_LIGHTTPD && is_at(rows[i].pid, runtime)) ||
                       (orphans && rows[i].leader == recorded);
    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < count; i++)
            if (!rows[i].ours && is_below(&rows[i], rows, count))
                more = rows[i].ours = true;
    }
}

/* Opens a pidfd, then checks the process again: the pid could have been reused before. */
static void take(struct processes *p, const struct row *row)
{
    struct row now;
    int fd = p->count < PROCESSES_MAX ? (int)syscall(SYS_pidfd_open, row->pid, 0) : -1;
    if (fd >= 0 && read_row(row->pid, &now) && now.began == row->began && now.state != 'Z')
        p->list[p->count++] = (struct process){now.kind, now.pid, fd, now.state};
    else if (fd >= 0)
        close(fd);
}

void processes_find(struct processes *p, const char *runtime)
{
    struct row rows[ROWS_MAX];
    int recorded = read_recorded(runtime);
    unsigned count = read_rows(rows);
    *p = (struct processes){0};
    mark(rows, count, runtime, recorded);
    for (unsigned kind = 0; kind < PROCESS_KINDS; kind++)
        for (unsigned i = 0; i < count; i++)
            if (rows[i].ours && rows[i].kind == kind)
                take(p, &rows[i]);
    for (unsigned i = 0; i < p->count; i++)
        p->up |= p->list[i].kind == PROCESS_LIGHTTPD && p->list[i].pid == recorded;
}

void processes_close(struct processes *p)
{
    for (unsigned i = 0; i < p->count; i++)
        close(p->list[i].fd);
    *p = (struct processes){0};
}

const struct process *processes_first(const struct processes *p, enum process_kind kind)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->list[i].kind == kind)
            return &p->list[i];
    return NULL;
}

void processes_signal(const struct processes *p, int number)
{
    for (unsigned i = 0; i < p->count; i++)
        (void)syscall(SYS_pidfd_send_signal, p->list[i].fd, number, NULL, 0);
}

void processes_wait(const struct processes *p, uint64_t deadline)
{
    for (unsigned i = 0; i < p->count;) {
        struct pollfd end = {.fd = p->list[i].fd, .events = POLLIN};
        uint64_t now = clock_monotonic_ms();
        if (poll(&end, 1, now < deadline ? (int)(deadline - now) : 0) > 0)
            i++;
        else if (now >= deadline)
            return;
    }
}

void processes_name(const struct processes *p, struct buf *out)
{
    for (unsigned i = 0; i < p->count; i++)
        buf_add_format(out, "%s%s (pid %d)", i ? ", " : "", NAMES[p->list[i].kind], p->list[i].pid);
}

static const char *name_hold(char state)
{
    switch (state) {
    case 'T': return "is stopped (SIGSTOP)";
    case 't': return "is stopped by a debugger";
    case 'D': return "is waiting for a disk or another device";
    default: return NULL;
    }
}

bool process_is_held(const struct process *process)
{
    return name_hold(process->state) != NULL;
}

void process_describe(const struct process *process, struct buf *out)
{
    const char *hold = name_hold(process->state);
    buf_add_format(out, "%s (pid %d) %s", NAMES[process->kind], process->pid, hold ? hold : "does not answer");
}

unsigned process_port(const struct process *process)
{
    char text[8192];
    const char *port = find_argument(process->pid, "--port", text, sizeof text);
    return port ? (unsigned)strtoul(port, NULL, 10) : 0;
}

static void drop_ended(struct processes *p)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < p->count; i++) {
        struct pollfd end = {.fd = p->list[i].fd, .events = POLLIN};
        if (poll(&end, 1, 0) > 0)
            close(p->list[i].fd);
        else
            p->list[kept++] = p->list[i];
    }
    p->count = kept;
}

/* Makes the key-page server stop the proxy, as Stop on the key page would. lighttpd is ended later: its exit would end
 * the key-page server at once. */
static void drain_proxy(const struct processes *p)
{
    uint64_t deadline = clock_monotonic_ms() + DRAIN_MS;
    struct processes below = {0};
    for (unsigned i = 0; i < p->count; i++) {
        if (p->list[i].kind != PROCESS_LIGHTTPD && p->list[i].kind != PROCESS_USAGE)
            below.list[below.count++] = p->list[i];
        if (p->list[i].kind == PROCESS_SESSION)
            (void)syscall(SYS_pidfd_send_signal, p->list[i].fd, SIGTERM, NULL, 0);
    }
    processes_wait(&below, deadline); /* `p` owns the descriptors */
}

/* Ends the listed processes. Appends the names of killed ones to `killed`. false: some remain. */
static bool end_listed(struct processes *p, struct buf *killed)
{
    processes_signal(p, SIGTERM);
    processes_wait(p, clock_monotonic_ms() + GONE_MS);
    drop_ended(p);
    if (!p->count)
        return true;
    buf_add_text(killed, killed->len ? ", " : "");
    processes_name(p, killed);
    processes_signal(p, SIGKILL);
    processes_wait(p, clock_monotonic_ms() + KILLED_MS);
    drop_ended(p);
    return !p->count;
}

bool processes_end(struct processes *p, const char *runtime, bool drain, struct buf *killed, struct buf *error)
{
    processes_signal(p, SIGCONT); /* a stopped process can't handle SIGTERM */
    if (drain)
        drain_proxy(p);
    bool ended = true;
    for (unsigned round = 0; ended && round < ROUNDS; round++) {
        ended = end_listed(p, killed);
        if (ended) /* lighttpd may have started another key-page server meanwhile */
            processes_find(p, runtime);
        if (ended && !p->count)
            return true;
    }
    processes_name(p, error);
    BUF_ADD(error, ": still running after SIGKILL");
    return false;
}
