/* processes: finds and ends lighttpd, the key-page server and the proxy of one runtime folder, through /proc. Works
 * even if the folder is gone, or if lighttpd died and left a child behind.
 *
 * lighttpd's command line contains the folder, and its descendants are in the kernel session (setsid(2)) that it leads.
 * Both are readable even for processes that refuse debuggers. */
#ifndef POINTSMAN_CLI_PROCESSES_H
#define POINTSMAN_CLI_PROCESSES_H

#include "common/buf.h"

#define PROCESSES_MAX 32

enum process_kind { PROCESS_LIGHTTPD, PROCESS_SESSION, PROCESS_USAGE, PROCESS_PROXY, PROCESS_COMMAND, PROCESS_KINDS };

struct process {
    enum process_kind kind;
    int pid, fd; /* fd: pidfd */
    char state;  /* from /proc/PID/stat: 'S', 'T' stopped, 't' stopped by a debugger, … */
};

struct processes {
    struct process list[PROCESSES_MAX]; /* without zombies; lighttpd first */
    unsigned count;
    bool up; /* the lighttpd of the folder's pid file runs; false: these are left from an earlier session */
};

/* Finds the processes in a few milliseconds. `runtime`: the folder's path (paths_runtime_name()). Close with
 * processes_close(). */
void processes_find(struct processes *p, const char *runtime);
void processes_close(struct processes *p);

/* The first one of that kind; NULL: none. */
const struct process *processes_first(const struct processes *p, enum process_kind kind);
/* Sends the signal to all of them. */
void processes_signal(const struct processes *p, int number);
/* Waits until all have exited, at most until `deadline` (ms, monotonic). */
void processes_wait(const struct processes *p, uint64_t deadline);
/* Appends "lighttpd (pid 12), pointsman-proxy (pid 14)". */
void processes_name(const struct processes *p, struct buf *out);
/* Whether the process is stopped, traced or blocked in the kernel, so that it can't answer. */
bool process_is_held(const struct process *process);
/* Appends "lighttpd (pid 12) is stopped (SIGSTOP)"; "… does not answer" if nothing stops it. */
void process_describe(const struct process *process, struct buf *out);
/* The port in the proxy's command line; 0: unknown. */
unsigned process_port(const struct process *process);

/* Ends all of them: SIGCONT and SIGTERM, then SIGKILL; repeats if `runtime` has new ones. Call processes_find() before
 * the first one ends: after lighttpd's exit the others may be untraceable. `drain`: the proxy may still serve, so the
 * key-page server is ended first and gets 6 s. Appends the names of killed processes to `killed`. false: one can't be
 * ended, one line in `error`. */
MUST_CHECK bool processes_end(struct processes *p, const char *runtime, bool drain, struct buf *killed,
                              struct buf *error);

#endif
