/* follow: feeds the request log to a fold, and later what was written since. */
#ifndef POINTSMAN_USAGE_FOLLOW_H
#define POINTSMAN_USAGE_FOLLOW_H

#include "common/log_files.h"
#include "usage/sums_file.h"

/* How far each file was read. A rotated file keeps its inode, so no line is read twice. Zeroed before its first use. */
struct follow {
    struct follow_file {
        uint64_t device, inode;
        int64_t offset; /* bytes: after the last complete line */
    } files[LOG_FILES_MAX];
    unsigned count;
    struct sums_version sums;
    int64_t behind; /* bytes that the last call left for the next one */
};

/* Feeds the sums of files that were removed, and the complete lines that were written since the last call, the oldest
 * file first, about `most` bytes in one call. Absent files have no requests. *again: files were removed since the last
 * call, so what the fold has is out of date, and nothing was fed. Then empty the fold, zero *w, and call again. false:
 * a message in `error`; a file can't be read, or out of memory. The next call continues. */
MUST_CHECK bool follow_feed(struct follow *w, struct fold *f, const char *path, int64_t most, bool *again,
                            struct buf *error);

#endif
