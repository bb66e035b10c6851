/* ask: a question to whoever sits at the terminal, whatever standard input and output are. */
#ifndef POINTSMAN_CLI_ASK_H
#define POINTSMAN_CLI_ASK_H

#include "common/buf.h"

/* Whether there is a terminal to ask at. */
bool ask_possible(void);
/* Asks for a line that is not shown while it is typed, and appends it without its end. false: there is no terminal, or
 * the input ended. An interrupt ends the program once the terminal shows what is typed again. `out` should have its
 * room reserved, for a buffer that grows leaves copies behind. */
MUST_CHECK bool ask_secret(const char *question, struct buf *out);
/* A question that "y" answers with yes, and all else with no. */
bool ask_yes(const char *question);

#endif
