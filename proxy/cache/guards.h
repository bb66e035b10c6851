/* guards: pure. A necessary condition for two questions to have the same answer, however similar their vectors: they
 * have the same numbers, names and negations, in the same order. It is not sufficient. */
#ifndef POINTSMAN_CACHE_GUARDS_H
#define POINTSMAN_CACHE_GUARDS_H

#include "common/buf.h"

/* Returns whether the guards of two texts are equal. */
bool guards_equal(struct slice a, struct slice b);

#endif
