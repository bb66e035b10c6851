/* codex: the user's Codex CLI, and how its managed profiles are to be written for it. */
#ifndef POINTSMAN_CLI_CODEX_H
#define POINTSMAN_CLI_CODEX_H

#include "cli/profile.h"

struct codex {
    char *path; /* NULL: there is none */
    bool has_version;
    struct codex_version version;
    struct buf models; /* what `codex debug models` prints; empty: it could not be learned */
};

/* Finds Codex and asks it: some tens of milliseconds. Free with codex_free() in any case. */
void codex_ask(struct codex *codex);
void codex_free(struct codex *codex);

/* How Codex is to start pointsman for the key: "pointsman" where that is this program, else its path. To be freed;
 * NULL: no memory. */
char *codex_key_command(void);

/* Where the proxy is. */
struct codex_proxy {
    char *base_url; /* with /v1; owned */
    bool elsewhere; /* LITELLM_BASE_URL names one that is not this session's: its key is in LITELLM_API_KEY */
    char *config;   /* the running session's configuration; owned; NULL: none runs */
};

/* From LITELLM_BASE_URL, the running session, or else the port that a session would use. false with a sentence in
 * `why`. Free it in any case. */
MUST_CHECK bool codex_proxy_find(struct codex_proxy *proxy, struct buf *why);
void codex_proxy_free(struct codex_proxy *proxy);

/* Writes the profiles for that Codex and that proxy. `model` NULL: PROFILE_MODEL. `lease` NULL: they stay until
 * "disable". As profile_enable(). */
MUST_CHECK bool codex_enable(const struct codex *codex, const struct codex_proxy *proxy, bool make_default,
                             const char *model, struct lease *lease, struct buf *why);

#endif
