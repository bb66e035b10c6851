/* sandbox: restricts what a process can do while it serves, even if an attacker runs code in it: files by Landlock,
 * system calls by seccomp. */
#ifndef POINTSMAN_SANDBOX_H
#define POINTSMAN_SANDBOX_H

#include "common/harden.h"

/* A folder, with everything in it, or a device that stays accessible. Name the folder of a file that is replaced at run
 * time: a rule holds for the existing inode only. */
struct sandbox_path {
    const char *path; /* NULL or missing: skipped */
    bool writable;    /* files in it can also be created, written and removed */
};

/* Restricts this thread and its future threads for good. Without `network`, no socket can be opened. Besides `paths`,
 * what name resolution and TLS read stays readable: /etc, libraries, the resolver's folder. Landlock (ABI 1 or later)
 * denies all other files. seccomp kills the process on execve, ptrace and process_vm_*; other calls that are not listed
 * fail with EPERM. Sets landlock and seccomp in `status` to HARDEN_ON, or HARDEN_OFF if the kernel lacks them.
 * NO_NEW_PRIVS must be set. Builds with
 * --disable-sandbox or AddressSanitizer (which inspects its own process) have neither. */
void sandbox_enter(const struct sandbox_path *paths, size_t count, bool network, struct harden_status *status);

#endif
