/* Splits a prompt into prose, code and logs. */
#include "cli/run/spans.h"

#include <string.h>

bool line_next(struct slice *rest, struct slice *line)
{
    if (!rest->len)
        return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    *line = (struct slice){rest->ptr, end ? (size_t)(end - rest->ptr) + 1 : rest->len};
    *rest = (struct slice){rest->ptr + line->len, rest->len - line->len};
    return true;
}

struct slice line_body(struct slice line)
{
    if (line.len && line.ptr[line.len - 1] == '\n')
        line.len--;
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* The length of a terminal escape sequence at the start (ECMA-48, and xterm's titles); 0: none. */
static size_t escape_len(struct slice s)
{
    if (s.len < 2 || *s.ptr != '\x1b')
        return 0;
    size_t i = 2;
    if (s.ptr[1] == '[') {
        while (i < s.len && (unsigned char)s.ptr[i] >= 0x20 && (unsigned char)s.ptr[i] < 0x40)
            i++;
        return i < s.len && (unsigned char)s.ptr[i] >= 0x40 ? i + 1 : 0;
    }
    if (s.ptr[1] == ']') {
        while (i < s.len && s.ptr[i] != '\a' && s.ptr[i] != '\x1b' && s.ptr[i] != '\n')
            i++;
        return i < s.len && s.ptr[i] == '\a' ? i + 1 : 0;
    }
    return 0;
}

void line_plain(struct slice line, struct buf *out)
{
    struct slice body = line_body(line);
    buf_clear(out);
    for (size_t i = 0; i < body.len; i++) {
        size_t escape = escape_len((struct slice){body.ptr + i, body.len - i});
        if (escape)
            i += escape - 1;
        else if (body.ptr[i] == '\r')
            buf_clear(out);
        else
            buf_add_char(out, body.ptr[i]);
    }
}

/* The number of marks of a code fence (CommonMark: up to three spaces, then three or more marks), and the text after
 * them; 0: not a fence. */
static size_t fence_len(struct slice line, char *mark, struct slice *info)
{
    struct slice body = line_body(line);
    size_t i = 0, n = 0;
    while (i < body.len && i < 4 && body.ptr[i] == ' ')
        i++;
    if (i > 3 || i == body.len || (body.ptr[i] != '`' && body.ptr[i] != '~'))
        return 0;
    *mark = body.ptr[i];
    while (i + n < body.len && body.ptr[i + n] == *mark)
        n++;
    *info = slice_trim((struct slice){body.ptr + i + n, body.len - i - n});
    if (n < 3 || (*mark == '`' && memchr(info->ptr, '`', info->len)))
        return 0;
    return n;
}

static struct log_look classify_line(struct slice line, struct buf *scratch)
{
    line_plain(line, scratch);
    return log_line_look(buf_slice(scratch));
}

/* Whether most of the text's nonblank lines look like a log. */
static bool is_log(struct slice text, struct buf *scratch)
{
    struct slice line;
    unsigned logs = 0, others = 0;
    while (line_next(&text, &line)) {
        if (!slice_trim(line_body(line)).len)
            continue;
        if (classify_line(line, scratch).log)
            logs++;
        else
            others += !log_line_continues(buf_slice(scratch));
    }
    return logs >= SPAN_LOG_LINES && logs > others;
}

/* Whether a fence with this info string may contain a log. */
static bool info_allows_log(struct slice info)
{
    static const char *const NAMES[] = {"",        "log",    "logs",      "text",          "txt",
                                        "console", "output", "plaintext", "shell-session", "none"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (slice_is_nocase(info, NAMES[i]))
            return true;
    return false;
}

/* Takes the fenced block that starts with `first`, a line of `len` marks. An unclosed block extends to the end. */
static void take_fence(struct slice *rest, struct slice first, char mark, size_t len, struct slice info,
                       struct span *out, struct buf *scratch)
{
    struct slice line, inner = {first.ptr + first.len, 0};
    size_t total = first.len;
    out->closed = false;
    while (!out->closed && line_next(rest, &line)) {
        char other;
        struct slice behind;
        size_t marks = fence_len(line, &other, &behind);
        out->closed = marks >= len && other == mark && !behind.len;
        if (!out->closed)
            inner.len += line.len;
        total += line.len;
    }
    out->fenced = true;
    out->text = (struct slice){first.ptr, total};
    out->kind = info_allows_log(info) && is_log(inner, scratch) ? SPAN_LOG : SPAN_CODE;
}

/* The length of the log at the start of `text`: log lines and their continuations, with up to two other lines in a row
 * between them; 0: too few. */
static size_t log_len(struct slice text, struct buf *scratch)
{
    struct slice rest = text, line;
    unsigned logs = 0, others = 0, strangers = 0;
    size_t len = 0, at = 0;
    char mark;
    struct slice info;
    while (strangers <= 2 && line_next(&rest, &line) && !fence_len(line, &mark, &info)) {
        struct log_look look = classify_line(line, scratch);
        at += line.len;
        if (look.log) {
            logs++;
            others += strangers;
            strangers = 0;
            len = at;
        } else if (logs && log_line_continues(buf_slice(scratch)) && !strangers) {
            len = at;
        } else {
            strangers++;
        }
    }
    return logs >= SPAN_LOG_LINES && logs > others ? len : 0;
}

bool span_next(struct slice *rest, struct span *out)
{
    struct slice ahead = *rest, line, info;
    struct buf scratch;
    char mark;
    size_t len = 0;
    if (!rest->len)
        return false;
    *out = (struct span){.kind = SPAN_PROSE, .text = {rest->ptr, 0}};
    buf_init(&scratch, rest->len + 1);
    while (line_next(&ahead, &line)) {
        size_t marks = fence_len(line, &mark, &info);
        bool starts = !marks && classify_line(line, &scratch).log;
        size_t logs = starts ? log_len((struct slice){line.ptr, (size_t)(rest->ptr + rest->len - line.ptr)}, &scratch)
                             : 0;
        if ((marks || logs) && len)
            break;
        if (marks) {
            take_fence(&ahead, line, mark, marks, info, out, &scratch);
            len = out->text.len;
            break;
        }
        if (logs) {
            out->kind = SPAN_LOG;
            len = logs;
            break;
        }
        len += line.len;
    }
    buf_free(&scratch);
    out->text.len = len;
    *rest = (struct slice){rest->ptr + len, rest->len - len};
    return true;
}
