/* Small private files in the runtime folder. */
#include "cgi/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    ssize_t written = write(fd, text, len);
    if (written >= 0 && (size_t)written != len)
        errno = ENOSPC;
    return written >= 0 && (size_t)written == len;
}

bool keyfile_write(int dir, const char *name, const char *text)
{
    keyfile_remove(dir, name);
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool written = write_all(fd, text);
    int error = errno;
    /* A network file system may report a full disk only here. */
    if (close(fd) != 0 && written) {
        error = errno;
        written = false;
    }
    if (!written)
        keyfile_remove(dir, name);
    errno = error;
    return written;
}

void keyfile_remove(int dir, const char *name)
{
    (void)unlinkat(dir, name, 0);
}

bool keyfile_exists(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
