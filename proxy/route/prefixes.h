/* prefixes: pure. Remembers how the requests of each conversation began, as hashes, so that the request log can name
 * the segment in which a prompt's prefix changed. The table is bounded: a full set drops the entry with the oldest
 * request. A conversation may have several entries ("lines"): its turns, and requests of another kind, such as Codex's
 * for a title. */
#ifndef POINTSMAN_PREFIXES_H
#define POINTSMAN_PREFIXES_H

#include "proxy/terms/segments.h"

#define PREFIX_SETS 1024

struct prefix_entry {
    uint64_t key;   /* as for affinity_record(); 0: unused */
    uint32_t stamp; /* of the last request: a counter */
    struct prefix prefix;
};

/* Zeroed memory with a random seed is an empty table. */
struct prefixes {
    uint64_t seed; /* of the hashes; secret */
    uint32_t stamp;
    struct prefix_entry sets[PREFIX_SETS][PREFIX_LINES];
};

/* Copies the conversation's lines. Returns their number, at most PREFIX_LINES. */
unsigned prefixes_find(const struct prefixes *all, uint64_t key, struct prefix lines[PREFIX_LINES]);
/* Records a request that a deployment answered. It replaces `before`, the line of the turn before, NULL: none. */
void prefixes_record(struct prefixes *all, uint64_t key, const struct prefix *before, const struct prefix *now);

#endif
