/* commands: the table of subcommands. */
#ifndef POINTSMAN_CLI_COMMANDS_H
#define POINTSMAN_CLI_COMMANDS_H

#include "cli/command.h"

/* In help order; NULL-terminated. */
extern const struct command *const commands[];

/* The command with this name; NULL: none. */
const struct command *command_find(const char *name);

#endif
