/* Shortens a log: keeps errors, and replaces the rest with examples and counts. */
#include "cli/run/clean_private.h"

#include "common/fast_hash.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_OF_A_KIND 2u
#define CONTINUED_MAX 60u /* lines of one stack trace to keep */
#define SUMMARY_MAX 12u   /* kinds in the summary at the end */
#define SUMMARY_MIN 4u    /* lines of a kind in the summary */
#define EXAMPLE_MAX 100u  /* bytes of an example */

bool counts_init(struct counts *c, size_t most)
{
    c->cap = 16;
    while (c->cap < 2 * most)
        c->cap *= 2;
    c->slots = calloc(c->cap, sizeof *c->slots);
    return c->slots != NULL;
}

void counts_free(struct counts *c)
{
    free(c->slots);
}

struct count *counts_find(struct counts *c, uint64_t key)
{
    size_t at = (size_t)(key ^ key >> 29) & (c->cap - 1);
    while (c->slots[at].count && c->slots[at].key != key)
        at = (at + 1) & (c->cap - 1);
    c->slots[at].key = key;
    return &c->slots[at];
}

uint64_t clean_line_shape(struct slice plain)
{
    uint64_t hash = FAST_HASH_START;
    for (size_t i = 0; i < plain.len;) {
        size_t len = 0, digits = 0;
        while (i + len < plain.len && isxdigit((unsigned char)plain.ptr[i + len])) {
            digits += isdigit((unsigned char)plain.ptr[i + len]) != 0;
            len++;
        }
        /* Hexadecimal digits with at least one decimal digit count as a number; "add" and "feed" are words. An HTTP
         * status keeps its first digit. */
        bool status = digits == 3 && i > 1 && plain.ptr[i - 1] == ' ' && plain.ptr[i - 2] == '"';
        hash = fast_hash_byte(hash, digits && !status ? '0' : plain.ptr[i]);
        i += digits ? len : 1;
    }
    return hash;
}

/* Lines that were dropped since the last one written. */
struct gap {
    size_t start;      /* offset of the mark in the output */
    struct slice text; /* the lines themselves */
    size_t repeated, noise;
};

struct log_writer {
    struct buf *out;
    struct cleaned *what;
    struct gap gap;
    struct counts shapes, errors;
    bool after_trouble; /* the previous line was an error, or continued one */
    unsigned continued;
};

/* Writes the gap's mark, or its lines if they are not longer. */
static void close_gap(struct log_writer *w)
{
    struct gap *gap = &w->gap;
    if (gap->repeated + gap->noise == 0)
        return;
    size_t before = w->out->len;
    buf_add_text(w->out, CLEAN_MARK);
    if (gap->repeated)
        buf_add_format(w->out, "%zu repeated", gap->repeated);
    if (gap->noise)
        buf_add_format(w->out, "%s%zu debug or progress", gap->repeated ? ", " : "", gap->noise);
    buf_add_format(w->out, " line%s cut]\n", gap->repeated + gap->noise == 1 ? "" : "s");
    if (!w->out->failed && w->out->len - before >= gap->text.len) {
        w->out->len = before;
        buf_add_slice(w->out, gap->text);
    } else {
        w->what->lines_cut += gap->repeated + gap->noise;
    }
    *gap = (struct gap){0};
}

static void write_line(struct log_writer *w, struct slice plain, struct slice line)
{
    close_gap(w);
    buf_add_slice(w->out, plain);
    if (line.len && line.ptr[line.len - 1] == '\n')
        buf_add_char(w->out, '\n');
}

static void drop_line(struct log_writer *w, struct slice line, bool noise)
{
    if (w->gap.repeated + w->gap.noise == 0)
        w->gap.text.ptr = line.ptr;
    w->gap.text.len = (size_t)(line.ptr - w->gap.text.ptr) + line.len;
    *(noise ? &w->gap.noise : &w->gap.repeated) += 1;
}

