/* server: loop. Everything that runs between READY and the end: the event loop, its signals, and the way from an endpoint to
 * who answers it. */
#ifndef POINTSMAN_SERVER_H
#define POINTSMAN_SERVER_H

#include "common/harden.h"
#include "proxy/config.h"
#include "proxy/front/catalog.h"
#include "proxy/record/journal.h"

struct server_options {
    const struct config *config;
    const struct catalog *catalog;       /* NULL: none */
    struct journal *journal;             /* NULL: none */
    const struct harden_status *harden;  /* as it stands once harden_late() was called */
    int fd;                              /* the listening socket */
    pid_t parent;                        /* the supervisor's pid, 0 without one */
    const char *key_file;                /* to be removed when the supervisor is gone; NULL without one */
};

/* Serves until SIGTERM or SIGINT, then drains for at most 5 s; a second signal ends at once, as does the first when the
 * supervisor is gone. Returns the process's exit status. */
int server_run(const struct server_options *options);

#endif
