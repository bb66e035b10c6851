/* Cleans a prompt span by span. */
#include "cli/run/clean.h"

#include "cli/run/clean_private.h"
#include "cli/run/fold.h"
#include "common/json.h"

#include <string.h>

#define REPEATS_MIN 3u  /* consecutive equal lines before all but one are removed */
#define TRAILING_MIN 3u /* trailing blanks that count as padding */
#define BLANK_LINES_MAX 2u
#define DATA_MIN 400u /* bytes; longer embedded data is cut */
#define DATA_KEPT 32u /* bytes of it that stay */

size_t estimate_tokens(struct slice text)
{
    return (fold_characters(text) + 3) / 4;
}

size_t clean_utf8(struct slice text, struct buf *out)
{
    size_t wrong = 0, start = 0, i = 0;
    while (i < text.len) {
        size_t len = json_utf8_length((struct slice){text.ptr + i, text.len - i});
        if (len) {
            i += len;
            continue;
        }
        buf_add(out, text.ptr + start, i - start);
        BUF_ADD(out, "\xef\xbf\xbd");
        wrong++;
        start = ++i;
    }
    buf_add(out, text.ptr + start, i - start);
    return wrong;
}

/* The length of a base64 data URL (image, font, sound, video) at the start of `s`; 0: none. */
static size_t data_len(struct slice s)
{
    static const char *const TYPES[] = {"data:image/", "data:font/", "data:audio/", "data:video/"};
    bool starts = false;
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        starts = starts || slice_starts(s, TYPES[i]);
    const char *comma = starts ? memchr(s.ptr, ',', s.len < 80 ? s.len : 80) : NULL;
    if (!comma || comma - s.ptr < 8 || memcmp(comma - 7, ";base64", 7) != 0)
        return 0;
    size_t i = (size_t)(comma - s.ptr) + 1;
    while (i < s.len && (strchr("+/=", s.ptr[i]) ? s.ptr[i] != '\0'
                                                 : (s.ptr[i] >= '0' && s.ptr[i] <= '9') ||
                                                       ((s.ptr[i] | 32) >= 'a' && (s.ptr[i] | 32) <= 'z')))
        i++;
    return i;
}

/* Whether the line is indented or mostly punctuation, like code, tables and patches. Such lines are not changed, even
 * if repeated. */
static bool is_set(struct slice line)
{
    struct slice body = line_body(line);
    size_t letters = 0;
    for (size_t i = 0; i < body.len; i++)
        letters += ((body.ptr[i] | 32) >= 'a' && (body.ptr[i] | 32) <= 'z') || body.ptr[i] == ' ' ||
                   (body.ptr[i] & 0x80);
    return !body.len || *body.ptr == ' ' || *body.ptr == '\t' || strchr("+-|#<>{}[](),;*/\\", *body.ptr) ||
           strchr(";{}),\\", body.ptr[body.len - 1]) || letters * 5 < body.len * 4;
}

/* Adds one line of prose without terminal escapes, embedded data and padding. */
static void add_prose_line(struct slice line, struct buf *scratch, struct buf *out)
{
    struct slice body = line_body(line);
    if (memchr(body.ptr, '\x1b', body.len)) {
        line_plain(line, scratch);
        body = buf_slice(scratch);
    }
    size_t end = body.len;
    while (end && (body.ptr[end - 1] == ' ' || body.ptr[end - 1] == '\t'))
        end--;
    if (end && body.len - end >= TRAILING_MIN && !is_set((struct slice){body.ptr, end}))
        body.len = end;
    while (body.len) {
        const char *data = memmem(body.ptr, body.len, "data:", 5);
        size_t before = data ? (size_t)(data - body.ptr) : body.len;
        struct slice rest = {body.ptr + before, body.len - before};
        size_t len = data_len(rest);
        size_t kept = len >= DATA_MIN ? DATA_KEPT : len ? len : rest.len < 5 ? rest.len : 5;
        buf_add(out, body.ptr, before + kept);
        if (len >= DATA_MIN)
            buf_add_format(out, "… " CLEAN_MARK "%zu bytes of data cut]", len - kept);
        size_t done = before + (len >= DATA_MIN ? len : kept);
        body = (struct slice){body.ptr + done, body.len - done};
    }
    if (line.len && line.ptr[line.len - 1] == '\n')
        buf_add_char(out, '\n');
}

/* How many lines equal to `line` follow in `rest`. If enough to cut, moves `rest` past them; else returns 0. */
static size_t take_repeats(struct slice line, struct slice *rest)
{
    struct slice ahead = *rest, next, behind = ahead;
    size_t count = 0;
    if (slice_trim(line_body(line)).len < 8)
        return 0;
    while (line_next(&ahead, &next) && slice_equal(line_body(next), line_body(line))) {
        count++;
        behind = ahead;
    }
    if (count + 1 < REPEATS_MIN)
        return 0;
    *rest = behind;
    return count;
}

static void add_prose(struct slice text, struct buf *out, struct cleaned *what)
{
    struct slice line;
    struct buf scratch;
    unsigned blank = 0;
    buf_init(&scratch, text.len + 1);
    while (line_next(&text, &line)) {
        blank = slice_trim(line_body(line)).len ? 0 : blank + 1;
        if (blank > BLANK_LINES_MAX && line_body(line).len == 0)
            continue;
        add_prose_line(line, &scratch, out);
        size_t repeats = blank || is_set(line) ? 0 : take_repeats(line, &text);
        if (repeats) {
            buf_add_format(out, CLEAN_MARK "the line above %zu times more]\n", repeats);
            what->lines_cut += repeats;
        }
    }
    out->failed = out->failed || scratch.failed;
    buf_free(&scratch);
}

/* Adds the cleaned span, or the original if cleaning does not shorten it. */
static void add_span(const struct span *span, struct buf *out, struct cleaned *what)
{
    struct cleaned before = *what;
    size_t start = out->len;
    if (span->kind == SPAN_LOG)
        clean_log(span, out, what);
    else if (span->kind == SPAN_PROSE)
        add_prose(span->text, out, what);
    if (out->failed || (span->kind != SPAN_CODE && out->len - start < span->text.len))
        return;
    out->len = start;
    *what = before;
    buf_add_slice(out, span->text);
}

bool clean(struct slice prompt, struct buf *out, struct cleaned *what)
{
    struct slice rest = prompt;
    struct span span;
    size_t start = out->len;
    *what = (struct cleaned){0};
    while (span_next(&rest, &span))
        add_span(&span, out, what);
    bool visible = false;
    for (size_t i = start; i < out->len && !visible; i++)
        visible = !strchr(" \t\r\n", out->data[i]);
    if (!visible && !out->failed) {
        out->len = start;
        buf_add_slice(out, prompt);
    }
    return !out->failed;
}
