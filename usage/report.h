/* report: pure. Adds the cells of a fold up by one dimension, and writes the result as JSON. */
#ifndef POINTSMAN_USAGE_REPORT_H
#define POINTSMAN_USAGE_REPORT_H

#include "common/document.h"
#include "usage/fold.h"

struct report_row {
    char name[LINE_NAME_MAX + 1]; /* "": unknown. Of all beyond the fold's ceilings: "(other)" */
    int64_t order;                /* of days */
    struct usage_sums sums;       /* owned */
};

struct report {
    enum usage_by by;
    struct report_row *rows; /* owned. Days in order, others by cost, the highest first */
    uint32_t count;
    struct usage_sums all; /* owned */
};

/* Adds up the fold's cells, which tell `by` apart. The fold stays as it is. false: out of memory. Free with
 * report_free() in any case. */
MUST_CHECK bool report_make(struct report *report, const struct fold *fold, enum usage_by by);
void report_free(struct report *report);

/* Adds the sums as members. What is unknown is null. */
void report_describe(const struct usage_sums *sums, struct container in);

#endif
