/* ask: asks the user on the controlling terminal, even if standard input and output are redirected. */
#ifndef POINTSMAN_CLI_ASK_H
#define POINTSMAN_CLI_ASK_H

#include "common/buf.h"

/* Whether there is a controlling terminal. */
bool ask_possible(void);
/* Asks for a line with echo off and appends it without its newline. false: no terminal, or end of input. A signal
 * terminates the program after the echo is restored. Reserve the space of `out` first: a buffer that grows leaves
 * copies of the secret in memory. */
MUST_CHECK bool ask_secret(const char *question, struct buf *out);
/* Asks a yes/no question. Returns true for "y" or "Y", false for any other answer. */
bool ask_yes(const char *question);

#endif
