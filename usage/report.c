/* pure. Reports over the cells of a fold. */
#include "usage/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 9 /* of USD, as in the request log */

static void name_row(struct report_row *row, const struct fold *f, enum usage_by by, const struct cell_key *key)
{
    bool other = key->other || (by != BY_DAY && by != BY_CONVERSATION && key->of[by] == NAMES_OTHER);
    const char *text = by < BY_CONVERSATION ? names_text(&f->names, key->of[by]) : NULL;
    row->order = key->day;
    if (other)
        (void)snprintf(row->name, sizeof row->name, "(other)");
    else if (by == BY_DAY)
        dates_name_day((int)key->day, row->name);
    else if (by == BY_CONVERSATION && key->conversation)
        (void)snprintf(row->name, sizeof row->name, "%016" PRIx64, key->conversation);
    else
        (void)snprintf(row->name, sizeof row->name, "%s", text ? text : "");
}

/* The part of a key that the dimension tells apart. */
static struct cell_key part_of(const struct cell_key *key, enum usage_by by)
{
    struct cell_key part;
    memset(&part, 0, sizeof part);
    part.other = key->other;
    if (by == BY_DAY)
        part.day = key->day;
    else if (by == BY_CONVERSATION)
        part.conversation = key->conversation;
    else
        part.of[by] = key->of[by];
    return part;
}

static int by_cost(const void *a, const void *b)
{
    const struct usage_sums *x = &((const struct report_row *)a)->sums, *y = &((const struct report_row *)b)->sums;
    double left = x->figures[FIGURE_COST].total, right = y->figures[FIGURE_COST].total;
    if (left != right)
        return left < right ? 1 : -1;
    if (x->requests != y->requests)
        return x->requests < y->requests ? 1 : -1;
    return strcmp(((const struct report_row *)a)->name, ((const struct report_row *)b)->name);
}

static int by_day(const void *a, const void *b)
{
    int64_t left = ((const struct report_row *)a)->order, right = ((const struct report_row *)b)->order;
    return (left > right) - (left < right);
}

/* Cells of the same row, merged in a second fold, which is only used as a table. */
static bool merge(struct fold *table, const struct fold *f, enum usage_by by)
{
    for (uint32_t i = 0; i < f->cell_count; i++) {
        struct cell_key part = part_of(&f->cells[i].key, by);
        struct usage_sums *sums = fold_cell(table, &part);
        if (!sums || !sums_merge(sums, &f->cells[i].sums))
            return false;
    }
    return true;
}

bool report_make(struct report *report, const struct fold *f, enum usage_by by)
{
    struct fold table;
    struct fold_settings settings = {.cells_max = f->cell_count + 1};
    *report = (struct report){.by = by};
    fold_init(&table, &settings);
    bool ok = merge(&table, f, by);
    report->rows = calloc(table.cell_count + 1, sizeof *report->rows);
    for (uint32_t i = 0; ok && report->rows && i < table.cell_count; i++) {
        struct report_row *row = &report->rows[report->count++];
        row->sums = table.cells[i].sums; /* its sketch moves */
        table.cells[i].sums = (struct usage_sums){0};
        name_row(row, f, by, &table.cells[i].key);
        ok = sums_merge(&report->all, &row->sums);
    }
    ok = ok && report->rows;
    if (ok)
        qsort(report->rows, report->count, sizeof *report->rows, by == BY_DAY ? by_day : by_cost);
    fold_free(&table);
    return ok;
}

void report_free(struct report *report)
{
    for (uint32_t i = 0; i < report->count; i++)
        sums_free(&report->rows[i].sums);
    sums_free(&report->all);
    free(report->rows);
    *report = (struct report){0};
}

void report_describe(const struct usage_sums *s, struct container in)
{
    static const struct {
        const char *name;
        enum usage_figure figure;
        int digits;
        const char *unknown; /* member with the number of requests whose figure is unknown; NULL: none */
    } FIGURE_MEMBERS[] = {
        {"input_tokens", FIGURE_INPUT, 17, "input_unknown"},
        {"cached_tokens", FIGURE_CACHED, 17, "cached_unknown"},
        {"cache_write_tokens", FIGURE_CACHE_WRITE, 17, "cache_write_unknown"},
        {"output_tokens", FIGURE_OUTPUT, 17, "output_unknown"},
        {"reasoning_tokens", FIGURE_REASONING, 17, "reasoning_unknown"},
        {"cost_usd", FIGURE_COST, DIGITS, "cost_unknown"},
        {"baseline_usd", FIGURE_BASELINE, DIGITS, NULL},
        {"savings_usd", FIGURE_SAVED, DIGITS, NULL},
        {"cache_saved_usd", FIGURE_CACHE_SAVED, DIGITS, NULL},
        {"hedge_cost_usd", FIGURE_HEDGE_COST, DIGITS, NULL},
    };
    document_add_count(in, "requests", (int64_t)s->requests);
    for (size_t i = 0; i < sizeof FIGURE_MEMBERS / sizeof *FIGURE_MEMBERS; i++) {
        enum usage_figure figure = FIGURE_MEMBERS[i].figure;
        document_add_number(in, FIGURE_MEMBERS[i].name, sums_figure(s, figure), FIGURE_MEMBERS[i].digits);
        if (FIGURE_MEMBERS[i].unknown)
            document_add_count(in, FIGURE_MEMBERS[i].unknown, s->figures[figure].unknown);
    }
    document_add_count(in, "estimated_requests", (int64_t)s->estimated);
    document_add_number(in, "cache_rate", sums_cache_rate(s), 6);
    document_add_count(in, "failed", (int64_t)s->failed);
    document_add_count(in, "cancelled", (int64_t)s->cancelled);
    document_add_count(in, "fallbacks", (int64_t)s->fallbacks);
    document_add_count(in, "failed_attempts", (int64_t)s->attempts_failed);
    document_add_count(in, "cache_hits", (int64_t)s->cache_hits);
    document_add_number(in, "ttft_p50_ms", sketch_quantile(&s->ttft, 0.5), 6);
    document_add_number(in, "ttft_p90_ms", sketch_quantile(&s->ttft, 0.9), 6);
    document_add_number(in, "tokens_per_second", sums_speed(s), 6);
}
