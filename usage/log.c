/* Reads the request log. */
#include "usage/log.h"

#include "common/file.h"
#include "common/log_files.h"
#include "usage/sums_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256u << 10) /* bytes per read(2) */
#define ATTEMPTS 5

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

static bool feed_files(struct fold *f, const char *path, struct buf *error)
{
    int fds[LOG_FILES_MAX], reason;
    unsigned count = log_files_open(path, fds, &reason);
    char *piece = malloc(PIECE);
    bool ok = piece && !reason;
    if (!ok)
        (void)fail(error, path, piece ? file_reason(reason) : "out of memory");
    for (unsigned i = count; i-- > 0;) {
        ok = ok && feed_file(f, fds[i], piece, path, error);
        (void)close(fds[i]);
    }
    free(piece);
    return ok;
}

/* If a file was removed and its sums added meanwhile, some requests would count twice or not at all: starts again. */
bool usage_log_feed(struct fold *f, const char *path, struct buf *error)
{
    const struct fold_settings settings = f->settings;
    if (settings.on_request)
        return feed_files(f, path, error);
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        struct sums_version before = sums_file_version(path);
        if (!sums_file_read(f, path, error) || !feed_files(f, path, error))
            return false;
        struct sums_version after = sums_file_version(path);
        if (sums_version_equal(&before, &after))
            return true;
        fold_free(f);
        fold_init(f, &settings);
    }
    return fail(error, path, "it is rotated too often");
}
