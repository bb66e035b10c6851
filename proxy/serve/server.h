/* server: loop. Everything that runs between READY and the end: the event loop, its signals, and the way from an
 * endpoint to who answers it. */
#ifndef POINTSMAN_SERVER_H
#define POINTSMAN_SERVER_H

#include "common/harden.h"
#include "proxy/serve/generation.h"

struct server_options {
    /* Reads the files anew, for a reload; false with one line per error in `error`. */
    bool (*load)(struct setup *setup, struct buf *error, void *ctx);
    void *load_ctx;
    const char *state_file;             /* where keep_state keeps it; NULL: nowhere */
    struct journal *journal;            /* NULL: none */
    const struct harden_status *harden; /* as it stands once harden_late() was called */
    int fds[ENTRANCES];                 /* the listening sockets; -1: none. They are taken over */
    const char *hosts;                  /* that Host may name besides this machine's names; see guard_host_among() */
    pid_t parent;                       /* the supervisor's pid, a worker's parent's; 0 without one */
    unsigned worker;                    /* which one of several, from 0: that alone reports, and writes state_file */
    size_t memory;                      /* of the machine, as memory_of_machine(): bytes */
    struct share *share;                /* what it shares with the others; NULL: there are none */
    int control;                        /* where their parent says what signals it got; -1: there is none */
    const char *key_file;               /* to be removed when the supervisor is gone; NULL without one */
};

/* Serves until SIGTERM or SIGINT, then drains for at most 5 s; a second signal ends at once, as does the first when the
 * supervisor is gone. SIGHUP reads the configuration anew: a bad one changes nothing, and calls under way end as they
 * began; where it says that the terminal is gone, it ends. SIGUSR1 opens the journal's file anew. `setup` is what it
 * starts with, and is taken over. Returns the process's exit status. */
int server_run(const struct server_options *options, struct setup *setup);

#endif
