/* pure. Figures over time: one row for each day, or each hour of a single day, those without requests too. */
#include "cgi/usage/tables.h"

#include "cgi/usage/cells.h"

#include <stdio.h>
#include <string.h>

#define SERIES 6      /* models with a column of their own; the others share one */
#define ROWS_MAX 1000 /* days */
#define HOURS 24

/* The rows of a table: order as in struct report_row. */
struct axis {
    const struct report *report;
    const struct range *range;
    bool hours;
    int64_t order;
    uint32_t row; /* the first report row that is not before `order` */
    unsigned count;
};

static struct axis axis_of(const struct report *report, const struct range *range)
{
    struct axis x = {.report = report, .range = range, .hours = report->by == BY_HOUR};
    int64_t first = range->first ? range->first : report->count ? report->rows[0].order / 100 : range->last;
    x.order = x.hours ? range->last * 100 : first * 100 - 100;
    return x;
}

/* Moves to the next day or hour, and writes its name. When clocks change, a day may have a 25th hour. false: none. */
static bool axis_next(struct axis *x, char name[LINE_NAME_MAX + 1])
{
    const struct report *r = x->report;
    while (x->row < r->count && r->rows[x->row].order <= x->order)
        x->row++;
    bool more = x->row < r->count;
    if (x->hours) {
        if (++x->order % 100 > HOURS && !more)
            return false;
        (void)snprintf(name, LINE_NAME_MAX + 1, "%02d:00", (int)(x->order % 100 - 1));
        return x->order % 100 <= HOURS + 1;
    }
    int64_t day = x->count ? range_next_day(x->order / 100) : x->order / 100 + 1;
    if (day > x->range->last || x->count++ == ROWS_MAX)
        return false;
    x->order = day * 100;
    dates_name_day((int)day, name);
    return true;
}

/* The next report row of this day or hour; NULL: no more. Starts with *row = 0 behind axis_next(). */
static const struct report_row *axis_row(const struct axis *x, uint32_t *row)
{
    uint32_t at = x->row + (*row)++;
    return at < x->report->count && x->report->rows[at].order == x->order ? &x->report->rows[at] : NULL;
}

static void begin_row(const struct axis *x, const char *name, const char *part, struct buf *out)
{
    if (x->hours)
        cells_begin_row(name, out);
    else
        cells_begin_day_row(name, &x->range->filter, part, out);
}

struct series {
    const char *name;
    double weight; /* cost, or requests if nothing has a cost */
};

/* Finds the largest second names of a report. Returns their number. */
static unsigned find_series(const struct report *report, bool costs, struct series found[SERIES])
{
    unsigned count = 0;
    for (uint32_t i = 0; i < report->count; i++) {
        struct series s = {report->rows[i].then, 0};
        unsigned at = 0;
        while (at < count && strcmp(found[at].name, s.name) != 0)
            at++;
        if (at < count)
            continue;
        for (uint32_t j = i; j < report->count; j++)
            if (strcmp(report->rows[j].then, s.name) == 0)
                s.weight += costs ? report->rows[j].sums.figures[FIGURE_COST].total
                                  : (double)report->rows[j].sums.requests;
        for (at = count; at > 0 && found[at - 1].weight < s.weight; at--)
            if (at < SERIES)
                found[at] = found[at - 1];
        if (at < SERIES)
            found[at] = s;
        count += count < SERIES;
    }
    return count;
}

static unsigned series_of(const struct series *series, unsigned count, const char *name)
{
    unsigned at = 0;
    while (at < count && strcmp(series[at].name, name) != 0)
        at++;
    return at;
}

