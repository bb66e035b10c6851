/* silent: what runs of a session that does not answer: one that hangs, is stopped (SIGSTOP), or has lost its runtime
 * folder. */
#ifndef POINTSMAN_CLI_SILENT_H
#define POINTSMAN_CLI_SILENT_H

#include "cli/processes.h"

struct silent {
    struct processes found;      /* none: nothing runs */
    const struct process *proxy; /* NULL: there is none */
    unsigned port;               /* the proxy's; 0 without one */
    bool serves;                 /* the proxy answers */
    struct buf reason;           /* why the session does not answer; empty if nothing runs */
};

/* Looks at the processes of this user's runtime folder, and asks the proxy. Takes 2 s if that does not answer. Free in
 * any case. */
void silent_look(struct silent *silent);
void silent_free(struct silent *silent);

/* Whether a proxy on this port of this machine answers within 2 s. */
MUST_CHECK bool silent_proxy_answers(unsigned port);

#endif
