/* routed: what Codex needs while it runs under a managed profile: a session, whose proxy answers, and the profile.
 * Several share both; the last one out stops the session, if it was started for them, and takes the profiles out,
 * unless they are kept. */
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
    char *runtime;       /* owned; NULL: no session is used */
    const char *profile; /* for codex --profile */
};

/* Brings up what does not run yet: takes the leases, starts the session with the keys of the environment (or asks for
 * them, where there is a terminal), and enables the profiles for that Codex. Returns EXIT_OK, or an exit code after
 * saying why on standard error. What Codex reads from its environment (LITELLM_API_KEY, where it can't ask `pointsman
 * key`) is set in ours. Undo it with routed_leave() in any case. */
int routed_enter(enum routed_by by, const struct codex *codex, const struct start_options *options,
                 struct routed *routed);
/* Takes leases on what is there, so that nobody stops or removes it meanwhile; brings nothing up. */
void routed_join(struct routed *routed);
/* Gives back what was taken. Returns EXIT_OK, or EXIT_FAULT after saying why. */
int routed_leave(struct routed *routed);

/* Puts right what a killed command has left: profiles, and a session that was started for it. To be called by every
 * command that uses or changes either. Says what it did. */
void routed_recover(void);
/* A session that was started for somebody's Codex is to stay: the user has started it, too. */
void routed_adopt(const char *runtime);

#endif
