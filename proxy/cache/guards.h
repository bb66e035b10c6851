/* guards: pure. Conditions for two questions to have the same answer, however similar their vectors. They are
 * necessary, not sufficient.
 *
 *   guards_equal()       the same numbers, names, operators and negations, in the same order
 *   guards_difference()  the words that only one of them has; the common words must be in the same order. "Enable" and
 *                        "disable", "tabs with spaces" and "spaces with tabs" differ in nothing else */
#ifndef POINTSMAN_CACHE_GUARDS_H
#define POINTSMAN_CACHE_GUARDS_H

#include "common/buf.h"

#define GUARDS_WORDS_MAX 256     /* words of a question */
#define GUARDS_DIFFERENCE_MAX 24 /* words in which two questions may differ */

/* Returns whether the guards of two texts are equal. */
bool guards_equal(struct slice a, struct slice b);
/* Writes hashes of the words that only one of the texts has to `words`, each once, and returns their number. Case and
 * punctuation do not matter. -1: more than GUARDS_DIFFERENCE_MAX words, a text of more than GUARDS_WORDS_MAX words, or
 * the common words are in different orders. */
int guards_difference(struct slice a, struct slice b, uint64_t words[GUARDS_DIFFERENCE_MAX]);

#endif
