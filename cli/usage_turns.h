/* usage_turns: the requests of one conversation, in order: what each cost, and why. */
#ifndef POINTSMAN_CLI_USAGE_TURNS_H
#define POINTSMAN_CLI_USAGE_TURNS_H

#include "common/document.h"
#include "usage/fold.h"

#define USAGE_TURNS_MAX 5000 /* requests that are kept, the latest */

struct usage_turns {
    struct turn *turns; /* owned: a ring */
    size_t count, cap;
    uint64_t seen; /* all requests of the conversation */
    char last_deployment[LINE_NAME_MAX + 1];
    bool failed; /* out of memory */
};

/* Adds a request: fold_settings.on_request, with a zeroed struct usage_turns as its context. */
void usage_turns_add(void *turns, const struct usage_request *r);
/* Prints the requests and the sums of the conversation as text. */
void usage_turns_print(const struct usage_turns *turns, const struct usage_sums *sums);
/* Adds the requests to a JSON array. */
void usage_turns_describe(const struct usage_turns *turns, struct container array);
void usage_turns_free(struct usage_turns *turns);

#endif
