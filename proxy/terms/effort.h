/* effort: pure. The values of reasoning_effort, and the nearest one that a server accepts. */
#ifndef POINTSMAN_EFFORT_H
#define POINTSMAN_EFFORT_H

#include "common/buf.h"

/* In ascending order. A set is a bitwise OR of these in an `unsigned`. */
enum effort {
    EFFORT_NONE = 1,
    EFFORT_MINIMAL = 2,
    EFFORT_LOW = 4,
    EFFORT_MEDIUM = 8,
    EFFORT_HIGH = 16,
    EFFORT_XHIGH = 32,
    EFFORT_MAX = 64, /* "max", and Codex's "ultra" */
};

/* In a set: "default", the effort without the field. */
#define EFFORT_OTHER 128

/* Returns the value of this name, in any case; 0: unknown. */
unsigned effort_named(struct slice name);
/* Returns the set of values that an error message offers: those after "supported values are", "must be one of" or
 * similar. 0: none. */
unsigned effort_offered(struct slice message);
/* Returns the value of the set to send for the client's `effort`: the highest that is not above it, else the lowest.
 * "none" only for "none", or if the set has nothing else. NULL: leave the field out. */
const char *effort_nearest(unsigned offered, struct slice effort);

#endif