static void take_line(struct log_writer *w, struct slice line, struct slice plain, size_t at)
{
    struct log_look look = log_line_look(plain);
    bool continues = w->after_trouble && log_line_continues(plain) && w->continued < CONTINUED_MAX;
    w->continued = continues ? w->continued + 1 : 0;
    w->after_trouble = look.trouble || continues;
    if (look.trouble) {
        /* Drop only identical error lines. */
        struct count *same = counts_find(&w->errors, fast_hash_name(plain));
        w->what->errors_kept += !same->count;
        if (same->count++)
            drop_line(w, line, false);
        else
            write_line(w, plain, line);
        return;
    }
    struct count *kind = counts_find(&w->shapes, clean_line_shape(plain));
    if (!kind->count++)
        kind->first = (uint32_t)at;
    if (continues || !slice_trim(plain).len)
        write_line(w, plain, line);
    else if (look.noise || kind->count > KEPT_OF_A_KIND)
        drop_line(w, line, look.noise);
    else
        write_line(w, plain, line);
}

/* Adds the counts of the most frequent kinds in the log, each with its first line as an example. */
static void add_summary(struct log_writer *w, struct slice inner, struct buf *scratch)
{
    for (unsigned i = 0; i < SUMMARY_MAX; i++) {
        struct count *most = NULL;
        for (size_t s = 0; s < w->shapes.cap; s++)
            if (w->shapes.slots[s].count >= SUMMARY_MIN &&
                (!most || w->shapes.slots[s].count > most->count ||
                 (w->shapes.slots[s].count == most->count && w->shapes.slots[s].first < most->first)))
                most = &w->shapes.slots[s];
        if (!most)
            return;
        struct slice rest = {inner.ptr + most->first, inner.len - most->first}, line;
        if (line_next(&rest, &line)) {
            line_plain(line, scratch);
            struct slice example = slice_trim(buf_slice(scratch));
            if (example.len > EXAMPLE_MAX) {
                example.len = EXAMPLE_MAX;
                while (example.len && ((unsigned char)example.ptr[example.len] & 0xc0) == 0x80)
                    example.len--;
            }
            if (example.len)
                buf_add_format(w->out, CLEAN_MARK "%u lines like: %.*s]\n", most->count, SLICE_ARGS(example));
        }
        most->count = 0;
    }
}

/* Writes the opening fence. Returns the log's lines without its fences; *closing: the closing fence. */
static struct slice open_fence(const struct span *span, struct buf *out, struct slice *closing)
{
    struct slice inner = span->text, line, last = {NULL, 0};
    *closing = last;
    if (!span->fenced)
        return inner;
    (void)line_next(&inner, &line);
    buf_add_slice(out, line);
    for (struct slice rest = inner; span->closed && line_next(&rest, &line);)
        last = line;
    inner.len -= last.len;
    *closing = last;
    return inner;
}

void clean_log(const struct span *span, struct buf *out, struct cleaned *what)
{
    struct log_writer w = {.out = out, .what = what};
    struct slice closing, inner = open_fence(span, out, &closing), rest = inner, line;
    struct buf scratch;
    size_t lines = 0;
    buf_init(&scratch, span->text.len + 1);
    for (struct slice all = inner; line_next(&all, &line);)
        lines++;
    if (counts_init(&w.shapes, lines) && counts_init(&w.errors, lines)) {
        while (line_next(&rest, &line)) {
            line_plain(line, &scratch);
            take_line(&w, line, buf_slice(&scratch), (size_t)(line.ptr - inner.ptr));
        }
        close_gap(&w);
        if (out->len && out->data[out->len - 1] != '\n')
            buf_add_char(out, '\n');
        add_summary(&w, inner, &scratch);
        buf_add_slice(out, closing);
    } else {
        out->failed = true;
    }
    out->failed = out->failed || scratch.failed;
    counts_free(&w.shapes);
    counts_free(&w.errors);
    buf_free(&scratch);
}
