/* help: usage and help, generated from the commands' rows. */
#ifndef POINTSMAN_CLI_HELP_H
#define POINTSMAN_CLI_HELP_H

#include "cli/command.h"

/* Appends "usage: pointsman start [--json] …", wrapped at 100 columns, with a final newline. */
void help_usage(const struct command *command, struct buf *out);
/* Appends the help of one command. */
void help_command(const struct command *command, struct buf *out);
/* Appends the list of commands and exit codes. */
void help_all(struct buf *out);

#endif
