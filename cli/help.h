/* help: usage and help, made from the commands' rows. */
#ifndef POINTSMAN_CLI_HELP_H
#define POINTSMAN_CLI_HELP_H

#include "cli/command.h"

/* "usage: pointsman start [--json] …", folded to 100 columns, each line ended. */
void help_usage(const struct command *command, struct buf *out);
/* All about one command. */
void help_command(const struct command *command, struct buf *out);
/* All commands, and the exit codes. */
void help_all(struct buf *out);

#endif
