/* bodies: loop. The ceiling over what the bodies of requests take in memory, and where it is. */
#ifndef POINTSMAN_BODIES_H
#define POINTSMAN_BODIES_H

#include "common/ceiling.h"
#include "proxy/config/config.h"
#include "proxy/route/share.h"

/* Not to be copied once it is set up. */
struct bodies {
    struct ceiling ceiling;
    struct ceiling_row row; /* where there are no other workers */
};

/* `share`: what the workers share; NULL: there are no others. */
void bodies_set_up(struct bodies *b, struct share *share);
/* Sets the ceiling: max_body_memory, else by the machine's memory (memory_of_machine()). */
void bodies_limit(struct bodies *b, const struct config *config, size_t machine);

#endif
