/* jsonl: a private file of JSON lines, written in whole lines and rotated by size. */
#ifndef POINTSMAN_JSONL_H
#define POINTSMAN_JSONL_H

#include "common/buf.h"

struct jsonl {
    char *path, *rotated; /* PATH, PATH.1 */
    size_t max_bytes;
    int fd; /* -1: reopening failed; the next flush tries again */
    size_t size;
    bool torn;        /* the file does not end with a newline */
    struct buf lines; /* whole lines not written yet; see jsonl_lines() */
};

/* Opens PATH for appending (mode 0600, O_NOFOLLOW, created if missing). Above `max_bytes` it is renamed to PATH.1.
 * `waiting_max`: bytes of lines that may wait. NULL: a message in `error`. */
struct jsonl *jsonl_open(const char *path, size_t max_bytes, size_t waiting_max, struct buf *error);
/* Returns the buffer for whole lines, each with a newline at the end. */
struct buf *jsonl_lines(struct jsonl *j);
/* Writes the waiting lines in one write(2) and drops them, written or not. false: errno is set; not all were written.
 */
MUST_CHECK bool jsonl_flush(struct jsonl *j);
/* Closes the file and opens PATH again, after log rotation by another program. false: errno is set; the next flush
 * tries again. */
MUST_CHECK bool jsonl_reopen(struct jsonl *j);
/* Closes without a flush. NULL is allowed. */
void jsonl_close(struct jsonl *j);

#endif
