/* refused: pure. What a deployment was found to refuse of a request: later requests are sent without it at once. It is
 * forgotten after a day, when servers and models may be others, and on reload. */
#ifndef POINTSMAN_REFUSED_H
#define POINTSMAN_REFUSED_H

#include "proxy/terms/part.h"

#define REFUSED_MS (24 * 3600 * 1000) /* how long it is remembered */

struct refused {
    struct without without;         /* what was found; part of it may be too old */
    uint64_t part_ms[PART_COUNT];   /* when each part was, monotonic */
    uint64_t field_ms[PART_FIELDS]; /* … and each field */
};

/* Remembers what was refused. Returns whether any of it is new. */
bool refused_add(struct refused *r, const struct without *found, uint64_t now_ms);
/* What requests are to be sent without now. */
void refused_read(const struct refused *r, uint64_t now_ms, struct without *out);
/* The APIs that are not refused: `wires` less PART_RESPONSES and PART_CHAT; all where that leaves none. */
unsigned refused_wires(const struct refused *r, uint64_t now_ms, unsigned wires);
/* How long ago the part was found, in seconds; `field` not NULL: the field of that name. */
double refused_age_s(const struct refused *r, unsigned part, const char *field, uint64_t now_ms);

#endif
