/* foreground: a program that takes over the terminal while it runs: Codex. Signals that come to us go on to it, and we
 * stay to tidy up after it, however it ends. Programs that are run for what they print are run through child.h. */
#ifndef POINTSMAN_CLI_FOREGROUND_H
#define POINTSMAN_CLI_FOREGROUND_H

#include "common/buf.h"

struct foreground {
    char *const *argv;        /* argv[0] is the program's path */
    char *const *environment; /* NULL: our own */
    int input;                /* its standard input; -1: our own */
    struct buf *output;       /* takes its standard output, up to the buffer's ceiling; NULL: it goes to our own */
    /* Asked about every `tick_ms` while it runs: true ends it. NULL: not asked. */
    bool (*tick)(void *ctx);
    void *ctx;
    int tick_ms;
};

struct foreground_end {
    int code;    /* its exit status; 128 + N when signal N ended it; -1 when it could not be run */
    bool ticked; /* tick() ended it */
    int signal;  /* SIGINT, SIGTERM, SIGHUP or SIGQUIT that came to us meanwhile; 0: none did */
};

/* Runs it and waits for its end. It dies with us. false with a line in `error` when it could not be run. */
MUST_CHECK bool foreground_run(const struct foreground *run, struct foreground_end *end, struct buf *error);

#endif
