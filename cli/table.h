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
/* Prints the rows and frees the table; a table without rows prints nothing. */
void table_print(struct table *table, FILE *out);

#endif
