/* start_arguments: the options that start and restart share. */
#ifndef POINTSMAN_CLI_START_ARGUMENTS_H
#define POINTSMAN_CLI_START_ARGUMENTS_H

#include "cli/command.h"
#include "cli/start.h"

extern const struct command_option start_arguments[];

/* Reads the options. false: an error is printed, exit with EXIT_USAGE. */
MUST_CHECK bool start_arguments_read(const struct arguments *arguments, struct start_options *options);
/* Starts pointsman and prints the addresses on standard output. Returns an exit code. */
int start_and_report(const struct start_options *options);

#endif
