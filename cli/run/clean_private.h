/* clean_private: what the files behind clean.h share. */
#ifndef POINTSMAN_CLI_RUN_CLEAN_PRIVATE_H
#define POINTSMAN_CLI_RUN_CLEAN_PRIVATE_H

#include "cli/run/clean.h"
#include "cli/run/spans.h"

/* Writes a log: lines of trouble and what belongs to them, two of each kind of the others, and counts in place of the
 * rest. */
void clean_log(const struct span *span, struct buf *out, struct cleaned *what);
/* A number that is equal for lines that differ in their figures alone (times, counters, addresses, ids). */
uint64_t clean_line_shape(struct slice plain);

/* A set of numbers with a count for each. */
struct counts {
    struct count {
        uint64_t key;
        uint32_t count;
        uint32_t first;
    } *slots; /* count 0: free */
    size_t cap;
};

/* Room for up to `most` different numbers; false without memory. */
MUST_CHECK bool counts_init(struct counts *c, size_t most);
void counts_free(struct counts *c);
/* The number's entry, new ones with count 0. */
struct count *counts_find(struct counts *c, uint64_t key);

#endif
