/* foreground: runs a program that uses the terminal (Codex) and forwards signals to it. This process survives it, to
 * clean up after it. To capture a program's output, see child.h. */
#ifndef POINTSMAN_CLI_FOREGROUND_H
#define POINTSMAN_CLI_FOREGROUND_H

#include "common/buf.h"

struct foreground {
    char *const *argv;        /* argv[0] is the program's path */
    char *const *environment; /* NULL: this process's */
    int input;                /* its standard input; -1: this process's */
    struct buf *output;       /* gets its standard output, up to the buffer's ceiling; NULL: this process's */
    /* Called about every `tick_ms` while the program runs; true ends it. NULL: none. */
    bool (*tick)(void *ctx);
    void *ctx;
    int tick_ms;
};

struct foreground_end {
    int code;    /* exit status; 128 + N if signal N ended it; -1: could not be run */
    bool ticked; /* ended because tick() returned true */
    int signal;  /* last SIGINT, SIGTERM, SIGHUP or SIGQUIT that this process got meanwhile; 0: none */
};

/* Runs the program and waits for its exit. If this process dies, the program gets SIGTERM. false: could not be run,
 * one line in `error`. */
MUST_CHECK bool foreground_run(const struct foreground *run, struct foreground_end *end, struct buf *error);

#endif
