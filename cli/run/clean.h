/* clean: pure. Shortens a prompt: removes terminal escapes, repetitions and debug lines of logs. Code is unchanged,
 * every error line stays, and each cut leaves a mark. */
#ifndef POINTSMAN_CLI_RUN_CLEAN_H
#define POINTSMAN_CLI_RUN_CLEAN_H

#include "common/buf.h"

/* The start of every mark. */
#define CLEAN_MARK "[pointsman: "

struct cleaned {
    size_t lines_cut;   /* log lines and repetitions */
    size_t errors_kept; /* error lines in logs */
};

/* Appends the cleaned prompt: never longer than `prompt`, and empty only if `prompt` is. false: `out` is full; its
 * contents are unusable. */
MUST_CHECK bool clean(struct slice prompt, struct buf *out, struct cleaned *what);

/* Appends the text with each invalid UTF-8 byte replaced by U+FFFD, because Codex accepts only UTF-8. Returns how many.
 */
size_t clean_utf8(struct slice text, struct buf *out);

/* Appends at most `tokens` tokens (estimate_tokens()) of the prompt: the beginning (70 %) and the end (30 %), cut at a
 * line break if one is near. A mark in between states how much is missing, followed by error lines of the middle (up to
 * 20 %). Closes code fences that the cut left open. *cut: tokens removed; 0: the prompt fits. false: `out` is full. */
MUST_CHECK bool truncate_prompt(struct slice prompt, size_t tokens, struct buf *out, size_t *cut);

/* Estimates the tokens of a text independent of the model: a quarter of its characters, rounded up. */
size_t estimate_tokens(struct slice text);

#endif
