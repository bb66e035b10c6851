/* harden: hardens a process that holds keys, before it does anything else. */
#ifndef POINTSMAN_HARDEN_H
#define POINTSMAN_HARDEN_H

#include "common/document.h"

#include <sys/types.h>

enum harden_state {
    HARDEN_UNUSED, /* not for this process, or not yet */
    HARDEN_OFF,    /* not supported by the kernel */
    HARDEN_ON,
};

struct harden_status {
    enum harden_state non_dumpable; /* /proc/PID/environ, ptrace and core files: root only */
    enum harden_state no_core;      /* RLIMIT_CORE 0 */
    enum harden_state no_new_privs;
    enum harden_state parent_death; /* SIGTERM when the parent dies */
    enum harden_state peer_uid;     /* the peer's user is known (cgi/peer.h) */
    enum harden_state landlock;     /* access to the necessary files only (common/sandbox.h) */
    enum harden_state seccomp;      /* the necessary system calls only */
};

/* First statement of main(): non-dumpable, no core files, umask 077. */
void harden_early(struct harden_status *status);
/* Removes variables from the environment that make libraries load code, write TLS secrets or divert traffic: LD_*,
 * *_proxy, SSLKEYLOGFILE, CURL_*, OPENSSL_*, MALLOC_*, NETRC and similar. Needed unless the parent built the
 * environment from scratch. */
void harden_environment(void);
/* Makes the process die with its parent: sets PR_SET_PDEATHSIG to SIGTERM, then checks that the parent is still
 * `parent`. The parent passes its own pid; 1 would not do, because a subreaper may adopt the process. false: the parent
 * is gone; exit. */
MUST_CHECK bool harden_follow_parent(struct harden_status *status, pid_t parent);
/* Sets NO_NEW_PRIVS. Call after everything is open. */
void harden_late(struct harden_status *status);
/* Adds a boolean for each measure that applies to this process. */
void harden_describe(const struct harden_status *status, struct container in);

#endif
