/* Reads the request log. */
#include "usage/log.h"

#include "common/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256u << 10) /* bytes per read(2) */
#define OPENS 4            /* attempts to open both files of the same rotation */

static bool fail(struct buf *error, const char *path, const char *why)
{
    buf_add_format(error, "can't read the request log: %s: %s", path, why);
    return false;
}

static bool feed_file(struct fold *f, int fd, char *piece, const char *path, struct buf *error)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && ((int64_t)info.st_mtim.tv_sec + 1) * 1000 < f->settings.since_ms)
        return true;
    for (;;) {
        ssize_t count = read(fd, piece, PIECE);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(error, path, strerror(errno));
        if (count == 0)
            return fold_end_file(f) || fail(error, path, "out of memory");
        if (!fold_feed(f, (struct slice){piece, (size_t)count}))
            return fail(error, path, "out of memory");
    }
}

static bool same_file(int a, int b)
{
    struct stat first, second;
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino &&
           first.st_dev == second.st_dev;
}

static void close_both(int fds[2])
{
    for (unsigned i = 0; i < 2; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    fds[0] = fds[1] = -1;
}

/* Opens the rotated file and the current one. The current one first: if it is rotated between the two, both are the
 * same file, and the pair is opened again. false: errno is set. */
static bool open_both(const char *const paths[2], int fds[2])
{
    for (unsigned i = 0; i < OPENS; i++) {
        for (unsigned which = 2; which-- > 0;) {
            fds[which] = file_open(AT_FDCWD, paths[which], 0);
            if (fds[which] < 0 && errno != ENOENT)
                return false;
        }
        if (fds[0] < 0 || fds[1] < 0 || !same_file(fds[0], fds[1]))
            return true;
        close_both(fds);
    }
    errno = EBUSY;
    return false;
}

bool usage_log_feed(struct fold *f, const char *path, struct buf *error)
{
    size_t len = strlen(path);
    int fds[2] = {-1, -1};
    bool ok = false;
    char *rotated = malloc(len + 3), *piece = malloc(PIECE);
    if (!rotated || !piece) {
        (void)fail(error, path, "out of memory");
        goto out;
    }
    memcpy(rotated, path, len);
    memcpy(rotated + len, ".1", 3);
    const char *const paths[2] = {rotated, path};
    if (!open_both(paths, fds)) {
        (void)fail(error, path, file_reason(errno));
        goto out;
    }
    ok = true;
    for (unsigned i = 0; i < 2 && ok; i++)
        ok = fds[i] < 0 || feed_file(f, fds[i], piece, paths[i], error);
out:
    close_both(fds);
    free(rotated);
    free(piece);
    return ok;
}
