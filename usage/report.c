/* pure. Reports over the cells of a fold. */
#include "usage/report.h"

#include "common/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 9 /* of USD, as in the request log */
#define CSV_ROW_MAX (64u << 10)

/* The cell's name in a dimension. */
static void name_part(const struct fold *f, enum usage_by by, const struct cell_key *key, char name[LINE_NAME_MAX + 1])
{
    bool timed = by == BY_DAY || by == BY_HOUR, named = by < BY_CONVERSATION && by != BY_DAY;
    const char *text = named ? names_text(&f->names, key->of[by]) : NULL;
    char day[12];
    dates_name_day((int)key->day, day);
    name[0] = '\0';
    if ((key->other && !(timed && key->day)) || (named && key->of[by] == NAMES_OTHER))
        text = "(other)";
    if (text)
        (void)snprintf(name, LINE_NAME_MAX + 1, "%s", text);
    else if (by == BY_HOUR && key->hour)
        (void)snprintf(name, LINE_NAME_MAX + 1, "%s %02u", day, key->hour - 1u);
    else if (timed)
        (void)snprintf(name, LINE_NAME_MAX + 1, "%s", day);
    else if (by == BY_CONVERSATION && key->conversation)
        (void)snprintf(name, LINE_NAME_MAX + 1, "%016" PRIx64, key->conversation);
}

/* Copies what the dimension tells apart. */
static void add_part(const struct cell_key *key, enum usage_by by, struct cell_key *part)
{
    bool timed = by == BY_DAY || by == BY_HOUR;
    if (timed)
        part->day = key->day;
    if (by == BY_HOUR)
        part->hour = key->hour;
    if (by == BY_CONVERSATION)
        part->conversation = key->conversation;
    if (by > BY_DAY && by < BY_CONVERSATION)
        part->of[by] = key->of[by];
    if (by != BY_NONE && !(timed && key->day))
        part->other = key->other;
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

static int by_time(const void *a, const void *b)
{
    int64_t left = ((const struct report_row *)a)->order, right = ((const struct report_row *)b)->order;
    return left == right ? by_cost(a, b) : left < right ? -1 : 1;
}

/* Cells of the same row, merged in a second fold, which is only used as a table. */
static bool merge(struct fold *table, const struct fold *f, const struct report_query *q)
{
    for (uint32_t i = 0; i < f->cell_count; i++) {
        const struct cell_key *key = &f->cells[i].key;
        struct cell_key part;
        if (q->last && (key->day < q->first || key->day > q->last))
            continue;
        memset(&part, 0, sizeof part);
        add_part(key, q->by, &part);
        add_part(key, q->then, &part);
        struct usage_sums *sums = fold_cell(table, &part);
        if (!sums || !sums_merge(sums, &f->cells[i].sums))
            return false;
    }
    return true;
}

bool report_make(struct report *report, const struct fold *f, const struct report_query *q)
{
    struct fold table;
    struct fold_settings settings = {.cells_max = f->cell_count + 1};
    *report = (struct report){.by = q->by};
    fold_init(&table, &settings);
    bool ok = merge(&table, f, q);
    report->rows = calloc(table.cell_count + 1, sizeof *report->rows);
    for (uint32_t i = 0; ok && report->rows && i < table.cell_count; i++) {
        struct report_row *row = &report->rows[report->count++];
        const struct cell_key *key = &table.cells[i].key;
        row->sums = table.cells[i].sums; /* its sketch moves */
        table.cells[i].sums = (struct usage_sums){0};
        row->order = key->day * 100 + key->hour;
        name_part(f, q->by, key, row->name);
        if (q->then != BY_NONE)
            name_part(f, q->then, key, row->then);
        ok = sums_merge(&report->all, &row->sums);
    }
    ok = ok && report->rows;
    if (ok)
        qsort(report->rows, report->count, sizeof *report->rows,
              q->by == BY_DAY || q->by == BY_HOUR ? by_time : by_cost);
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

/* Adds "cache_memory", "cache_memory_saved_usd", … */
static void describe_replies(const struct usage_sums *s, struct container in)
{
    for (unsigned i = 0; i < REPLY_CACHES; i++) {
        enum reply_cache result = (enum reply_cache)i;
        char name[48];
        int len = snprintf(name, sizeof name, "cache_%s", reply_cache_name(result));
        document_add_count(in, name, (int64_t)s->replies[i].requests);
        if (!reply_cache_text(result))
            continue;
        (void)snprintf(name + len, sizeof name - (size_t)len, "_saved_usd");
        document_add_number(in, name, s->replies[i].saved_usd, DIGITS);
        (void)snprintf(name + len, sizeof name - (size_t)len, "_age_s");
        if (result != REPLY_COLLAPSED)
            document_add_number(in, name, reply_age(&s->replies[i], result), 6);
    }
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
    describe_replies(s, in);
    document_add_number(in, "prompt_cache_saved_usd", sums_figure(s, FIGURE_PROMPT_CACHE_SAVED), DIGITS);
}

static void add_csv_text(const char *text, struct buf *out)
{
    if (!strpbrk(text, ",\"\r\n")) {
        buf_add_text(out, text);
        return;
    }
    buf_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '"');
}

/* The members of report_describe() as columns: one description for JSON and CSV. */
static bool add_csv(const struct usage_sums *sums, bool header, const char *name, struct buf *out)
{
    struct document d;
    struct buf text;
    struct json j = {0};
    buf_init(&text, CSV_ROW_MAX);
    report_describe(sums, document_object(&d));
    bool ok = document_print(&d, &text) && json_parse(&j, text.data, text.len);
    add_csv_text(name, out);
    for (uint32_t key = ok ? json_first(&j, 0) : JSON_NONE; key != JSON_NONE; key = json_next(&j, key)) {
        buf_add_char(out, ',');
        if (header)
            buf_add_slice(out, json_inner(&j, key));
        else if (!json_is(&j, json_value(key), JSON_NULL))
            buf_add_slice(out, json_raw(&j, json_value(key)));
    }
    BUF_ADD(out, "\n");
    json_free(&j);
    buf_free(&text);
    return ok && !out->failed;
}

bool report_add_csv_row(const struct report_row *row, struct buf *out)
{
    return add_csv(&row->sums, false, row->name, out);
}

bool report_add_csv_header(enum usage_by by, struct buf *out)
{
    return add_csv(&(struct usage_sums){0}, true, usage_by_name(by), out);
}
