/* sandbox: what a process that holds keys can't do any more once it serves, even when its code has been taken over:
 * read or write other files than those it needs (Landlock), or make other system calls than those it needs (seccomp).
 */
#ifndef POINTSMAN_SANDBOX_H
#define POINTSMAN_SANDBOX_H

#include "common/harden.h"

/* A folder (or a device) that stays within reach, with all that is in it. A file that is replaced while the process
 * runs must be named by its folder, because a rule holds for what stands there now. */
struct sandbox_path {
    const char *path; /* NULL or not there: passed over */
    bool writable;    /* files in it may be made, written and removed too */
};

/* For this thread and those that it starts, for good. Besides `paths`, what names and certificates are looked up in
 * stays readable: /etc, the libraries, the resolver's folder. Landlock (ABI 1 and later): no file elsewhere. seccomp:
 * execve, ptrace and process_vm_* end the process, all other system calls that are not in the list fail with EPERM.
 * Sets landlock and seccomp in `status` to HARDEN_ON, or to HARDEN_OFF where the kernel has none; NO_NEW_PRIVS must be
 * set. Both stay off in a build with --disable-sandbox, which AddressSanitizer's implies: it looks into its own
 * process. */
void sandbox_enter(const struct sandbox_path *paths, size_t count, struct harden_status *status);

#endif
