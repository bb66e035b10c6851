/* refused: pure. The parts of a request that a deployment was found to reject. Later requests are sent without them.
 * Each is forgotten after a day, because server and model may have changed, and on reload. */
#ifndef POINTSMAN_REFUSED_H
#define POINTSMAN_REFUSED_H

#include "proxy/terms/part.h"

#define REFUSED_MS (24 * 3600 * 1000) /* ms: how long a rejected part is remembered */

struct refused {
    struct omissions omissions;     /* the findings; some may have expired */
    uint64_t part_ms[PART_COUNT];   /* time of each finding, ms, monotonic */
    uint64_t field_ms[PART_FIELDS]; /* the same for each field */
};

/* Adds findings. Returns whether any of them is new. */
bool refused_add(struct refused *r, const struct omissions *found, uint64_t now_ms);
/* Copies the findings that have not expired. */
void refused_read(const struct refused *r, uint64_t now_ms, struct omissions *out);
/* Returns the APIs that are not rejected: `wires` without PART_RESPONSES and PART_CHAT; all of them if none would be
 * left. */
unsigned refused_wires(const struct refused *r, uint64_t now_ms, unsigned wires);
/* Returns the age of a finding in seconds. `field`: of that field; NULL: of the part. */
double refused_age_s(const struct refused *r, unsigned part, const char *field, uint64_t now_ms);

#endif
