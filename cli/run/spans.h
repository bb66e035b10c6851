/* spans: pure. A prompt cut into stretches of one kind each: prose, code, logs. What may be done to a line hangs on
 * that. */
#ifndef POINTSMAN_CLI_RUN_SPANS_H
#define POINTSMAN_CLI_RUN_SPANS_H

#include "common/buf.h"

enum span_kind {
    SPAN_PROSE,
    SPAN_CODE, /* a fence with what is in it, both fence lines too */
    SPAN_LOG,  /* what a program printed */
};

struct span {
    enum span_kind kind;
    bool fenced; /* SPAN_LOG: its first line is a fence, and its last one where `closed` */
    bool closed;
    struct slice text; /* whole lines */
};

/* The next stretch of `rest`, which is moved on behind it; false at the end. All spans together are the text. */
bool span_next(struct slice *rest, struct span *out);

/* The next line of `rest` with its newline, which is moved on; false at the end. */
bool line_next(struct slice *rest, struct slice *line);
/* The line without "\n" or "\r\n". */
struct slice line_body(struct slice line);
/* Copies the line as a reader sees it: without terminal colours, and of what was written over by "\r" the last. */
void line_plain(struct slice line, struct buf *out);

/* What the text of line_plain() looks like. */
struct log_look {
    bool log;     /* begins as a program's line does: with a time, a level, a tool's mark */
    bool noise;   /* of level debug or below, or progress; never with trouble in it */
    bool trouble; /* has a word of errors or warnings in it, be it a log's line or not */
};

struct log_look log_line_look(struct slice plain);
/* Whether the line goes on with what the one before it began: a stack trace, an indented detail. */
bool log_line_continues(struct slice plain);
/* Lines that need to look like a log for a stretch to be one. */
#define SPAN_LOG_LINES 4u

#endif
