/* file: opens and reads the files that a user names or may replace. Regular files only: a pipe, a terminal or a device
 * may let a reader wait forever. */
#ifndef POINTSMAN_FILE_H
#define POINTSMAN_FILE_H

#include "common/buf.h"

#include <fcntl.h>
#include <sys/types.h>

/* Opens a regular file for reading, without waiting. `folder`: as for openat(2), AT_FDCWD for a path of its own.
 * `flags`: 0, or O_NOFOLLOW, which refuses a symbolic link. -1: errno says why; file_reason() puts it into words. */
MUST_CHECK int file_open(int folder, const char *path, int flags);

/* Appends the whole file, `most` bytes at most, to `out`, whose ceiling is at least `most` + 1. Memory for a file that
 * does not grow meanwhile is taken at once, so that no copies are left behind. false: errno is EFBIG beyond `most`
 * bytes, else as for file_open() or read(2). */
MUST_CHECK bool file_read(int folder, const char *path, int flags, size_t most, struct buf *out);
/* The same from a descriptor that file_open() returned. The caller closes it. */
MUST_CHECK bool file_read_open(int fd, size_t most, struct buf *out);
/* Reads the first bytes of the file, up to size - 1, into `text` and ends them with a NUL. Returns their number; -1: as
 * file_open(), and `text` is "". */
ssize_t file_read_start(int folder, const char *path, int flags, char *text, size_t size);

/* What errno means after one of these: static text, without the path. */
const char *file_reason(int error);

#endif
