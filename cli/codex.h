/* codex: the user's Codex CLI: its version, its models, and the managed profiles for it. */
#ifndef POINTSMAN_CLI_CODEX_H
#define POINTSMAN_CLI_CODEX_H

#include "cli/profile.h"

struct codex {
    char *path; /* NULL: not found */
    bool has_version;
    struct codex_version version;
    struct buf models; /* output of `codex debug models`; empty: unknown */
};

/* Finds Codex and runs it for its version and models; takes some tens of milliseconds. Free with codex_free(). */
void codex_ask(struct codex *codex);
void codex_free(struct codex *codex);

/* The command with which Codex gets the master key: "pointsman" if PATH leads to this program, else its path. Free with
 * free(); NULL: out of memory. */
char *codex_key_command(void);

/* The proxy that Codex uses. */
struct codex_proxy {
    char *base_url; /* with /v1; owned */
    bool elsewhere; /* LITELLM_BASE_URL names another proxy than this session's; its key is in LITELLM_API_KEY */
    char *config;   /* path of the running session's configuration; owned; NULL: no session */
};

/* Finds the proxy: LITELLM_BASE_URL, else the running session's, else the default port. false: one line in `why`. Free
 * with codex_proxy_free() in any case. */
MUST_CHECK bool codex_proxy_find(struct codex_proxy *proxy, struct buf *why);
void codex_proxy_free(struct codex_proxy *proxy);

/* Writes the managed profiles with profile_enable(). `model` NULL: PROFILE_MODEL. `lease` NULL: the profiles stay until
 * `pointsman disable`. */
MUST_CHECK bool codex_enable(const struct codex *codex, const struct codex_proxy *proxy, bool make_default,
                             const char *model, struct lease *lease, struct buf *why);

#endif
