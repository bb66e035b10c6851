/* start_arguments: the options that start and restart share. */
#ifndef POINTSMAN_CLI_START_ARGUMENTS_H
#define POINTSMAN_CLI_START_ARGUMENTS_H

#include "cli/command.h"
#include "cli/start.h"

extern const struct command_option start_arguments[];

/* false, said on standard error: EXIT_USAGE. */
MUST_CHECK bool start_arguments_read(const struct arguments *arguments, struct start_options *options);
/* Starts, and tells on standard output what runs where. */
int start_and_tell(const struct start_options *options);

#endif
