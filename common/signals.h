/* signals: resets signal handling in a child process before it executes another program. */
#ifndef POINTSMAN_SIGNALS_H
#define POINTSMAN_SIGNALS_H

#include "common/buf.h"

/* Resets every signal to its default action, then unblocks all. execve(2) resets handlers too, but later: a signal
 * unblocked before it would run the parent's handler and be lost. false: errno is set. */
MUST_CHECK bool signals_reset(void);

#endif
