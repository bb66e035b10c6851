/* lines: reads a log (FILE and the older FILE.1, FILE.2, …) line by line, forwards or backwards, without loading it
 * whole. Skips incomplete lines and lines over LINES_MAX bytes. */
#ifndef POINTSMAN_CLI_RUN_LINES_H
#define POINTSMAN_CLI_RUN_LINES_H

#include "common/log_files.h"

#include <sys/types.h>

#define LINES_MAX (1u << 20)

struct lines {
    int files[LOG_FILES_MAX]; /* open, newest first; -1: read to its end */
    unsigned count, read;     /* files; those that were begun */
    bool back;
    int fd;          /* the file that is read; -1: none */
    off_t at;        /* backwards: offset of `data` in the file */
    struct buf data; /* bytes read but not yet returned */
    size_t used;     /* forwards: bytes of `data` already returned */
    bool skipping;   /* inside a line that is too long */
};

/* Opens the log; `back`: last line first. An absent file has no lines. Close with lines_close(). */
void lines_open(struct lines *l, const char *path, bool back);
/* Gets the next line without its newline; valid until the next call. false: no more lines. */
bool lines_next(struct lines *l, struct slice *line);
void lines_close(struct lines *l);

#endif
