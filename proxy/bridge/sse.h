/* sse: pure. A reader of server-sent events. The events do not depend on how the bytes are split.
 * WHATWG HTML, "Server-sent events", section 9.2.6; LF, CRLF and CR end a line. */
#ifndef POINTSMAN_SSE_H
#define POINTSMAN_SSE_H

#include "common/buf.h"

#define SSE_EVENT_MAX (4u << 20) /* bytes of one event */

struct sse_event {
    struct slice name; /* "event:"; empty: none */
    struct slice data; /* "data:" lines joined by LF */
};

enum sse_result {
    SSE_MORE,     /* the input is used up, and no event is complete */
    SSE_EVENT,    /* *event is set; valid until the next call */
    SSE_TOO_LONG, /* an event over SSE_EVENT_MAX, or out of memory (sse_no_memory()); only sse_free() may follow */
};

struct sse_reader {
    struct buf line; /* an unfinished line */
    struct buf data;
    struct buf name;
    bool after_cr;   /* the last line ended in CR: a LF may follow */
    bool has_data;   /* the current event has a "data:" line */
    bool handed_out; /* `data` and `name` are of the event that was returned last */
    bool at_start;   /* before the first line, which may begin with a byte order mark */
};

void sse_init(struct sse_reader *r);
/* Frees what `r` owns. */
void sse_free(struct sse_reader *r);
/* Reads *input to the end of the next event and advances it. An event that is completely in the input is not copied.
 * Comments and events without data are skipped. */
enum sse_result sse_next(struct sse_reader *r, struct slice *input, struct sse_event *event);
/* Returns, after SSE_TOO_LONG, whether the reader is out of memory. */
bool sse_no_memory(const struct sse_reader *r);
/* Returns whether all input so far ends with a complete event. */
bool sse_between(const struct sse_reader *r);

/* What the first bytes of a body are. */
enum sse_guess {
    SSE_GUESS_MORE,   /* not known yet: more bytes are needed */
    SSE_GUESS_STREAM, /* a stream of events */
    SSE_GUESS_WHOLE,  /* JSON or HTML */
    SSE_GUESS_NONE,   /* unknown: use the Content-Type */
};

/* Returns what a body is from its first bytes. */
enum sse_guess sse_guess(struct slice begin);

#endif
