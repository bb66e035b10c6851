/* child: runs a program and captures its output. For programs that use the terminal see foreground.h. */
#ifndef POINTSMAN_CLI_CHILD_H
#define POINTSMAN_CLI_CHILD_H

#include "common/buf.h"

#define CHILD_SBIN "/usr/sbin:/sbin" /* not in every user's PATH */

/* Finds an executable file: `name` itself if it contains a slash, else the first match in PATH, then in the folders
 * `more` (colon-separated; may be NULL). Free with free(); NULL: not found. */
char *child_find(const char *name, const char *more);

struct child_run {
    char *const *argv;        /* argv[0] is the program's path */
    char *const *environment; /* NULL: this process's */
    int timeout_ms;           /* after this, its process group is killed */
    struct buf *errors;       /* gets its standard error; may be `out`; NULL: discarded */
};

/* Runs the program with empty standard input and appends its standard output to `out`. Output beyond the buffer's
 * ceiling is discarded. Returns its exit status; 128 + N if signal N ended it; -1 with errno set if it can't be run
 * (ETIMEDOUT: timeout). */
int child_capture(const struct child_run *run, struct buf *out);

#endif