void tables_add_costs(const struct report *report, const struct range *range, struct buf *out)
{
    struct series series[SERIES];
    bool costs = report->all.figures[FIGURE_COST].total > 0;
    unsigned count = find_series(report, costs, series);
    struct axis x = axis_of(report, range);
    char name[LINE_NAME_MAX + 1];
    cells_begin_table(costs ? "stack money" : "stack requests", x.hours ? "Hour" : "Day", out);
    for (unsigned i = 0; i < count; i++)
        cells_add_head(series[i].name, out);
    cells_add_head("others", out);
    cells_begin_body(out);
    while (axis_next(&x, name)) {
        double sums[SERIES + 1] = {0};
        const struct report_row *row;
        for (uint32_t i = 0; (row = axis_row(&x, &i));)
            sums[series_of(series, count, row->then)] += costs ? row->sums.figures[FIGURE_COST].total
                                                               : (double)row->sums.requests;
        begin_row(&x, name, "costs-title", out);
        for (unsigned i = 0; i <= count; i++)
            (costs ? cells_add_money : cells_add_count)(sums[i], out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

void tables_add_tokens(const struct report *report, const struct range *range, struct buf *out)
{
    struct axis x = axis_of(report, range);
    char name[LINE_NAME_MAX + 1];
    cells_begin_table("stack tokens", x.hours ? "Hour" : "Day", out);
    cells_add_head("cached", out);
    cells_add_head("not cached", out);
    cells_add_head("written to caches", out);
    cells_add_head("out", out);
    cells_begin_body(out);
    while (axis_next(&x, name)) {
        uint32_t i = 0;
        const struct report_row *row = axis_row(&x, &i);
        const struct known_sum *f = row ? row->sums.figures : (const struct known_sum[FIGURES]){{0}};
        double cached = f[FIGURE_CACHED].total, written = f[FIGURE_CACHE_WRITE].total;
        bool estimated = row && row->sums.estimated;
        begin_row(&x, name, "tokens-title", out);
        cells_add_tokens(cached, estimated, out);
        cells_add_tokens(fmax(0, f[FIGURE_INPUT].total - cached - written), estimated, out);
        cells_add_tokens(written, estimated, out);
        cells_add_tokens(f[FIGURE_OUTPUT].total, estimated, out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

void tables_add_latencies(const struct report *report, const struct range *range, struct buf *out)
{
    struct axis x = axis_of(report, range);
    char name[LINE_NAME_MAX + 1];
    cells_begin_table("curves", x.hours ? "Hour" : "Day", out);
    cells_add_head("First token p50, s", out);
    cells_add_head("p90, s", out);
    cells_add_head("Tokens per second", out);
    cells_begin_body(out);
    while (axis_next(&x, name)) {
        uint32_t i = 0;
        const struct report_row *row = axis_row(&x, &i);
        begin_row(&x, name, "latencies-title", out);
        cells_add_seconds(row ? sketch_quantile(&row->sums.ttft, .5) : NAN, out);
        cells_add_seconds(row ? sketch_quantile(&row->sums.ttft, .9) : NAN, out);
        cells_add_count(row ? sums_speed(&row->sums) : NAN, out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

/* A column for each provider: the share of its attempts that failed, and how many did. */
void tables_add_failures(const struct report *report, const struct range *range, struct buf *out)
{
    struct series series[SERIES];
    unsigned count = find_series(report, false, series);
    for (unsigned i = 0; i < count; i++)
        if (!*series[i].name) /* requests without an answer: their attempts count at the providers that failed */
            series[i--] = series[--count];
    struct axis x = axis_of(report, range);
    char name[LINE_NAME_MAX + 1];
    cells_begin_table("strips", x.hours ? "Hour" : "Day", out);
    for (unsigned i = 0; i < count; i++)
        cells_add_head(series[i].name, out);
    cells_begin_body(out);
    while (axis_next(&x, name)) {
        double failed[SERIES + 1] = {0}, all[SERIES + 1] = {0}, fallbacks[SERIES + 1] = {0};
        const struct report_row *row;
        for (uint32_t i = 0; (row = axis_row(&x, &i));) {
            unsigned at = series_of(series, count, row->then);
            failed[at] += (double)row->sums.attempts_failed;
            fallbacks[at] += (double)row->sums.fallbacks;
            all[at] += (double)(row->sums.requests + row->sums.attempts_failed);
        }
        begin_row(&x, name, "failures-title", out);
        for (unsigned i = 0; i < count; i++) {
            BUF_ADD(out, "<td");
            cells_add_value(all[i] > 0 ? failed[i] / all[i] : NAN, out);
            buf_add_format(out, all[i] > 0 ? ">%.0f of %.0f" : ">-", failed[i], all[i]);
            if (fallbacks[i] > 0)
                buf_add_format(out, fallbacks[i] > 1 ? ", %.0f fallbacks" : ", %.0f fallback", fallbacks[i]);
            BUF_ADD(out, "</td>");
        }
        cells_end_row(out);
    }
    cells_end_table(out);
}
