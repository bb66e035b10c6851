/* guards: pure. What two questions must have in common before one answer could do for both, whatever their vectors say:
 * the same numbers, names and negations, in the same order. A guard that is passed proves nothing. */
#ifndef POINTSMAN_CACHE_GUARDS_H
#define POINTSMAN_CACHE_GUARDS_H

#include "common/buf.h"

/* Returns whether the guards of two texts are equal. */
bool guards_equal(struct slice a, struct slice b);

#endif
