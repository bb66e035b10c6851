/* lease: lets several commands share a resource (a session, the profiles); the last holder cleans it up.
 *
 * A lease is a shared flock(2) on a file in the resource's folder. It ends with its process and is not inherited. The
 * holder that can upgrade it to an exclusive lock is the last one; new holders wait until it is done. */
#ifndef POINTSMAN_CLI_LEASE_H
#define POINTSMAN_CLI_LEASE_H

#include "common/buf.h"

struct lease {
    char *path; /* owned: FOLDER/pointsman.lease */
    int fd;     /* -1: not held */
    bool last;  /* lease_is_last() returned true */
};

#define LEASE_NONE {.fd = -1}

/* Takes a lease; waits while the last holder cleans up. false: one line in `why`. */
MUST_CHECK bool lease_take(struct lease *lease, const char *folder, struct buf *why);
/* Returns true if no other lease is held; then none can be taken until lease_end(). Otherwise this lease is released.
 */
MUST_CHECK bool lease_is_last(struct lease *lease);
/* Ends the lease. The last holder removes the file. Does nothing on LEASE_NONE. */
void lease_end(struct lease *lease);
/* Like lease_is_last(), for a caller without a lease: returns true if no lease is held. If the lease file exists, none
 * can be taken until lease_end(). Call lease_end() in any case. */
MUST_CHECK bool lease_none_held(struct lease *lease, const char *folder);

#endif
