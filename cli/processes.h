/* processes: lighttpd, the session app and the proxy of one runtime folder, found by what the kernel knows of them, so
 * also when the folder or its files are gone, or when lighttpd has died and left a child behind that can't follow it.
 *
 * lighttpd's command line names the folder, and all its descendants are in the kernel session (setsid(2)) that it
 * leads. Both can be read of processes that are closed to debuggers. */
#ifndef POINTSMAN_CLI_PROCESSES_H
#define POINTSMAN_CLI_PROCESSES_H

#include "common/buf.h"

#define PROCESSES_MAX 32

enum process_kind { PROCESS_SERVER, PROCESS_SESSION, PROCESS_PROXY, PROCESS_COMMAND, PROCESS_KINDS };

struct process {
    enum process_kind kind;
    int pid, fd; /* fd: its pidfd */
    char state;  /* as in /proc/PID/stat: 'S', 'T' stopped, 't' held by a debugger, … */
};

struct processes {
    struct process list[PROCESSES_MAX]; /* no zombies; lighttpd first */
    unsigned count;
    bool up; /* the lighttpd that the folder names runs; else they are left over from an earlier session */
};

/* Finds them, in a few milliseconds. `runtime`: the folder's path (paths_runtime_name()). Close in any case. */
void processes_find(struct processes *p, const char *runtime);
void processes_close(struct processes *p);

/* The first of that kind; NULL: there is none. */
const struct process *processes_first(const struct processes *p, enum process_kind kind);
/* Sends the signal to all. */
void processes_signal(const struct processes *p, int number);
/* Waits until all have ended, at most until `deadline` (monotonic milliseconds). */
void processes_wait(const struct processes *p, uint64_t deadline);
/* Appends "lighttpd (pid 12), pointsman-proxy (pid 14)". */
void processes_name(const struct processes *p, struct buf *out);
/* Whether it is stopped, held by a debugger or waiting for the kernel, so that it answers nothing. */
bool process_is_held(const struct process *process);
/* Appends "lighttpd (pid 12) is stopped (SIGSTOP)", or "… does not answer" for one that nothing holds. */
void process_describe(const struct process *process, struct buf *out);
/* The port in the proxy's command line; 0: it can't be read. */
unsigned process_port(const struct process *process);

/* Ends all, whatever they do: SIGCONT and SIGTERM, then SIGKILL; then what is found anew at `runtime`. They have to be
 * found before the first of them ends, because lighttpd's end may leave no trace of the others. `drain`: the proxy may
 * still serve, so the session app is asked first, and has 6 s. Appends the names of those that had to be killed to
 * `killed`. false with a line in `error`: one can't be ended. */
MUST_CHECK bool processes_end(struct processes *p, const char *runtime, bool drain, struct buf *killed,
                              struct buf *error);

#endif
