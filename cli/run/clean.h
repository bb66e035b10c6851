/* clean: pure. Makes a prompt shorter without taking anything from it that matters: what a terminal left in it,
 * repetitions, the debug lines of logs. Code is not touched, every line of an error stays, and what is cut leaves a
 * mark that says so. */
#ifndef POINTSMAN_CLI_RUN_CLEAN_H
#define POINTSMAN_CLI_RUN_CLEAN_H

#include "common/buf.h"

/* Begins each mark that is left for what was cut. */
#define CLEAN_MARK "[pointsman: "

struct cleaned {
    size_t lines_cut;   /* of logs and repetitions */
    size_t errors_kept; /* lines of trouble within logs */
};

/* Appends the cleaned prompt to `out`: never empty where `prompt` is not, never longer. false: `out` is full, and holds
 * nothing of use. */
MUST_CHECK bool clean(struct slice prompt, struct buf *out, struct cleaned *what);

/* Appends the text as UTF-8, which is all that Codex takes: bytes that are none become U+FFFD each. Returns how many.
 */
size_t clean_utf8(struct slice text, struct buf *out);

/* Appends at most `tokens` tokens (estimate_tokens()) of the prompt: its beginning (70 % of the room) and its end (30
 * %), cut between lines where that is near, with a mark between that says how much is missing. Lines of trouble out of
 * the middle come before the mark, as far as a fifth of the room goes. Fences that the cut opens are closed. A prompt
 * that fits is appended as it is, and *cut is 0; else it is the number of tokens that went. */
MUST_CHECK bool truncate_prompt(struct slice prompt, size_t tokens, struct buf *out, size_t *cut);

/* Tokens of a text as far as that is known without its model: a quarter of its characters, rounded up. */
size_t estimate_tokens(struct slice text);

#endif
