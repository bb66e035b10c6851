/* columns: prints rows with as many columns as fit the terminal, the most important ones first. */
#ifndef POINTSMAN_CLI_COLUMNS_H
#define POINTSMAN_CLI_COLUMNS_H

#include "cli/terminal.h"

struct column {
    const char *title;
    unsigned rank;      /* 0: always printed; else the lower, the more important */
    bool right;         /* right-aligned, for numbers */
    bool terminal_only; /* a bar, which no script reads */
    /* Appends the cell's text; nothing: the row has none. A column without any text is not printed on a terminal. */
    void (*write)(const void *row, const void *context, struct buf *out);
};

/* Prints a table of `count` columns: aligned on a terminal, at most its width unless the columns of rank 0 are wider;
 * otherwise tab-separated, with the first TABLE_COLUMNS_MAX that are not only for terminals. `rows`: `row_count` rows,
 * of which the last is bold if `total`. */
void columns_print(const struct column *columns, unsigned count, const void *const *rows, size_t row_count, bool total,
                   const void *context);

#endif
