/* server: loop. The serving process, from READY to exit: the event loop, its signals, and which module answers an
 * endpoint. */
#ifndef POINTSMAN_SERVER_H
#define POINTSMAN_SERVER_H

#include "common/harden.h"
#include "proxy/serve/generation.h"

struct server_options {
    /* Reads the files again for a reload. false: one line per error in `error`. */
    bool (*load)(struct setup *setup, struct buf *error, void *ctx);
    void *load_ctx;
    const char *state_file;             /* for keep_state; NULL: not saved */
    struct journal *journal;            /* NULL: none */
    const struct harden_status *harden; /* after harden_late() */
    int fds[ENTRANCES];                 /* listening sockets, owned from here on; -1: none */
    const char *hosts;                  /* further names allowed in Host; see guard_host_among() */
    pid_t parent;                       /* pid of the supervisor, or of the workers' parent; 0: none */
    unsigned worker;                    /* index among the workers; only 0 reports and writes state_file */
    size_t memory;                      /* memory_of_machine(), bytes */
    struct share *share;                /* shared with other workers; NULL: a single process */
    struct gate *gate;                  /* of the virtual keys; NULL: no key store. The two below are for it */
    int keeper;                         /* the channel to the keeper */
    int wake_fd;                        /* see administration.h */
    int control;                        /* the parent sends signal numbers here; -1: a single process */
    const char *key_file;               /* removed when the supervisor is gone; NULL: none */
};

/* Serves until SIGTERM or SIGINT, then drains for at most 5 s. A second signal ends at once, as does the first if the
 * supervisor is gone. SIGHUP reloads the configuration: on error the old one stays, and requests in flight finish under
 * the old one. A SIGHUP because the terminal closed ends the process. SIGUSR1 reopens the request log. Takes ownership
 * of `setup`, the first configuration. Returns the process's exit status. */
int server_run(const struct server_options *options, struct setup *setup);

#endif
