/* report: pure. Adds the cells of a fold up by one dimension or two, and writes the result as JSON or CSV. */
#ifndef POINTSMAN_USAGE_REPORT_H
#define POINTSMAN_USAGE_REPORT_H

#include "common/document.h"
#include "usage/fold.h"

/* What a report adds up. The fold tells `by`, `then` and, with a range, days apart. */
struct report_query {
    enum usage_by by;
    enum usage_by then;   /* the second dimension; BY_NONE: rows have one */
    int64_t first, last;  /* the days of the range, as struct dates_day.number; last 0: all */
};

struct report_row {
    char name[LINE_NAME_MAX + 1]; /* "": unknown. Of all beyond the fold's ceilings: "(other)" */
    char then[LINE_NAME_MAX + 1]; /* the name in the second dimension */
    int64_t order;                /* of days and hours */
    struct usage_sums sums;       /* owned */
};

struct report {
    enum usage_by by;
    struct report_row *rows; /* owned. Days and hours in order, others by cost, the highest first */
    uint32_t count;
    struct usage_sums all; /* owned */
};

/* Adds up the fold's cells. The fold stays as it is. false: out of memory. Free with report_free() in any case. */
MUST_CHECK bool report_make(struct report *report, const struct fold *fold, const struct report_query *query);
void report_free(struct report *report);

/* Adds the sums as members. What is unknown is null. */
void report_describe(const struct usage_sums *sums, struct container in);
/* Appends the members of report_describe() as a line of comma-separated values behind the row's name, or their names as
 * a header behind that of the dimension. What is unknown is empty. false: out of memory. */
MUST_CHECK bool report_add_csv_row(const struct report_row *row, struct buf *out);
MUST_CHECK bool report_add_csv_header(enum usage_by by, struct buf *out);

#endif
