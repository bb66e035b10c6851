/* fold: pure. Folds a text to lower-case words without accents, separated by single spaces, and finds terms in it. */
#ifndef POINTSMAN_CLI_RUN_FOLD_H
#define POINTSMAN_CLI_RUN_FOLD_H

#include "common/buf.h"

/* Appends the words of `text`, each followed by a space; `out` starts with a space. Words are letters, digits and "_"
 * of any script, folded as Unicode defines: lower case, compatibility forms decomposed, marks removed (É becomes e, ß
 * ss, ﬁ fi; ø, ł and œ stay). Other characters separate words, except invisible ones such as soft hyphens. "L'étape
 * n°2" becomes " l etape n 2 ". false: `out` is full or out of memory; it contains whole words. */
bool fold_add(struct slice text, struct buf *out);
/* Whether the words contain the term, which is one or more words: "bug critique". "~" matches up to three words:
 * "review ~ logs" matches " review all of these logs " and " review logs ". */
bool fold_contains(struct slice words, const char *term);
/* The number of code points in UTF-8 text. */
size_t fold_characters(struct slice text);

#endif
