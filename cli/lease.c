/* Leases: shared flock(2) locks. */
#include "cli/lease.h"

#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int lock(int fd, int how)
{
    int done;
    while ((done = flock(fd, how)) != 0 && errno == EINTR)
        ;
    return done;
}

/* Whether the path still leads to the open file: the last holder removes it. */
static bool is_current(const struct lease *lease)
{
    struct stat opened, named;
    return fstat(lease->fd, &opened) == 0 && lstat(lease->path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

/* Opens and locks the file; retries if it was removed in between. */
static bool take(struct lease *lease, const char *folder, int flags, int how)
{
    *lease = (struct lease){.path = paths_join(folder, "pointsman.lease"), .fd = -1};
    while (lease->path) {
        lease->fd = open(lease->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
        if (lease->fd < 0)
            return false;
        bool locked = lock(lease->fd, how) == 0;
        if (locked && is_current(lease))
            return true;
        int error = errno;
        (void)close(lease->fd);
        lease->fd = -1;
        errno = error;
        if (!locked)
            return false;
    }
    errno = ENOMEM;
    return false;
}

bool lease_take(struct lease *lease, const char *folder, struct buf *why)
{
    if (take(lease, folder, O_CREAT, LOCK_SH))
        return true;
    buf_add_format(why, "%s: can't create a lease: %s", folder, strerror(errno));
    lease_end(lease);
    return false;
}

/* The kernel releases the shared lock before it tries the exclusive one. If several leave together, the last one to try
 * gets it. */
bool lease_is_last(struct lease *lease)
{
    lease->last = lease->fd >= 0 && lock(lease->fd, LOCK_EX | LOCK_NB) == 0;
    return lease->last;
}

bool lease_none_held(struct lease *lease, const char *folder)
{
    lease->last = take(lease, folder, 0, LOCK_EX | LOCK_NB);
    return lease->last || (lease->fd < 0 && errno == ENOENT);
}

void lease_end(struct lease *lease)
{
    if (lease->last)
        (void)unlink(lease->path);
    if (lease->fd >= 0)
        (void)close(lease->fd);
    free(lease->path);
    *lease = (struct lease)LEASE_NONE;
}
