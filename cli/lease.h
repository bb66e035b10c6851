/* lease: several commands share one thing (a session, the profiles), and the last one out puts it back.
 *
 * A lease is a shared flock(2) on a file in the thing's folder. It ends with its process, however that ends, and no
 * program that is started inherits it. Who gets the lock for himself alone is the last one, and whoever comes meanwhile
 * waits until he is done. */
#ifndef POINTSMAN_CLI_LEASE_H
#define POINTSMAN_CLI_LEASE_H

#include "common/buf.h"

struct lease {
    char *path; /* owned: FOLDER/pointsman.lease */
    int fd;     /* -1: none is held */
    bool last;  /* lease_is_last() said so */
};

#define LEASE_NONE {.fd = -1}

/* Takes a lease; waits while the last holder puts things back. false with a sentence in `why`. */
MUST_CHECK bool lease_take(struct lease *lease, const char *folder, struct buf *why);
/* Whether nobody else holds one. Then nobody can take one until lease_end(); otherwise ours is over, and the others go
 * on. */
MUST_CHECK bool lease_is_last(struct lease *lease);
/* Ends it. Who was the last one removes the file. Harmless on LEASE_NONE. */
void lease_end(struct lease *lease);
/* As lease_is_last() for somebody without a lease: whether nobody holds one. As long as there was one before (its file
 * is there), nobody can take one until lease_end(), which is due in any case. */
MUST_CHECK bool lease_nobody(struct lease *lease, const char *folder);

#endif
