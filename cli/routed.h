/* routed: provides what Codex needs under a managed profile: a session with a running proxy, and the profiles. Commands
 * share both through leases. The last one stops the session if it was started for them, and removes the profiles
 * unless `pointsman enable` added them. */
#ifndef POINTSMAN_CLI_ROUTED_H
#define POINTSMAN_CLI_ROUTED_H

#include "cli/codex.h"
#include "cli/start.h"

enum routed_by {
    ROUTED_BY_PROXY,
    ROUTED_BY_HF,
};

struct routed {
    struct lease session, profiles;
    char *runtime;       /* runtime folder; owned; NULL: no session is used */
    const char *profile; /* argument of codex --profile */
};

/* Takes the leases, starts the session if needed (keys from the environment or a prompt), and enables the profiles.
 * Returns EXIT_OK, or an exit code after printing the reason. If this Codex can't run `pointsman key`, sets
 * LITELLM_API_KEY in this process's environment. Call routed_leave() in any case. */
int routed_enter(enum routed_by by, const struct codex *codex, const struct start_options *options,
                 struct routed *routed);
/* Takes leases on an existing session and profiles, so that they stay until routed_leave(). Starts nothing. */
void routed_join(struct routed *routed);
/* Releases the leases and cleans up if this was the last holder. Returns EXIT_OK, or EXIT_FAULT after printing the
 * reason. */
int routed_leave(struct routed *routed);

/* Undoes what a killed command left: profiles, and a session that was started for it. Prints what it did. Every command
 * that uses or changes either calls this first. */
void routed_recover(void);
/* Keeps a session that was started for a Codex: the user has now run start as well. */
void routed_adopt(const char *runtime);

#endif
