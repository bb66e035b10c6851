/* table: rows for people and for scripts: columns in line on a terminal, cells with tabs between and no head line
 * elsewhere. */
#ifndef POINTSMAN_CLI_TABLE_H
#define POINTSMAN_CLI_TABLE_H

#include "cli/terminal.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    unsigned columns;
    bool right[TABLE_COLUMNS_MAX]; /* set after table_begin(): figures, which stand in line at their right end */
    struct buf cells;              /* style byte, text, NUL; and so on */
    unsigned count;
};

/* `titles`: one for each of `columns`. */
void table_begin(struct table *table, const char *const *titles, unsigned columns);
/* The next cell, row by row. Control characters in it become "?". */
void table_add(struct table *table, enum terminal_style style, struct slice text);
/* Prints the rows and frees the table; a table without rows prints nothing. */
void table_print(struct table *table, FILE *out);

#endif
