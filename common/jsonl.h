/* jsonl: a file of JSON lines that belongs to its owner alone, appended to in whole lines and rotated by size. */
#ifndef POINTSMAN_JSONL_H
#define POINTSMAN_JSONL_H

#include "common/buf.h"

struct jsonl {
    char *path, *rotated; /* PATH, PATH.1 */
    size_t max_bytes;
    int fd; /* -1: could not be opened again; the next flush tries */
    size_t size;
    bool torn;        /* the file does not end with a newline */
    struct buf lines; /* whole lines that are not written yet; see jsonl_lines() */
};

/* Opens PATH for appending (0600, O_NOFOLLOW, made where absent), rotated to PATH.1 above `max_bytes`. At most
 * `waiting_max` bytes of lines may wait. NULL with a message in `error`. */
struct jsonl *jsonl_open(const char *path, size_t max_bytes, size_t waiting_max, struct buf *error);
/* Where to append whole lines, each with its newline at the end. */
struct buf *jsonl_lines(struct jsonl *j);
/* Appends the waiting lines in one write(2), and forgets them whether that worked or not. false with errno set: not all
 * of them went to disk. */
MUST_CHECK bool jsonl_flush(struct jsonl *j);
/* Closes the file and opens PATH again, for who has moved it away. false with errno set: the next flush tries once
 * more. */
MUST_CHECK bool jsonl_reopen(struct jsonl *j);
/* Closes without a flush. NULL is allowed. */
void jsonl_close(struct jsonl *j);

#endif
