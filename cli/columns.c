/* Chooses the columns that fit, and prints them. */
#include "cli/columns.h"

#include "cli/table.h"

#define COLUMNS_MAX 20
#define CELL_MAX 4096 /* bytes */
#define GAP 2         /* between columns, as cli/table.c prints them */

/* Width of each column; 0: no row has a text for it. */
static void measure(const struct column *columns, unsigned count, const void *const *rows, size_t row_count,
                    const void *context, unsigned *widths)
{
    struct buf cell;
    buf_init(&cell, CELL_MAX);
    for (unsigned c = 0; c < count; c++) {
        widths[c] = 0;
        for (size_t r = 0; r < row_count; r++) {
            buf_clear(&cell);
            columns[c].write(rows[r], context, &cell);
            unsigned width = terminal_columns(buf_slice(&cell));
            widths[c] = width > widths[c] ? width : widths[c];
        }
        unsigned title = terminal_columns(slice_of(columns[c].title));
        if (widths[c] && title > widths[c])
            widths[c] = title;
    }
    buf_free(&cell);
}

/* Marks the columns to be printed, by rank. */
static unsigned choose(const struct column *columns, unsigned count, const unsigned *widths, unsigned room,
                       bool *chosen)
{
    unsigned number = 0, used = 0;
    for (unsigned rank = 0; rank <= count; rank++) {
        for (unsigned c = 0; c < count; c++) {
            unsigned width = widths[c] + (number ? GAP : 0);
            if (columns[c].rank != rank || !widths[c] || number == TABLE_COLUMNS_MAX || (rank && used + width > room))
                continue;
            chosen[c] = true;
            used += width;
            number++;
        }
    }
    return number;
}

static unsigned choose_for_scripts(const struct column *columns, unsigned count, bool *chosen)
{
    unsigned number = 0;
    for (unsigned c = 0; c < count && number < TABLE_COLUMNS_MAX; c++)
        number += chosen[c] = !columns[c].terminal_only;
    return number;
}

void columns_print(const struct column *columns, unsigned count, const void *const *rows, size_t row_count, bool total,
                   const void *context)
{
    unsigned widths[COLUMNS_MAX] = {0}, number, at = 0;
    bool chosen[COLUMNS_MAX] = {false};
    const char *titles[TABLE_COLUMNS_MAX];
    struct table table;
    struct buf cell;
    if (count > COLUMNS_MAX)
        count = COLUMNS_MAX;
    if (terminal_is(stdout)) {
        measure(columns, count, rows, row_count, context, widths);
        number = choose(columns, count, widths, terminal_width(stdout), chosen);
    } else {
        number = choose_for_scripts(columns, count, chosen);
    }
    for (unsigned c = 0; c < count; c++)
        if (chosen[c])
            titles[at++] = columns[c].title;
    table_begin(&table, titles, number);
    at = 0;
    for (unsigned c = 0; c < count; c++)
        if (chosen[c])
            table.right[at++] = columns[c].right;
    buf_init(&cell, CELL_MAX);
    for (size_t r = 0; r < row_count; r++) {
        for (unsigned c = 0; c < count; c++) {
            if (!chosen[c])
                continue;
            buf_clear(&cell);
            columns[c].write(rows[r], context, &cell);
            table_add_text(&table, total && r == row_count - 1 ? STYLE_BOLD : STYLE_PLAIN, &cell);
        }
    }
    buf_free(&cell);
    table_print(&table, stdout);
}
