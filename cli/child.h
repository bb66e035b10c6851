/* child: a program that is run for what it prints. Programs that talk to the user are not run through this. */
#ifndef POINTSMAN_CLI_CHILD_H
#define POINTSMAN_CLI_CHILD_H

#include "common/buf.h"

#define CHILD_SBIN "/usr/sbin:/sbin"

/* The path of an executable file: `name` itself where it holds a slash, else the first in PATH, then in the folders of
 * `more`
 * ("/usr/sbin:/sbin"; may be NULL). NULL when there is none. To be freed. */
char *child_find(const char *name, const char *more);

struct child_run {
    char *const *argv;        /* argv[0] is the program's path */
    char *const *environment; /* NULL: our own */
    int timeout_ms;           /* then it and what it started are killed */
    struct buf *errors; /* what it writes to standard error is appended to it; may be `out`; NULL: it goes nowhere */
};

/* Runs it with nothing on standard input and appends what it prints to `out`, up to the buffer's ceiling; what is more
 * is passed over. Returns its exit status; 128 + N when signal N ended it; -1 with errno set when it can't be run
 * (ETIMEDOUT: the time was up). */
int child_capture(const struct child_run *run, struct buf *out);

#endif
