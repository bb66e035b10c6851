/* Follows the request log. */
#include "usage/follow.h"

#include "common/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256u << 10) /* bytes per read; above FOLD_LINE_MAX */

static bool fail(struct buf *error, const char *path, const char *why)
{
    buf_add_format(error, "can't read the request log: %s: %s", path, why);
    return false;
}

/* Feeds complete lines only: the rest of the file may be a line that is being written. Ends after *most bytes. */
static bool feed_file(struct fold *f, int fd, int64_t *offset, int64_t *most, char *piece, const char *path,
                      struct buf *error)
{
    while (*most > 0) {
        ssize_t count = pread(fd, piece, PIECE, *offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(error, path, strerror(errno));
        const char *newline = memrchr(piece, '\n', (size_t)count);
        size_t whole = newline ? (size_t)(newline + 1 - piece) : count == PIECE ? PIECE : 0;
        if (!whole)
            return true;
        *offset += (int64_t)whole;
        *most -= (int64_t)whole;
        if (!fold_feed(f, (struct slice){piece, whole}))
            return fail(error, path, "out of memory");
    }
    return true;
}

/* Where reading continues: 0 for a new file, and for one that was truncated. */
static struct follow_file known(const struct follow *w, const struct stat *info)
{
    struct follow_file file = {(uint64_t)info->st_dev, (uint64_t)info->st_ino, 0};
    for (unsigned i = 0; i < w->count; i++)
        if (w->files[i].device == file.device && w->files[i].inode == file.inode &&
            w->files[i].offset <= (int64_t)info->st_size)
            file.offset = w->files[i].offset;
    return file;
}

bool follow_feed(struct follow *w, struct fold *f, const char *path, int64_t most, bool *again, struct buf *error)
{
    int fds[LOG_FILES_MAX], reason;
    struct follow now = {.sums = sums_file_version(path)};
    bool begun = w->count || w->sums.inode;
    *again = begun && !sums_version_equal(&w->sums, &now.sums);
    if (*again)
        return true;
    unsigned count = log_files_open(path, fds, &reason);
    char *piece = malloc(PIECE);
    bool ok = piece && !reason && (begun || sums_file_read(f, path, error));
    if (!ok)
        (void)fail(error, path, piece ? file_reason(reason) : "out of memory");
    for (unsigned i = count; i-- > 0;) {
        struct stat info;
        if (fstat(fds[i], &info) == 0) {
            struct follow_file *file = &now.files[now.count++];
            *file = known(w, &info);
            ok = ok && feed_file(f, fds[i], &file->offset, &most, piece, path, error);
            now.behind += most > 0 ? 0 : (int64_t)info.st_size - file->offset;
        }
        (void)close(fds[i]);
    }
    *w = now;
    free(piece);
    return ok;
}
