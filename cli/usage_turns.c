/* Prints the requests of one conversation. */
#include "cli/usage_turns.h"

#include "cli/columns.h"
#include "usage/text.h"

#include <stdlib.h>
#include <time.h>

static void write_time(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    time_t second = (time_t)(t->time_ms / 1000);
    struct tm local;
    char text[32] = "";
    (void)context;
    if (localtime_r(&second, &local) && strftime(text, sizeof text, "%m-%d %H:%M:%S", &local))
        buf_add_text(out, text);
}

static void write_turn(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    (void)context;
    text_add_count(t->number ? (double)t->number : NAN, out);
}

static void add_tokens(const struct turn *t, enum usage_figure figure, struct buf *out)
{
    if (t->estimated && isfinite(t->figures[figure]))
        BUF_ADD(out, "~");
    text_add_count(t->figures[figure], out);
}

static void write_input(const void *row, const void *context, struct buf *out)
{
    (void)context;
    add_tokens(row, FIGURE_INPUT, out);
}

static void write_cached(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    double rate = t->figures[FIGURE_CACHED] / t->figures[FIGURE_INPUT];
    (void)context;
    add_tokens(t, FIGURE_CACHED, out);
    if (isfinite(rate))
        buf_add_format(out, " %.0f%%", 100 * rate);
}

static void write_output(const void *row, const void *context, struct buf *out)
{
    (void)context;
    add_tokens(row, FIGURE_OUTPUT, out);
}

static void write_cost(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_money(((const struct turn *)row)->figures[FIGURE_COST], out);
}

static void write_why(const void *row, const void *context, struct buf *out)
{
    (void)context;
    turns_add_reason(row, out);
}

static void write_deployment(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    (void)context;
    buf_add_text(out, *t->deployment ? t->deployment : "-");
}

static void write_ttft(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_seconds(((const struct turn *)row)->ttft_ms, out);
}

static void write_segments(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    (void)context;
    for (unsigned i = 0; i < TURN_SEGMENTS; i++) {
        if (i)
            BUF_ADD(out, "/");
        text_add_count(t->segments[i], out);
    }
}

void usage_turns_print(const struct turns *turns, const struct usage_sums *sums)
{
    static const struct column COLUMNS[] = {
        {"time", 0, false, false, write_time},
        {"turn", 0, true, false, write_turn},
        {"in", 0, true, false, write_input},
        {"cached", 0, true, false, write_cached},
        {"out", 0, true, false, write_output},
        {"cost", 0, true, false, write_cost},
        {"ttft s", 4, true, false, write_ttft},
        {"why", 1, false, false, write_why},
        {"instr/tools/env/history/output", 3, false, false, write_segments},
        {"deployment", 2, false, false, write_deployment},
    };
    struct buf text;
    const void **rows = calloc(turns->count + 1, sizeof *rows);
    if (!rows) {
        (void)complain(1, "out of memory");
        return;
    }
    for (size_t i = 0; i < turns->count; i++)
        rows[i] = turns_at(turns, i);
    columns_print(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS, rows, turns->count, false, NULL);
    free(rows);
    buf_init(&text, 512);
    text_add_money(sums_figure(sums, FIGURE_COST), &text);
    if (sums->figures[FIGURE_COST].unknown)
        buf_add_format(&text, " and %u of unknown cost", sums->figures[FIGURE_COST].unknown);
    if (turns->seen > turns->count)
        buf_add_format(&text, "; the latest %zu are shown", turns->count);
    say("%llu requests, %s", (unsigned long long)sums->requests, buf_text(&text));
    buf_free(&text);
}
