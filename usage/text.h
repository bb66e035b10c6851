/* text: pure. Figures as people read them, in the terminal and on the page. */
#ifndef POINTSMAN_USAGE_TEXT_H
#define POINTSMAN_USAGE_TEXT_H

#include "usage/sums.h"

/* Append a figure: "8983", "1.2M"; "$1.23", "$0.0042"; "0.8" (seconds, of ms). "-" for NAN. */
void text_add_count(double count, struct buf *out);
void text_add_money(double usd, struct buf *out);
void text_add_seconds(double ms, struct buf *out);
/* Appends a sum, with "~" before it if tokens in it are estimates, and "+" behind it if it lacks unknown figures. */
void text_add_sum(const struct usage_sums *sums, enum usage_figure figure, struct buf *out);

#endif
