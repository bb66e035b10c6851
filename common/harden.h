/* harden: what a process that holds keys does to itself before it does anything else. */
#ifndef POINTSMAN_HARDEN_H
#define POINTSMAN_HARDEN_H

#include "common/document.h"

#include <sys/types.h>

enum harden_state {
    HARDEN_NOT_MEANT, /* not for this process, or not yet */
    HARDEN_OFF,       /* meant, but the kernel does not have it */
    HARDEN_ON,
};

struct harden_status {
    enum harden_state non_dumpable; /* /proc/PID/environ, ptrace and core files are root's alone */
    enum harden_state no_core;      /* RLIMIT_CORE 0 */
    enum harden_state no_new_privs;
    enum harden_state parent_death; /* SIGTERM when the parent dies */
    enum harden_state peer_uid;     /* the user who asks is known (cgi/peer.h) */
    enum harden_state landlock;     /* only the files that it needs (proxy/serve/sandbox.h) */
    enum harden_state seccomp;      /* only the system calls that it needs */
};

/* First statement of main(): non-dumpable, no core files, umask 077. */
void harden_early(struct harden_status *status);
/* Takes out of the environment what would make libraries load code, write TLS secrets, or divert traffic: LD_*,
 * *_proxy, SSLKEYLOGFILE, CURL_*, OPENSSL_*, MALLOC_*, NETRC and their like. For a process that was not started with an
 * environment built from nothing. */
void harden_environment(void);
/* Dies with the parent: PR_SET_PDEATHSIG SIGTERM, then a check that the parent still is `parent` (the pid handed down
 * by it; never compared with 1, for a subreaper may adopt). false: the parent is already gone, exit. */
MUST_CHECK bool harden_follow_parent(struct harden_status *status, pid_t parent);
/* After everything was opened: NO_NEW_PRIVS. */
void harden_late(struct harden_status *status);
/* Adds a boolean for each measure that is meant for this process: whether it is on. */
void harden_describe(const struct harden_status *status, struct container in);

#endif
