/* lines: a journal's lines (FILE, and before it FILE.1), from the last one back or from the first one on, without
 * reading more of it than is asked for. A line that is not whole or over LINES_MAX bytes is passed over. */
#ifndef POINTSMAN_CLI_RUN_LINES_H
#define POINTSMAN_CLI_RUN_LINES_H

#include "common/buf.h"

#include <sys/types.h>

#define LINES_MAX (1u << 20)

struct lines {
    char *path; /* owned */
    bool back;
    unsigned file;   /* how many files were opened: the second is the last */
    int fd;          /* -1: none is open */
    off_t at;        /* back: bytes before those in `data`; on: bytes read */
    struct buf data; /* what is not handed out yet */
    size_t used;     /* on: bytes of it that are */
    bool skipping;   /* within a line that is too long */
};

/* Begins with `back`: the last line first. A file that is absent has no lines. */
void lines_open(struct lines *l, const char *path, bool back);
/* The next line without its newline; valid until the next call. false at the end. */
bool lines_next(struct lines *l, struct slice *line);
void lines_close(struct lines *l);

#endif
