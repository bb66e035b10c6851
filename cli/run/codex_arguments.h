/* codex_arguments: pure. Builds the command line of `codex exec` for one step of a plan. */
#ifndef POINTSMAN_CLI_RUN_CODEX_ARGUMENTS_H
#define POINTSMAN_CLI_RUN_CODEX_ARGUMENTS_H

#include "cli/run/plan.h"

struct codex_way {
    const char *codex; /* the program's path */
    const struct run_step *step;
    bool profile;         /* the step's profile is enabled: use it as well. The provider is passed in any case, because
                             the profile may name another session's proxy */
    const char *base_url; /* of the proxy, with /v1; only for CODEX_LITELLM */
    const char *key_command; /* how Codex runs pointsman; NULL: the key is in LITELLM_API_KEY */
};

struct codex_arguments {
    char **argv; /* owned; NULL-terminated */
    unsigned count, room;
};

/* Appends a copy of the argument. false: out of memory. */
MUST_CHECK bool codex_arguments_add(struct codex_arguments *a, const char *argument);
/* Starts a command line. false: out of memory. Free with codex_arguments_free() in any case. */
MUST_CHECK bool codex_arguments_begin(struct codex_arguments *a, const struct codex_way *way);
/* Appends "-": Codex reads the prompt from standard input. false: out of memory. */
MUST_CHECK bool codex_arguments_end(struct codex_arguments *a);
void codex_arguments_free(struct codex_arguments *a);

#endif
