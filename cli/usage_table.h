/* usage_table: a report about the request log as text, JSON or CSV. */
#ifndef POINTSMAN_CLI_USAGE_TABLE_H
#define POINTSMAN_CLI_USAGE_TABLE_H

#include "usage/report.h"

/* Prints the report as a table, its total last. */
void usage_print_table(const struct report *report);
/* Prints the report as CSV (RFC 4180, but lines end with a newline), with a header and without a total. false: out of
 * memory; an error is printed. */
bool usage_print_csv(const struct report *report);
/* Prints the report, the range and the lines that were read as one JSON object. false: as above. */
bool usage_print_json(const struct report *report, const struct fold *fold);

#endif
