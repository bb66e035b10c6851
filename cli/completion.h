/* completion: what shells offer after "pointsman", and the manual's section on the commands, made from the commands'
 * rows. Pure. */
#ifndef POINTSMAN_CLI_COMPLETION_H
#define POINTSMAN_CLI_COMPLETION_H

#include "cli/command.h"

/* Each a whole script. */
bool completion_bash(struct buf *out);
bool completion_zsh(struct buf *out);
bool completion_fish(struct buf *out);
/* The commands in mdoc(7), for pointsman(1). */
bool completion_manual(struct buf *out);

#endif
