/* jsonl: a private file of JSON lines, written in whole lines and rotated by size (log_files.h). If limits.retire is
 * set, a thread rotates, so that the writer never waits for it; it continues in the same file meanwhile. */
#ifndef POINTSMAN_JSONL_H
#define POINTSMAN_JSONL_H

#include "common/log_files.h"

struct jsonl {
    char *path;
    struct log_limits limits;
    int fd;                    /* -1: opening failed; the next flush tries again */
    size_t size;               /* as of the last look, plus what was written since */
    size_t look_at;            /* size from which the next look is due; 0: none is open */
    uint64_t looked_ms;        /* monotonic */
    bool torn;                 /* the file does not end with a newline */
    struct buf lines;          /* lines not written yet; see jsonl_line() */
    unsigned waiting;          /* how many */
    uint64_t dropped;          /* lines that could not be written, or not whole, since jsonl_open() */
    struct rotation *rotation; /* runs in its own thread, if limits.retire is set; NULL: none */
};

/* Opens PATH for appending (mode 0600, O_NOFOLLOW, created if missing) and makes the logs of its folder comply with the
 * limits. `waiting_max`: bytes of lines that may wait. NULL: a message in `error`. */
struct jsonl *jsonl_open(const char *path, const struct log_limits *limits, size_t waiting_max, struct buf *error);
/* Begins a line. Returns the buffer for it; the line ends with a newline. */
struct buf *jsonl_line(struct jsonl *j);
/* Writes the waiting lines in one write(2) and drops them, written or not. false: errno is set; not all were written,
 * and `dropped` has grown. What other processes do to the file is noticed within a second: rotation, removal, a line
 * that a killed process left torn. */
MUST_CHECK bool jsonl_flush(struct jsonl *j);
/* Closes the file and opens PATH again, after log rotation by another program. false: errno is set; the next flush
 * tries again. */
MUST_CHECK bool jsonl_reopen(struct jsonl *j);
/* Closes without a flush, after a rotation that runs. NULL is allowed. */
void jsonl_close(struct jsonl *j);

#endif
