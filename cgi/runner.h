/* runner: runs the command `pointsman` as a child process for its output, so that the session app itself uses no
 * network. One run at a time for each runner. */
#ifndef POINTSMAN_CGI_RUNNER_H
#define POINTSMAN_CGI_RUNNER_H

#include "cgi/settings.h"

#include <sys/types.h>

struct runner {
    pid_t pid;           /* 0: nothing runs */
    int fd;              /* the child's standard output; -1: nothing runs */
    int64_t deadline_ms; /* ms, monotonic: when runner_on_deadline() is due; 0: never */
    struct buf answer;   /* its output so far; `failed` if it was longer than `max` */
};

/* `max`: bytes of output at most. */
void runner_init(struct runner *r, size_t max);
/* Starts the command with the arguments (NULL-terminated, the first one is the subcommand). After `ms` it is killed.
 * Nothing may run yet. false: no process, see errno. */
MUST_CHECK bool runner_start(struct runner *r, const struct settings *settings, const char *const *arguments, int ms,
                             int64_t now_ms);
/* Call when its output is readable. At its end, `pid` is 0 and the answer is complete. */
void runner_on_output(struct runner *r);
/* Kills the child, which ends its output. */
void runner_on_deadline(struct runner *r);

#endif
