/* Prints tables. */
#include "cli/table.h"

#include <string.h>

#define CELLS_MAX (16u << 20) /* bytes */

void table_begin(struct table *table, const char *const *titles, unsigned columns)
{
    *table = (struct table){.columns = columns};
    buf_init(&table->cells, CELLS_MAX);
    for (unsigned i = 0; i < columns; i++)
        table_add(table, STYLE_BOLD, slice_of(titles[i]));
}

void table_add(struct table *table, enum terminal_style style, struct slice text)
{
    size_t start = table->cells.len + 1;
    if (!buf_reserve(&table->cells, text.len + 2))
        return;
    buf_add_char(&table->cells, (char)style);
    buf_add_slice(&table->cells, text);
    buf_add_char(&table->cells, '\0');
    for (size_t i = start; i < table->cells.len - 1; i++)
        if ((unsigned char)table->cells.data[i] < ' ' || table->cells.data[i] == 0x7f)
            table->cells.data[i] = '?';
    table->count++;
}

void table_add_text(struct table *table, enum terminal_style style, const struct buf *text)
{
    table->cells.failed |= text->failed && !text->full;
    table_add(table, style, buf_slice(text));
}

static void measure(const struct table *table, unsigned *widths)
{
    const char *at = table->cells.data;
    for (unsigned i = 0; i < table->count; i++, at += strlen(at) + 1) {
        unsigned width = terminal_columns(slice_of(++at));
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
}

static void print_aligned(const struct table *table, FILE *out)
{
    unsigned widths[TABLE_COLUMNS_MAX] = {0};
    const char *at = table->cells.data;
    measure(table, widths);
    for (unsigned i = 0; i < table->count; i++, at += strlen(at) + 1) {
        enum terminal_style style = (enum terminal_style) * at++;
        unsigned column = i % table->columns;
        bool last = column == table->columns - 1;
        int gap = (int)(widths[column] - terminal_columns(slice_of(at)));
        bool styled = style != STYLE_PLAIN;
        fprintf(out, "%*s%s%s%s", table->right[column] ? gap : 0, "", styled ? terminal_style(out, style) : "", at,
                styled ? terminal_style(out, STYLE_PLAIN) : "");
        if (last)
            fputc('\n', out);
        else
            fprintf(out, "%*s", (table->right[column] ? 0 : gap) + 2, "");
    }
}

static void print_tabbed(const struct table *table, FILE *out)
{
    const char *at = table->cells.data;
    for (unsigned i = 0; i < table->count; i++, at += strlen(at) + 1) {
        at++;
        if (i >= table->columns)
            fprintf(out, "%s%c", at, i % table->columns == table->columns - 1 ? '\n' : '\t');
    }
}

void table_print(struct table *table, FILE *out)
{
    if (table->cells.failed) {
        terminal_fail(table->cells.full ? "the table is too large to print" : "out of memory");
    } else if (table->count > table->columns) {
        if (terminal_is(out))
            print_aligned(table, out);
        else
            print_tabbed(table, out);
    }
    buf_free(&table->cells);
}
