/* Prints a report about the request log. */
#include "cli/usage_table.h"

#include "cli/columns.h"
#include "usage/text.h"

#include <stdlib.h>
#include <string.h>

#define BAR 10        /* columns */
#define NAME_LEAST 16 /* columns of a name that stay on a narrow terminal */
#define NAME_MOST 32  /* columns of a name on a wide one; the figures get the rest */
#define NAME_REST 60  /* columns for the figures */
#define CSV_MAX (16u << 20)

/* What the cells need besides their row. */
struct look {
    double most;        /* of the figure that the bars show */
    bool costs;         /* bars show costs, else requests */
    unsigned name_most; /* columns */
};

static const struct usage_sums *sums_of(const void *row)
{
    return &((const struct report_row *)row)->sums;
}

static void write_name(const void *row, const void *context, struct buf *out)
{
    const struct look *look = context;
    const char *name = ((const struct report_row *)row)->name;
    struct slice text = slice_of(*name ? name : "-");
    if (terminal_columns(text) > look->name_most) {
        unsigned kept = 0;
        size_t len = 0;
        for (; len < text.len; len++)
            if (((unsigned char)text.ptr[len] & 0xc0) != 0x80 && kept++ == look->name_most - 2)
                break;
        text.len = len;
        buf_add_slice(out, text);
        BUF_ADD(out, "..");
        return;
    }
    buf_add_slice(out, text);
}

static void write_bar(const void *row, const void *context, struct buf *out)
{
    const struct look *look = context;
    const struct usage_sums *s = sums_of(row);
    double value = look->costs ? s->figures[FIGURE_COST].total : (double)s->requests;
    if (strcmp(((const struct report_row *)row)->name, "total") == 0 || !(look->most > 0))
        return;
    for (int i = 0, full = (int)ceil(BAR * value / look->most - 1e-9); i < full; i++)
        BUF_ADD(out, "#");
}

static void write_requests(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_count((double)sums_of(row)->requests, out);
}

static void write_input(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_sum(sums_of(row), FIGURE_INPUT, out);
}

static void write_cached(const void *row, const void *context, struct buf *out)
{
    double rate = sums_cache_rate(sums_of(row));
    (void)context;
    text_add_sum(sums_of(row), FIGURE_CACHED, out);
    if (isfinite(rate))
        buf_add_format(out, " %.0f%%", 100 * rate);
}

static void write_written(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_sum(sums_of(row), FIGURE_CACHE_WRITE, out);
}

static void write_output(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_sum(sums_of(row), FIGURE_OUTPUT, out);
}

static void write_cost(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_sum(sums_of(row), FIGURE_COST, out);
}

static void write_saved(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_sum(sums_of(row), FIGURE_SAVED, out);
}

static void write_failed(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_count((double)sums_of(row)->failed, out);
}

static void write_fallbacks(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_count((double)sums_of(row)->fallbacks, out);
}

static void write_ttft(const void *row, const void *context, struct buf *out)
{
    const struct sketch *ttft = &sums_of(row)->ttft;
    (void)context;
    text_add_seconds(sketch_quantile(ttft, 0.5), out);
    if (ttft->count) {
        BUF_ADD(out, "/");
        text_add_seconds(sketch_quantile(ttft, 0.9), out);
    }
}

static void write_speed(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_count(sums_speed(sums_of(row)), out);
}

void usage_print_table(const struct report *report)
{
    const struct column columns[] = {
        {usage_by_name(report->by), 0, false, false, write_name},
        {"", 7, false, true, write_bar},
        {"reqs", 0, true, false, write_requests},
        {"in", 1, true, false, write_input},
        {"cached", 1, true, false, write_cached},
        {"written", 9, true, false, write_written},
        {"out", 1, true, false, write_output},
        {"cost", 0, true, false, write_cost},
        {"saved", report->all.figures[FIGURE_SAVED].known ? 3 : 10, true, false, write_saved},
        {"failed", 2, true, false, write_failed},
        {"fallbacks", 6, true, false, write_fallbacks},
        {"ttft s", 4, true, false, write_ttft},
        {"tok/s", 5, true, false, write_speed},
    };
    struct look look = {.costs = report->all.figures[FIGURE_COST].total > 0};
    unsigned width = terminal_width(stdout);
    look.name_most = width > NAME_REST + NAME_LEAST ? width - NAME_REST : NAME_LEAST;
    if (look.name_most > NAME_MOST)
        look.name_most = NAME_MOST;
    if (!terminal_is(stdout))
        look.name_most = LINE_NAME_MAX;
    struct report_row total = {.name = "total", .sums = report->all};
    const void **rows = calloc(report->count + 1, sizeof *rows);
    if (!rows) {
        (void)complain(1, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < report->count; i++) {
        const struct usage_sums *s = &report->rows[i].sums;
        look.most = fmax(look.most, look.costs ? s->figures[FIGURE_COST].total : (double)s->requests);
        rows[i] = &report->rows[i];
    }
    rows[report->count] = &total;
    if (report->count)
        columns_print(columns, sizeof columns / sizeof *columns, rows, report->count + 1, true, &look);
    free(rows);
}

bool usage_print_csv(const struct report *report)
{
    struct buf out;
    buf_init(&out, CSV_MAX);
    bool ok = report_add_csv_header(report->by, &out);
    for (uint32_t i = 0; ok && i < report->count; i++) {
        ok = report_add_csv_row(&report->rows[i], &out);
        (void)fwrite(out.data, 1, out.len, stdout); /* main() reports what standard output refuses */
        buf_clear(&out);
    }
    if (ok && !report->count)
        (void)fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    if (!ok)
        (void)complain(1, "out of memory");
    return ok;
}

bool usage_print_json(const struct report *report, const struct fold *f)
{
    struct document d;
    struct buf out;
    char text[40];
    struct container root = document_object(&d);
    document_add_text(root, "by", usage_by_name(report->by));
    dates_write(f->settings.since_ms, text);
    document_add_text(root, "since", text);
    dates_write(f->settings.until_ms, text);
    document_add_text(root, "until", f->settings.until_ms < INT64_MAX ? text : NULL);
    struct container lines = document_add_object(root, "lines");
    document_add_count(lines, "read", (int64_t)f->lines);
    document_add_count(lines, "torn", (int64_t)f->torn);
    document_add_count(lines, "foreign", (int64_t)f->foreign);
    document_add_number(root, "ttft_error", SKETCH_ERROR, 4);
    report_describe(&report->all, document_add_object(root, "total"));
    /* A tree of thousands of rows would take more memory than all sums: each row is a document of its own. */
    buf_init(&out, CSV_MAX);
    bool ok = document_print(&d, &out);
    out.len -= ok; /* the object goes on */
    BUF_ADD(&out, ",\"rows\":[");
    for (uint32_t i = 0; ok && i < report->count; i++) {
        struct container row = document_object(&d);
        document_add_name(row, usage_by_name(report->by), report->rows[i].name);
        report_describe(&report->rows[i].sums, row);
        if (i)
            BUF_ADD(&out, ",");
        ok = document_print(&d, &out);
        (void)fwrite(out.data, 1, out.len, stdout); /* main() reports what standard output refuses */
        buf_clear(&out);
    }
    BUF_ADD(&out, "]}\n");
    ok = ok && !out.failed;
    if (ok)
        (void)fwrite(out.data, 1, out.len, stdout);
    else
        (void)complain(1, "out of memory");
    buf_free(&out);
    return ok;
}
