/* Rows of virtual keys. */
#include "cli/keys_table.h"

#include "cli/columns.h"
#include "usage/text.h"

#include <math.h>
#include <stdlib.h>

#define BAR 10 /* columns */
#define TEXT_SIZE 64

struct key_row {
    char alias[TEXT_SIZE], status[16], models[TEXT_SIZE], reset[24], name[16];
    double spend, budget, rpm, tpm, in_flight; /* NAN: none */
};

static double number_of(const struct json *j, uint32_t row, const char *name)
{
    double value;
    return json_double(j, json_get(j, row, name), &value) ? value : (double)NAN;
}

/* Copies a text, cut to its room. */
static void copy(const struct json *j, uint32_t node, char *out, size_t size)
{
    struct buf text;
    buf_init(&text, 4096);
    (void)json_unescape(j, node, &text);
    (void)snprintf(out, size, "%s", buf_text(&text));
    buf_free(&text);
}

static void copy_models(const struct json *j, uint32_t list, char out[TEXT_SIZE])
{
    size_t len = 0;
    *out = '\0';
    for (uint32_t at = json_is(j, list, JSON_ARRAY) ? json_first(j, list) : JSON_NONE; at != JSON_NONE;
         at = json_next(j, at)) {
        struct slice name = json_inner(j, at);
        if (len + name.len + 2 < TEXT_SIZE)
            len += (size_t)snprintf(out + len, TEXT_SIZE - len, "%s%.*s", len ? "," : "", SLICE_ARGS(name));
    }
}

static void read_row(const struct json *j, uint32_t node, struct key_row *row)
{
    copy(j, json_get(j, node, "key_alias"), row->alias, sizeof row->alias);
    copy(j, json_get(j, node, "status"), row->status, sizeof row->status);
    copy(j, json_get(j, node, "key_name"), row->name, sizeof row->name);
    copy(j, json_get(j, node, "budget_reset_at"), row->reset, sizeof row->reset);
    copy_models(j, json_get(j, node, "models"), row->models);
    row->spend = number_of(j, node, "spend");
    row->budget = number_of(j, node, "max_budget");
    row->rpm = number_of(j, node, "rpm_limit");
    row->tpm = number_of(j, node, "tpm_limit");
    row->in_flight = number_of(j, node, "in_flight");
}

void keys_table_begin(struct keys_table *table)
{
    *table = (struct keys_table){NULL, 0};
}

bool keys_table_add(struct keys_table *table, struct slice page, unsigned *pages)
{
    struct json j = {0};
    bool ok = json_parse(&j, page.ptr, page.len) && json_is(&j, json_get(&j, 0, "keys"), JSON_ARRAY);
    double count = ok ? number_of(&j, 0, "total_pages") : 0;
    for (uint32_t at = ok ? json_first(&j, json_get(&j, 0, "keys")) : JSON_NONE; ok && at != JSON_NONE;
         at = json_next(&j, at)) {
        struct key_row *rows = realloc(table->rows, (table->count + 1) * sizeof *rows);
        ok = rows != NULL;
        if (ok) {
            table->rows = rows;
            read_row(&j, at, &rows[table->count++]);
        }
    }
    *pages = count > 0 ? (unsigned)count : 1;
    json_free(&j);
    return ok;
}

static void write_alias(const void *row, const void *context, struct buf *out)
{
    const struct key_row *k = row;
    (void)context;
    buf_add_text(out, *k->alias ? k->alias : k->name);
}

static void write_status(const void *row, const void *context, struct buf *out)
{
    (void)context;
    buf_add_text(out, ((const struct key_row *)row)->status);
}

static void write_spend(const void *row, const void *context, struct buf *out)
{
    (void)context;
    text_add_money(((const struct key_row *)row)->spend, out);
}

static void write_budget(const void *row, const void *context, struct buf *out)
{
    const struct key_row *k = row;
    (void)context;
    if (isfinite(k->budget))
        text_add_money(k->budget, out);
    else
        BUF_ADD(out, "-");
}

static void write_bar(const void *row, const void *context, struct buf *out)
{
    const struct key_row *k = row;
    double share = k->budget > 0 ? fmin(1, k->spend / k->budget) : NAN;
    (void)context;
    if (!isfinite(share))
        return;
    for (unsigned i = 0; i < BAR; i++)
        buf_add_char(out, i < (unsigned)lround(share * BAR) ? '#' : '.');
}

static void write_reset(const void *row, const void *context, struct buf *out)
{
    (void)context;
    buf_add_text(out, ((const struct key_row *)row)->reset);
}

static void write_limit(double limit, struct buf *out)
{
    if (isfinite(limit))
        text_add_count(limit, out);
}

static void write_rpm(const void *row, const void *context, struct buf *out)
{
    (void)context;
    write_limit(((const struct key_row *)row)->rpm, out);
}

static void write_tpm(const void *row, const void *context, struct buf *out)
{
    (void)context;
    write_limit(((const struct key_row *)row)->tpm, out);
}

static void write_in_flight(const void *row, const void *context, struct buf *out)
{
    (void)context;
    write_limit(((const struct key_row *)row)->in_flight, out);
}

static void write_models(const void *row, const void *context, struct buf *out)
{
    const struct key_row *k = row;
    (void)context;
    buf_add_text(out, *k->models ? k->models : "all");
}

static const struct column columns[] = {
    {"KEY", 0, false, false, write_alias},    {"STATUS", 0, false, false, write_status},
    {"SPENT", 0, true, false, write_spend},   {"BUDGET", 0, true, false, write_budget},
    {"", 2, false, true, write_bar},          {"RESETS", 1, false, false, write_reset},
    {"RPM", 3, true, false, write_rpm},       {"TPM", 4, true, false, write_tpm},
    {"RUN", 6, true, false, write_in_flight}, {"MODELS", 5, false, false, write_models},
};

void keys_table_print(struct keys_table *table, bool quiet)
{
    const void **rows = table->count ? calloc(table->count, sizeof *rows) : NULL;
    for (unsigned i = 0; rows && i < table->count; i++)
        rows[i] = &table->rows[i];
    if (table->count && !rows)
        terminal_fail("out of memory: the keys are not shown");
    else if (rows && !quiet)
        columns_print(columns, sizeof columns / sizeof *columns, rows, table->count, false, NULL);
    free((void *)rows);
    free(table->rows);
    *table = (struct keys_table){NULL, 0};
}

bool keys_table_show(struct slice answer)
{
    struct json j = {0};
    struct keys_table table = {NULL, 0};
    bool ok = json_parse(&j, answer.ptr, answer.len) && (table.rows = calloc(1, sizeof *table.rows));
    uint32_t info = ok ? json_get(&j, 0, "info") : JSON_NONE;
    if (ok) {
        read_row(&j, json_is(&j, info, JSON_OBJECT) ? info : 0, &table.rows[0]);
        table.count = 1;
    }
    json_free(&j);
    keys_table_print(&table, !ok);
    return ok;
}
