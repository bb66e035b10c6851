/* commands: the table of subcommands. */
#ifndef POINTSMAN_CLI_COMMANDS_H
#define POINTSMAN_CLI_COMMANDS_H

#include "cli/command.h"

/* In the order of the help; NULL-terminated. */
extern const struct command *const commands[];

/* The command of that name; NULL when there is none. */
const struct command *command_find(const char *name);

#endif
