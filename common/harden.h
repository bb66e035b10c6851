/* harden: what a process that holds keys does to itself before it does anything else. */
#ifndef POINTSMAN_HARDEN_H
#define POINTSMAN_HARDEN_H

#include "common/buf.h"

#include <sys/types.h>

struct harden_status {
    bool non_dumpable;     /* /proc/PID/environ, ptrace and core files are root's alone */
    bool no_core;          /* RLIMIT_CORE 0 */
    bool no_new_privs;
    bool parent_death;     /* SIGTERM when the parent dies */
};

/* First statement of main(): non-dumpable, no core files, umask 077. */
void harden_early(struct harden_status *status);
/* Takes out of the environment what would make libraries load code, write TLS secrets, or divert traffic: LD_*, *_proxy,
 * SSLKEYLOGFILE, CURL_*, OPENSSL_*, MALLOC_*, NETRC and their like. For a process that was not started with an environment
 * built from nothing. */
void harden_environment(void);
/* Dies with the parent: PR_SET_PDEATHSIG SIGTERM, then a check that the parent still is `parent` (the pid handed down by
 * it; never compared with 1, for a subreaper may adopt). false: the parent is already gone, exit. */
MUST_CHECK bool harden_follow_parent(struct harden_status *status, pid_t parent);
/* After everything was opened: NO_NEW_PRIVS. */
void harden_late(struct harden_status *status);
/* Appends the status as a JSON object. */
bool harden_json(const struct harden_status *status, struct buf *out);

#endif
