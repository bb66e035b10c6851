/* names: pure. A bounded set of names, each with a number. */
#ifndef POINTSMAN_USAGE_NAMES_H
#define POINTSMAN_USAGE_NAMES_H

#include "common/buf.h"

#define NAMES_NONE 0u  /* the number of the empty name: unknown */
#define NAMES_OTHER 1u /* of all names beyond the ceiling */

struct names {
    char **texts;    /* owned; texts[0] and texts[1] are NULL */
    uint32_t *slots; /* owned: a hash table of numbers; 0: free */
    uint32_t count, cap, slot_count;
    uint32_t last; /* the number found last: most lines repeat it */
    uint32_t max;  /* most names; set before the first use */
};

/* Returns the name's number; adds it if needed, and returns NAMES_OTHER if there are too many. false: out of memory. */
MUST_CHECK bool names_find(struct names *n, struct slice name, uint32_t *number);
/* Returns the name's text; NULL for NAMES_NONE and NAMES_OTHER. */
const char *names_text(const struct names *n, uint32_t number);
void names_free(struct names *n);

#endif
