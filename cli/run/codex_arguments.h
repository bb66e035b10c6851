/* codex_arguments: pure. The command line of `codex exec` for one way to run it. */
#ifndef POINTSMAN_CLI_RUN_CODEX_ARGUMENTS_H
#define POINTSMAN_CLI_RUN_CODEX_ARGUMENTS_H

#include "cli/run/plan.h"

struct codex_way {
    const char *codex; /* the program's path */
    const struct run_step *step;
    bool profile;         /* the step's profile is enabled: its settings hold, too. The provider goes along in any case,
                             for a profile's may be that of another session */
    const char *base_url; /* of the proxy, with /v1; of CODEX_LITELLM alone */
    const char *key_command; /* pointsman, as Codex should start it for the key; NULL: the key is in LITELLM_API_KEY */
};

struct codex_arguments {
    char **argv; /* NULL-terminated; the prompt comes on standard input */
    unsigned count, room;
};

/* Appends an argument, copied. false without memory. */
MUST_CHECK bool codex_arguments_add(struct codex_arguments *a, const char *argument);
/* Begins a command line. false without memory. Free in any case. */
MUST_CHECK bool codex_arguments_begin(struct codex_arguments *a, const struct codex_way *way);
/* Ends it: the prompt is read from standard input. */
MUST_CHECK bool codex_arguments_end(struct codex_arguments *a);
void codex_arguments_free(struct codex_arguments *a);

#endif
