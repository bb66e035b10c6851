/* completion: pure. Shell completion scripts and the manual's COMMANDS section, generated from the commands' rows. */
#ifndef POINTSMAN_CLI_COMPLETION_H
#define POINTSMAN_CLI_COMPLETION_H

#include "cli/command.h"

/* Append a complete script. false: `out` is full. */
bool completion_bash(struct buf *out);
bool completion_zsh(struct buf *out);
bool completion_fish(struct buf *out);
/* Appends the section COMMANDS of pointsman(1) as mdoc(7). false: `out` is full. */
bool completion_manual(struct buf *out);

#endif
