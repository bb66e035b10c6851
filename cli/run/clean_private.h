/* clean_private: shared by the files that implement clean.h. */
#ifndef POINTSMAN_CLI_RUN_CLEAN_PRIVATE_H
#define POINTSMAN_CLI_RUN_CLEAN_PRIVATE_H

#include "cli/run/clean.h"
#include "cli/run/spans.h"

/* Appends a shortened log: error lines with their stack traces, two lines of every other kind, and counts of the rest.
 */
void clean_log(const struct span *span, struct buf *out, struct cleaned *what);
/* A hash that is equal for lines that differ only in numbers (times, counters, addresses, ids). */
uint64_t clean_line_shape(struct slice plain);

/* A hash table from keys to counts. */
struct counts {
    struct count {
        uint64_t key;
        uint32_t count;
        uint32_t first;
    } *slots; /* owned; count 0: empty */
    size_t cap;
};

/* Allocates a table for up to `most` keys. false: out of memory. */
MUST_CHECK bool counts_init(struct counts *c, size_t most);
void counts_free(struct counts *c);
/* The key's entry; a new one has count 0. */
struct count *counts_find(struct counts *c, uint64_t key);

#endif
