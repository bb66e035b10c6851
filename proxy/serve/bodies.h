/* bodies: loop. The ceiling on memory for request bodies, and its counters. */
#ifndef POINTSMAN_BODIES_H
#define POINTSMAN_BODIES_H

#include "common/ceiling.h"
#include "proxy/config/config.h"
#include "proxy/route/share.h"

/* Do not copy after bodies_set_up(). */
struct bodies {
    struct ceiling ceiling;
    struct ceiling_row row; /* used without other workers */
};

/* Sets up the counters: in `share` with other workers, in `b` if `share` is NULL. */
void bodies_set_up(struct bodies *b, struct share *share);
/* Sets the ceiling from max_body_memory, else from `machine`, bytes (memory_of_machine()). */
void bodies_limit(struct bodies *b, const struct config *config, size_t machine);

#endif
