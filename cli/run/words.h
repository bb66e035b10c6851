/* words: pure. A text as its words: lower case, accents folded, one blank between, so that terms are found as whole
 * words. */
#ifndef POINTSMAN_CLI_RUN_WORDS_H
#define POINTSMAN_CLI_RUN_WORDS_H

#include "common/buf.h"

/* Appends the words of `text` to `out`, each with one blank behind; `out` begins with a blank. ASCII and Latin letters
 * are folded (É and é are e, Œ is oe, ß is ss, combining accents go); digits, "_" and letters of other scripts are
 * parts of words as they are; all else ends one. "L'étape n°2" gives " l etape n 2 ". false when `out` is full: what is
 * there is whole words. */
bool words_add(struct slice text, struct buf *out);
/* Whether the words hold the term, itself words with one blank between: "bug critique". A "~" in it stands for up to
 * three words of any kind: "review ~ logs" is in " review all of these logs ", and in " review logs ". */
bool words_have(struct slice words, const char *term);
/* The characters (code points) of UTF-8 text; a stray byte counts as one. */
size_t words_characters(struct slice text);

#endif
