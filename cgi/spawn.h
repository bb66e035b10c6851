/* spawn: one pointsman-proxy process, its environment built from nothing.
 *
 *   LISTEN_PID, LISTEN_FDS=1, LISTEN_FDNAMES=proxy   the listening socket is descriptor 3 (sd_listen_fds(3)); with the
 * risk router 2 and proxy:risk, and its socket is descriptor 4 NOTIFY_SOCKET                                    where
 * READY=1 goes (sd_notify(3)) POINTSMAN_PARENT                                 our pid: whose death it follows
 *   POINTSMAN_KEY_FILE                               what it unlinks when it is orphaned
 *   LITELLM_API_KEY                                  the session's master key
 *   OPENAI_API_KEY, GEMINI_API_KEY, HF_TOKEN (also as HUGGINGFACE_API_KEY)   as submitted
 *   USE_LOCAL_QWEN=1, USE_CHATGPT_LOGIN=1, POINTSMAN_DEMO=1   as chosen
 *   LITELLM_ENABLE_CODEX_AGENT=1, CODEX_AGENT_API_BASE, CODEX_AGENT_API_KEY (where given)   where codex-agent is chosen
 *   what else the configuration names                as submitted
 *   HOME, CODEX_HOME, XDG_CONFIG_HOME, TZ, LANG      our own, where set
 *   POINTSMAN_CODEX_CATALOG                          our own: the file that ./start has the user's Codex write, if
 * there is one
 */
#ifndef POINTSMAN_CGI_SPAWN_H
#define POINTSMAN_CGI_SPAWN_H

#include "cgi/keys.h"
#include "cgi/ports.h"
#include "cgi/settings.h"

struct spawn {
    const struct settings *settings;
    const struct keys *keys;
    const char *master;   /* the master key */
    const int *listeners; /* PORT_COUNT; become the child's descriptors 3 and 4, where they are held */
};

/* Forks and executes `pointsman-proxy --config FILE --port N`, with --risk-port, --strategy and --allow-host as chosen.
 * Returns the pid, or -1 with errno set; *words is then the reading end of the child's standard error (non-blocking),
 * to be closed by the caller. An exec that fails says so there and ends with status 127. Our own copies of the keys are
 * overwritten before it returns. */
pid_t spawn_proxy(const struct spawn *spawn, int *words);

#endif
