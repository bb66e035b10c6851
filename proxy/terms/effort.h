/* effort: pure. The values of reasoning_effort, and which of those that a server takes is nearest to the one asked for.
 */
#ifndef POINTSMAN_EFFORT_H
#define POINTSMAN_EFFORT_H

#include "common/buf.h"

/* In their order. A set is an `unsigned` of these or-ed together. */
enum effort {
    EFFORT_NONE = 1,
    EFFORT_MINIMAL = 2,
    EFFORT_LOW = 4,
    EFFORT_MEDIUM = 8,
    EFFORT_HIGH = 16,
    EFFORT_XHIGH = 32,
    EFFORT_MAX = 64, /* "max", and Codex's "ultra" */
};

/* Stands in a set for a value that is not one of them: what holds without the field ("default"). */
#define EFFORT_OTHER 128

/* The value of that name; 0: it is none. */
unsigned effort_named(struct slice name);
/* The values that an error's message offers instead of the one that it refuses: those behind "supported values are",
 * "must be one of" and the like. 0: it offers none. */
unsigned effort_offered(struct slice message);
/* The value to send where `asked` was asked for: the highest of the set that is not above it, else the lowest. "none"
 * only where it was asked for, or is all there is. NULL: leave the field out. */
const char *effort_nearest(unsigned offered, struct slice asked);

#endif
