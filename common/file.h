/* file: opens and reads files that a user names or may replace. Regular files only, because a pipe, a terminal or a
 * device may block a reader forever. */
#ifndef POINTSMAN_FILE_H
#define POINTSMAN_FILE_H

#include "common/buf.h"

#include <fcntl.h>
#include <sys/types.h>

/* Opens a regular file for reading, without waiting. `folder`: as for openat(2); AT_FDCWD for a path on its own.
 * `flags`: 0, or O_NOFOLLOW to refuse a symbolic link. -1: errno is set; see file_reason(). */
MUST_CHECK int file_open(int folder, const char *path, int flags);

/* Appends the whole file, at most `most` bytes, to `out`, whose ceiling is at least `most` + 1. Allocates once unless
 * the file grows meanwhile, so that no copies are left in memory. false: errno is EFBIG if the file is larger, else as
 * for file_open() or read(2). */
MUST_CHECK bool file_read(int folder, const char *path, int flags, size_t most, struct buf *out);
/* The same from a descriptor of file_open(). The caller closes it. */
MUST_CHECK bool file_read_open(int fd, size_t most, struct buf *out);
/* Reads up to size - 1 bytes from the start of the file into `text` and adds a NUL. Returns their number; -1: errno as
 * for file_open(), and `text` is "". */
ssize_t file_read_start(int folder, const char *path, int flags, char *text, size_t size);

/* Returns the meaning of errno after one of these: static text, without the path. */
const char *file_reason(int error);

#endif
