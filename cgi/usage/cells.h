/* cells: pure. Writes an HTML table: begin_table, add_head …, begin_body, rows of cells, end_table. */
#ifndef POINTSMAN_CGI_USAGE_CELLS_H
#define POINTSMAN_CGI_USAGE_CELLS_H

#include "usage/filter.h"
#include "usage/sums.h"

/* `chart`: the table's class; `head`: the first column's name. */
void cells_begin_table(const char *chart, const char *head, struct buf *out);
void cells_add_head(const char *head, struct buf *out);
void cells_begin_body(struct buf *out);
void cells_end_table(struct buf *out);

/* Begin a row with its name; "" is unknown. A linked one leads to the conversation of that name. */
void cells_begin_row(const char *name, struct buf *out);
void cells_begin_linked_row(const char *conversation, struct buf *out);
/* A day leads to its hours, with the filter, at the part of the view with that id. */
void cells_begin_day_row(const char *day, const struct usage_filter *filter, const char *part, struct buf *out);
void cells_end_row(struct buf *out);

/* Append ` data-value="12.5"` to an open tag; nothing if the value is unknown. */
void cells_add_value(double value, struct buf *out);
/* Append a cell. NAN: unknown. */
void cells_add_text(const char *text, struct buf *out);
void cells_add_count(double count, struct buf *out);
void cells_add_tokens(double count, bool estimated, struct buf *out);
void cells_add_money(double usd, struct buf *out);
void cells_add_seconds(double ms, struct buf *out);
void cells_add_share(double share, struct buf *out);
void cells_add_sum(const struct usage_sums *sums, enum usage_figure figure, struct buf *out);

#endif
