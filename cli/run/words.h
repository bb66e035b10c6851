/* words: pure. A text as its words: lower case, accents folded, one blank between, so that terms are found as whole
 * words. */
#ifndef POINTSMAN_CLI_RUN_WORDS_H
#define POINTSMAN_CLI_RUN_WORDS_H

#include "common/buf.h"

/* Appends the words of `text` to `out`, each with one blank behind; `out` begins with a blank. A word is letters,
 * digits and "_", of any script, as Unicode folds them: lower case, compatibility forms decomposed, accents and other
 * marks removed (É is e, ß is ss, ﬁ is fi; ø, ł and œ are letters of their own). All else ends a word, but for
 * characters without a shape (a soft hyphen). "L'étape n°2" gives " l etape n 2 ". false: `out` is full or out of
 * memory; it then holds whole words. */
bool words_add(struct slice text, struct buf *out);
/* Whether the words hold the term, itself words with one blank between: "bug critique". A "~" in it stands for up to
 * three words of any kind: "review ~ logs" is in " review all of these logs ", and in " review logs ". */
bool words_have(struct slice words, const char *term);
/* The characters (code points) of UTF-8 text; a stray byte counts as one. */
size_t words_characters(struct slice text);

#endif
