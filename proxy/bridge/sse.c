/* pure: a reader of server-sent events. Fields that are completely in the input are returned without a copy; only what
 * the input's end splits is stored. */
#include "proxy/bridge/sse.h"

#include <string.h>

void sse_init(struct sse_reader *r)
{
    *r = (struct sse_reader){.at_start = true};
    buf_init(&r->line, SSE_EVENT_MAX);
    buf_init(&r->data, SSE_EVENT_MAX);
    buf_init(&r->name, SSE_EVENT_MAX);
}

void sse_free(struct sse_reader *r)
{
    buf_free(&r->line);
    buf_free(&r->data);
    buf_free(&r->name);
}

bool sse_no_memory(const struct sse_reader *r)
{
    const struct buf *parts[] = {&r->line, &r->data, &r->name};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i]->failed && !parts[i]->full)
            return true;
    return false;
}

bool sse_between(const struct sse_reader *r)
{
    return !r->line.len && (r->handed_out || (!r->has_data && !r->name.len));
}

/* The event that a call assembles. A slice with `ptr` set points into the input; otherwise that field is in the
 * reader's buffer. */
struct draft {
    struct slice data, name;
};

/* Returns the end of the first line; NULL: not in the input. */
static const char *line_end(struct slice in)
{
    if (!in.len)
        return NULL;
    const char *lf = memchr(in.ptr, '\n', in.len);
    const char *cr = memchr(in.ptr, '\r', lf ? (size_t)(lf - in.ptr) : in.len);
    return cr ? cr : lf;
}

static void advance(struct slice *in, size_t len)
{
    if (!len)
        return; /* the ptr of an empty input may be NULL */
    in->ptr += len;
    in->len -= len;
}

/* Adds a "data:" line. The first one is not copied; the next ones are joined to it by LF in a copy. */
static bool add_data(struct sse_reader *r, struct draft *d, struct slice value, bool in_input)
{
    if (!r->has_data && in_input) {
        d->data = value;
        r->has_data = true;
        return value.len <= SSE_EVENT_MAX;
    }
    if (d->data.ptr && !buf_add_slice(&r->data, d->data))
        return false;
    d->data.ptr = NULL;
    if (r->has_data && !buf_add_char(&r->data, '\n'))
        return false;
    r->has_data = true;
    return buf_add_slice(&r->data, value);
}

static bool take_line(struct sse_reader *r, struct draft *d, struct slice line, bool in_input)
{
    if (r->at_start && slice_starts(line, "\xEF\xBB\xBF"))
        advance(&line, 3);
    r->at_start = false;
    const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;
    struct slice field = {line.ptr, colon ? (size_t)(colon - line.ptr) : line.len};
    struct slice value = {line.ptr + line.len, 0};
    if (colon) {
        value = (struct slice){colon + 1, line.len - field.len - 1};
        if (value.len && value.ptr[0] == ' ')
            advance(&value, 1);
    }
    if (slice_is(field, "data"))
        return add_data(r, d, value, in_input);
    if (slice_is(field, "event")) {
        buf_clear(&r->name);
        d->name = (struct slice){NULL, 0};
        if (!in_input)
            return buf_add_slice(&r->name, value);
        d->name = value;
    }
    /* Not fields of events, but some servers send them within a stream: llama.cpp's "error: {…}", and lines of JSON. */
    bool json = slice_starts(line, "{");
    if (slice_is(field, "error")) {
        buf_clear(&r->name);
        d->name = SLICE("error");
    }
    return json || slice_is(field, "error") ? add_data(r, d, json ? line : value, in_input) : true;
}

/* The input ends within an event: stores the event's fields. */
static enum sse_result keep(struct sse_reader *r, const struct draft *d, struct slice *input)
{
    bool kept = buf_add_slice(&r->line, *input);
    if (d->data.ptr)
        kept = buf_add_slice(&r->data, d->data) && kept;
    if (d->name.ptr)
        kept = buf_add_slice(&r->name, d->name) && kept;
    advance(input, input->len);
    return kept ? SSE_MORE : SSE_TOO_LONG;
}

static void hand_out(struct sse_reader *r, const struct draft *d, struct sse_event *event)
{
    event->data = d->data.ptr ? d->data : buf_slice(&r->data);
    event->name = d->name.ptr ? d->name : buf_slice(&r->name);
    r->has_data = false;
    r->handed_out = true;
}

/* Drops the event that was returned, or one with a name but no data. */
static void start_over(struct sse_reader *r, struct draft *d)
{
    *d = (struct draft){0};
    buf_clear(&r->data);
    buf_clear(&r->name);
    r->handed_out = false;
}

enum sse_result sse_next(struct sse_reader *r, struct slice *input, struct sse_event *event)
{
    struct draft d = {0};
    if (r->handed_out)
        start_over(r, &d);
    for (;;) {
        if (r->after_cr && input->len) {
            r->after_cr = false;
            if (input->ptr[0] == '\n')
                advance(input, 1);
        }
        const char *end = line_end(*input);
        if (!end)
            return keep(r, &d, input);
        struct slice line = {input->ptr, (size_t)(end - input->ptr)};
        bool in_input = !r->line.len;
        advance(input, line.len + 1);
        r->after_cr = *end == '\r';
        if (!in_input) {
            if (!buf_add_slice(&r->line, line))
                return SSE_TOO_LONG;
            line = buf_slice(&r->line);
        }
        bool blank = !line.len, has_data = r->has_data;
        if (!blank && (line.len > SSE_EVENT_MAX || !take_line(r, &d, line, in_input)))
            return SSE_TOO_LONG;
        buf_clear(&r->line);
        if (blank && has_data) {
            hand_out(r, &d, event);
            if (r->after_cr && input->len && input->ptr[0] == '\n') {
                advance(input, 1);
                r->after_cr = false;
            }
            return SSE_EVENT;
        }
        if (blank)
            start_over(r, &d);
    }
}

enum sse_guess sse_guess(struct slice begin)
{
    static const char *const fields[] = {"data:", "event:", "id:", "retry:", "error:", ":"};
    static const char mark[] = "\xEF\xBB\xBF";
    size_t marked = begin.len < 3 ? begin.len : 3;
    if (marked && memcmp(begin.ptr, mark, marked) == 0)
        advance(&begin, marked);
    while (begin.len && strchr(" \t\r\n", *begin.ptr) && *begin.ptr)
        advance(&begin, 1);
    if (!begin.len)
        return SSE_GUESS_MORE;
    if (strchr("{[<", *begin.ptr) && *begin.ptr)
        return SSE_GUESS_WHOLE;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t len = strlen(fields[i]);
        if (memcmp(begin.ptr, fields[i], begin.len < len ? begin.len : len) == 0)
            return begin.len < len ? SSE_GUESS_MORE : SSE_GUESS_STREAM;
    }
    return SSE_GUESS_NONE;
}
