/* replace: a file's contents in one step. Whoever reads the file, reads the old one or the new one, whole, and so does
 * whoever comes after a crash of the machine:
 *
 *   PATH + suffix   the next contents, with their mode and owner, synced
 *   rename          over PATH, and the folder synced */
#ifndef POINTSMAN_REPLACE_H
#define POINTSMAN_REPLACE_H

#include "common/buf.h"

#include <sys/types.h>

struct replace_owner {
    mode_t mode; /* permission bits */
    uid_t uid;
    gid_t gid;
};

/* Makes `path`, which is no symbolic link, hold `text`. What lies at PATH + suffix is taken for the leftover of a
 * killed writer and removed; two writers at a time need a lock of their own. false with errno: nothing was changed. */
MUST_CHECK bool replace_file(const char *path, const char *suffix, const struct replace_owner *owner,
                             struct slice text);
/* Removes the file, if there is one, and syncs the folder. false with errno. */
MUST_CHECK bool replace_with_nothing(const char *path);

#endif
