/* table: prints rows: aligned columns with a header on a terminal, tab-separated cells without a header otherwise. */
#ifndef POINTSMAN_CLI_TABLE_H
#define POINTSMAN_CLI_TABLE_H

#include "cli/terminal.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    unsigned columns;
    bool right[TABLE_COLUMNS_MAX]; /* set after table_begin(): right-aligned, for numbers */
    struct buf cells;              /* style byte, text, NUL; repeated */
    unsigned count;
};

/* `titles`: one per column. */
void table_begin(struct table *table, const char *const *titles, unsigned columns);
/* Adds the next cell, row by row. Control characters become "?". */
void table_add(struct table *table, enum terminal_style style, struct slice text);
/* The same, with the text of a buffer; if it lacks memory, the table does. */
void table_add_text(struct table *table, enum terminal_style style, const struct buf *text);
/* Prints the rows and frees the table; a table without rows prints nothing. Without memory for all cells nothing is
 * printed but an error (terminal_fail()): a missing cell would shift the others. */
void table_print(struct table *table, FILE *out);

#endif
