/* replace: replaces a file atomically. A reader sees the old or the new content, complete, even after a crash of the
 * machine:
 *
 *   PATH + suffix   the new content, with mode and owner, synced
 *   rename          to PATH, and the folder synced */
#ifndef POINTSMAN_REPLACE_H
#define POINTSMAN_REPLACE_H

#include "common/buf.h"

#include <sys/types.h>

struct replace_owner {
    mode_t mode; /* permission bits */
    uid_t uid;
    gid_t gid;
};

/* Makes `path`, which must not be a symbolic link, contain `text`. Removes an existing PATH + suffix as the leftover of
 * a killed writer; concurrent writers need a lock of their own. false: errno is set and nothing has changed. */
MUST_CHECK bool replace_file(const char *path, const char *suffix, const struct replace_owner *owner,
                             struct slice text);
/* Removes the file, if it exists, and syncs the folder. false: errno is set. */
MUST_CHECK bool replace_with_nothing(const char *path);

#endif
