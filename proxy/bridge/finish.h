/* finish: pure. The meaning of an upstream's finish reason: one table for the values of finish_reason (Chat
 * Completions) and of incomplete_details.reason (Responses). */
#ifndef POINTSMAN_BRIDGE_FINISH_H
#define POINTSMAN_BRIDGE_FINISH_H

#include "proxy/bridge/decoder.h"

struct finish_reason {
    const char *word; /* in lower case, with '_' between words; NULL: any other value */
    bool part;        /* matches values that contain `word` */
    enum finish finish;
    enum failure_kind failure; /* FINISH_BROKEN: its kind */
    const char *provider;      /* the provider that sends it; NULL: several */
};

/* Returns the row that matches a value, in any case, with '_', '-' or a space between words. The last row, a normal
 * end, matches every value. */
const struct finish_reason *finish_reason(struct slice value);
/* Returns all rows, and their number in *count. */
const struct finish_reason *finish_reasons(size_t *count);

#endif
