/* usage_turns: prints the requests of one conversation. */
#ifndef POINTSMAN_CLI_USAGE_TURNS_H
#define POINTSMAN_CLI_USAGE_TURNS_H

#include "usage/turns.h"

/* Prints the requests and the sums of the conversation as text. */
void usage_turns_print(const struct turns *turns, const struct usage_sums *sums);

#endif
