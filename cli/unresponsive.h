/* unresponsive: inspects a session that does not answer: it hangs, is stopped (SIGSTOP), or lost its runtime folder. */
#ifndef POINTSMAN_CLI_UNRESPONSIVE_H
#define POINTSMAN_CLI_UNRESPONSIVE_H

#include "cli/processes.h"

struct unresponsive {
    struct processes found;      /* empty: nothing runs */
    const struct process *proxy; /* in `found`; NULL: none */
    unsigned port;               /* the proxy's port; 0: no proxy, or unknown */
    bool serves;                 /* the proxy answers */
    struct buf reason;           /* why the session does not answer; empty: nothing runs */
};

/* Finds the processes of this user's runtime folder and calls the proxy. Takes 2 s if the proxy does not answer. Free
 * with unresponsive_free(). */
void unresponsive_inspect(struct unresponsive *silent);
void unresponsive_free(struct unresponsive *silent);

/* Whether a proxy on this port of this machine answers within 2 s. */
MUST_CHECK bool proxy_answers(unsigned port);

#endif
