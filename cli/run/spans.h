/* spans: pure. Splits a prompt into spans of prose, code and logs, which are cleaned differently. */
#ifndef POINTSMAN_CLI_RUN_SPANS_H
#define POINTSMAN_CLI_RUN_SPANS_H

#include "common/buf.h"

enum span_kind {
    SPAN_PROSE,
    SPAN_CODE, /* a fenced block with its fences */
    SPAN_LOG,  /* a program's output */
};

struct span {
    enum span_kind kind;
    bool fenced;       /* SPAN_LOG: starts with a fence */
    bool closed;       /* ends with a fence */
    struct slice text; /* whole lines */
};

/* Gets the next span and moves `rest` past it. false: end. The concatenated spans are the text. */
bool span_next(struct slice *rest, struct span *out);

/* Gets the next line with its newline and moves `rest` past it. false: end. */
bool line_next(struct slice *rest, struct slice *line);
/* The line without "\n" or "\r\n". */
struct slice line_body(struct slice line);
/* Sets `out` to the line as a terminal would show it: without escape sequences, and only the text after the last "\r".
 */
void line_plain(struct slice line, struct buf *out);

/* Classification of a line from line_plain(). */
struct log_look {
    bool log;     /* begins like a log line: with a time, a level, or a tool's mark */
    bool noise;   /* debug level or below, or progress; never with `trouble` */
    bool trouble; /* contains a word of errors or warnings; also set for lines that are not logs */
};

struct log_look log_line_look(struct slice plain);
/* Whether the line continues the previous one: a stack trace, or indented details. */
bool log_line_continues(struct slice plain);
/* Minimum number of log lines in a log. */
#define SPAN_LOG_LINES 4u

#endif
