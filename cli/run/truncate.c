/* Cuts the middle of a prompt that exceeds its token limit. */
#include "cli/run/clean_private.h"
#include "cli/run/fold.h"

#include <string.h>

#define HEAD_PERCENT 70u    /* share of the beginning */
#define TROUBLE_PERCENT 20u /* maximum share of error lines from the middle */
#define MARKS_ROOM 320u     /* characters reserved for marks and fences */
#define SHORT_ROOM 50u      /* characters reserved for the short mark, under a small limit */
#define FENCE_MAX 80u       /* bytes of a fence line that is repeated after the cut */

/* The length in bytes of the first `characters` characters. */
static size_t bytes_of(struct slice text, size_t characters)
{
    size_t i = 0, seen = 0;
    for (; i < text.len; i++)
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80 && seen++ == characters)
            break;
    return i;
}

/* The end of the last whole line in the first `len` bytes, if that drops at most a quarter of them; else `len`. */
static size_t line_end_before(struct slice text, size_t len)
{
    for (size_t i = len; i > len - len / 4; i--)
        if (text.ptr[i - 1] == '\n')
            return i;
    return len;
}

/* The start of the first line at or after `at`, if it is in the first quarter of the rest; else `at`. */
static size_t line_start_after(struct slice text, size_t at)
{
    for (size_t i = at; i < at + (text.len - at) / 4; i++)
        if (i && text.ptr[i - 1] == '\n')
            return i;
    return at;
}

/* The opening line of the fence that contains `at`; empty: none. */
static struct slice open_fence_at(struct slice text, size_t at)
{
    struct slice rest = text, line;
    struct span span;
    while (span_next(&rest, &span)) {
        size_t start = (size_t)(span.text.ptr - text.ptr), end = start + span.text.len;
        if (at > start && at < end && (span.kind == SPAN_CODE || span.fenced)) {
            struct slice first = span.text;
            (void)line_next(&first, &line);
            return at >= start + line.len ? line_body(line) : (struct slice){0};
        }
        if (end >= at)
            break;
    }
    return (struct slice){0};
}

static void close_line(struct buf *out)
{
    if (out->len && out->data[out->len - 1] != '\n')
        buf_add_char(out, '\n');
}

/* Closes a fence: repeats the marks of its opening line. */
static void add_fence_end(struct slice fence, struct buf *out)
{
    struct slice marks = slice_trim(fence);
    for (size_t i = 0; i < marks.len && (marks.ptr[i] == '`' || marks.ptr[i] == '~'); i++)
        buf_add_char(out, marks.ptr[i]);
    buf_add_char(out, '\n');
}

/* Adds error lines of the middle in order, one of each shape, up to `room` bytes. Returns how many were left out. */
static size_t add_trouble(struct slice middle, size_t room, struct buf *out)
{
    struct slice line;
    struct buf scratch;
    struct counts shapes;
    size_t lines = 0, left_out = 0, start = out->len;
    for (struct slice rest = middle; line_next(&rest, &line);)
        lines++;
    buf_init(&scratch, middle.len + 1);
    if (!counts_init(&shapes, lines)) {
        out->failed = true;
        return 0;
    }
    while (line_next(&middle, &line)) {
        line_plain(line, &scratch);
        struct slice plain = buf_slice(&scratch);
        struct log_look look = log_line_look(plain);
        if (!look.trouble || !look.log)
            continue;
        struct count *kind = counts_find(&shapes, clean_line_shape(plain));
        if (kind->count++ || out->len - start + plain.len + 1 > room) {
            left_out++;
            continue;
        }
        buf_add_slice(out, plain);
        buf_add_char(out, '\n');
    }
    counts_free(&shapes);
    buf_free(&scratch);
    return left_out;
}

/* Writes the mark for the cut, and the error lines that are kept. */
static void add_middle(struct slice text, size_t head, size_t tail, size_t room, struct buf *out)
{
    struct slice middle = {text.ptr + head, tail - head}, fence = open_fence_at(text, head);
    struct buf kept;
    buf_init(&kept, room + 1);
    size_t left_out = add_trouble(middle, room, &kept);
    close_line(out);
    if (fence.len)
        add_fence_end(fence, out);
    buf_add_format(out, CLEAN_MARK "%zu tokens cut here to fit the limit", estimate_tokens(middle));
    if (kept.len)
        BUF_ADD(out, "; error lines from them follow");
    if (left_out)
        buf_add_format(out, "; %zu more error line%s not shown", left_out, left_out == 1 ? " is" : "s are");
    BUF_ADD(out, "]\n");
    buf_add_slice(out, buf_slice(&kept));
    if (kept.len)
        BUF_ADD(out, CLEAN_MARK "the end of the prompt follows]\n");
    fence = open_fence_at(text, tail);
    if (fence.len && fence.len <= FENCE_MAX) {
        buf_add_slice(out, fence);
        buf_add_char(out, '\n');
    }
    out->failed = out->failed || kept.failed;
    buf_free(&kept);
}

/* The bytes that error lines of the middle need, up to `room`. */
static size_t trouble_room(struct slice middle, size_t room)
{
    struct buf kept;
    buf_init(&kept, room + 1);
    (void)add_trouble(middle, room, &kept);
    size_t len = kept.len;
    buf_free(&kept);
    return len;
}

bool truncate_prompt(struct slice prompt, size_t tokens, struct buf *out, size_t *cut)
{
    size_t all = fold_characters(prompt), most = tokens * 4;
    *cut = 0;
    if (all <= most)
        return buf_add_slice(out, prompt);
    bool roomy = most > 4 * MARKS_ROOM;
    size_t room = roomy ? most - MARKS_ROOM : most > SHORT_ROOM ? most - SHORT_ROOM : 0;
    size_t middle = bytes_of(prompt, room * HEAD_PERCENT / 100);
    struct slice behind = {prompt.ptr + middle, prompt.len - middle};
    size_t trouble = roomy ? trouble_room(behind, room * TROUBLE_PERCENT / 100) : 0;
    size_t kept = room - trouble, head_characters = kept * HEAD_PERCENT / 100;
    size_t head = bytes_of(prompt, head_characters);
    size_t tail = bytes_of(prompt, all - (kept - head_characters));
    head = line_end_before(prompt, head);
    tail = line_start_after(prompt, tail);
    size_t start = out->len;
    buf_add(out, prompt.ptr, head);
    if (roomy)
        add_middle(prompt, head, tail, trouble, out);
    else
        buf_add_format(out, "\n" CLEAN_MARK "%zu tokens cut]\n",
                       estimate_tokens((struct slice){prompt.ptr + head, tail - head}));
    buf_add(out, prompt.ptr + tail, prompt.len - tail);
    *cut = estimate_tokens(prompt) -
           estimate_tokens((struct slice){out->data ? out->data + start : NULL, out->len - start});
    return !out->failed;
}
