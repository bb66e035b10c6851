/* Opens and reads regular files only. */
#include "common/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOT_REGULAR EMEDIUMTYPE /* neither openat(2) nor read(2) returns it for a file */
#define PIECE (64u << 10)       /* bytes per read(2) beyond the size that fstat(2) returned */

static int check(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return errno;
    return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? EISDIR : NOT_REGULAR;
}

/* With O_NONBLOCK, because the open of a pipe would wait for a writer, and that of a file under a lease for the lease's
 * holder. */
int file_open(int folder, const char *path, int flags)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
    int error = fd >= 0 ? check(fd) : errno == ENXIO ? NOT_REGULAR /* a socket */ : errno;
    if (fd >= 0 && error) {
        close(fd);
        fd = -1;
    }
    errno = error;
    return fd;
}

bool file_read_open(int fd, size_t most, struct buf *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    size_t size = st.st_size > 0 && (uintmax_t)st.st_size < most ? (size_t)st.st_size : st.st_size > 0 ? most : 0;
    size_t want = size + 1, used = 0; /* one byte more than expected, to see the end */
    for (;;) {
        if (!buf_reserve(out, want)) {
            errno = out->full ? EFBIG : ENOMEM;
            return false;
        }
        ssize_t got = read(fd, out->data + out->len, want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        out->len += (size_t)got;
        used += (size_t)got;
        if (used > most) {
            errno = EFBIG;
            return false;
        }
        size_t left = most + 1 - used, spare = out->cap - out->len - 1;
        want = spare ? spare : PIECE;
        want = want < left ? want : left;
    }
}

bool file_read(int folder, const char *path, int flags, size_t most, struct buf *out)
{
    int fd = file_open(folder, path, flags);
    if (fd < 0)
        return false;
    bool read_all = file_read_open(fd, most, out);
    int error = errno;
    close(fd);
    errno = error;
    return read_all;
}

ssize_t file_read_start(int folder, const char *path, int flags, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got = -1;
    int fd = file_open(folder, path, flags);
    while (fd >= 0 && ((got = read(fd, text + used, size - 1 - used)) > 0 || (got < 0 && errno == EINTR)))
        used += got > 0 ? (size_t)got : 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    text[got < 0 ? 0 : used] = '\0';
    return got < 0 ? -1 : (ssize_t)used;
}

const char *file_reason(int error)
{
    if (error == NOT_REGULAR)
        return "not a regular file; save the contents in one and use its path";
    return error == EFBIG ? "too large" : strerror(error);
}
