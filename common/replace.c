/* Replaces a file atomically. */
#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct slice text)
{
    while (text.len) {
        ssize_t done = write(fd, text.ptr, text.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        text.ptr += done;
        text.len -= (size_t)done;
    }
    return true;
}

/* A rename is permanent once its folder is synced. Errors are ignored: some file systems cannot sync a folder. */
static void sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(copy);
}

/* Sets the owner before the mode, because a change of owner may clear mode bits. */
static bool write_new(const char *path, const struct replace_owner *owner, struct slice text)
{
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool same_owner = owner->uid == geteuid() && owner->gid == getegid();
    bool ok = (same_owner || fchown(fd, owner->uid, owner->gid) == 0) && fchmod(fd, owner->mode) == 0 &&
              write_all(fd, text) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    errno = error;
    return ok;
}

bool replace_file(const char *path, const char *suffix, const struct replace_owner *owner, struct slice text)
{
    char *fresh = NULL;
    if (asprintf(&fresh, "%s%s", path, suffix) < 0) {
        errno = ENOMEM;
        return false;
    }
    bool ok = write_new(fresh, owner, text) && rename(fresh, path) == 0;
    int error = errno;
    if (ok)
        sync_folder(path);
    else
        (void)unlink(fresh);
    free(fresh);
    errno = error;
    return ok;
}

bool replace_with_nothing(const char *path)
{
    if (unlink(path) != 0)
        return errno == ENOENT;
    sync_folder(path);
    return true;
}
