/* sse: pure. A reader of server-sent events that gives the same events however the bytes are cut.
 * WHATWG HTML, "Server-sent events", section 9.2.6; LF, CRLF and CR end a line. */
#ifndef POINTSMAN_SSE_H
#define POINTSMAN_SSE_H

#include "common/buf.h"

#define SSE_EVENT_MAX (4u << 20) /* bytes of one event */

struct sse_event {
    struct slice name; /* of "event:", empty without one */
    struct slice data; /* "data:" lines joined by LF */
};

enum sse_result {
    SSE_MORE,     /* all input is used up, no event is complete */
    SSE_EVENT,    /* *event is set; valid until the next call */
    SSE_TOO_LONG, /* an event over SSE_EVENT_MAX, or no memory (sse_no_memory()); the reader is of no more use */
};

struct sse_reader {
    struct buf line; /* of an unfinished line */
    struct buf data;
    struct buf name;
    bool after_cr;
    bool has_data;
    bool handed_out; /* data and name belong to the event that was given last */
    bool at_start;   /* before the first line: a byte order mark may come */
};

void sse_init(struct sse_reader *r);
void sse_free(struct sse_reader *r);
/* Reads from *input, which is moved past what was read, up to and including the end of the next event. An event that
 * lies whole in the input is not copied. Comments and events without data are passed over. */
enum sse_result sse_next(struct sse_reader *r, struct slice *input, struct sse_event *event);
/* After SSE_TOO_LONG: whether it was memory that was missing. */
bool sse_no_memory(const struct sse_reader *r);
/* Whether the reader stands between two events: where it is safe to add one of our own. */
bool sse_between(const struct sse_reader *r);

/* What the beginning of a body shows of it. */
enum sse_guess {
    SSE_GUESS_MORE,   /* nothing yet */
    SSE_GUESS_STREAM, /* it is a stream of events */
    SSE_GUESS_WHOLE,  /* it is none: JSON, or a page */
    SSE_GUESS_NONE,   /* neither: only its type can tell */
};

enum sse_guess sse_guess(struct slice begin);

#endif
