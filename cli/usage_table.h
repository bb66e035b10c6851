/* usage_table: a report about the request log as text, JSON or CSV; and the texts of its figures. */
#ifndef POINTSMAN_CLI_USAGE_TABLE_H
#define POINTSMAN_CLI_USAGE_TABLE_H

#include "usage/report.h"

/* Append a figure as text: "8983", "1.2M"; "$1.23", "$0.0042"; "0.8" (seconds, of ms). "-" for NAN. */
void usage_add_count(double count, struct buf *out);
void usage_add_money(double usd, struct buf *out);
void usage_add_seconds(double ms, struct buf *out);

/* Prints the report as a table, its total last. */
void usage_print_table(const struct report *report);
/* Prints the report as CSV (RFC 4180, but lines end with a newline), with a header and without a total. false: out of
 * memory; an error is printed. */
bool usage_print_csv(const struct report *report);
/* Prints the report, the range and the lines that were read as one JSON object. false: as above. */
bool usage_print_json(const struct report *report, const struct fold *fold);

#endif
