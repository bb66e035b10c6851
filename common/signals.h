/* signals: what a child process does with its parent's signal handling before it executes another program. */
#ifndef POINTSMAN_SIGNALS_H
#define POINTSMAN_SIGNALS_H

#include "common/buf.h"

/* Sets every signal to its default action, then unblocks all of them. execve(2) resets handlers too, but only later: a
 * signal that is unblocked before it would still run the parent's handler, and be lost. false: errno says why. */
MUST_CHECK bool signals_reset(void);

#endif
