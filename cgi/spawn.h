/* spawn: starts pointsman-proxy with exactly this environment:
 *
 *   variable                                         value
 *   LISTEN_PID, LISTEN_FDS=1, LISTEN_FDNAMES=proxy   descriptor 3 is the listening socket (sd_listen_fds(3));
 *                                                    with the risk router: 2, proxy:risk, and its socket is 4
 *   NOTIFY_SOCKET                                    where READY=1 goes (sd_notify(3))
 *   POINTSMAN_PARENT                                 our pid; the proxy ends when this process ends
 *   POINTSMAN_KEY_FILE                               the master key's file, which the proxy removes in that case
 *   LITELLM_API_KEY                                  the master key
 *   OPENAI_API_KEY, GEMINI_API_KEY, HF_TOKEN         as submitted; HF_TOKEN also as HUGGINGFACE_API_KEY
 *   USE_LOCAL_QWEN, USE_CHATGPT_LOGIN, POINTSMAN_DEMO   1 if chosen
 *   LITELLM_ENABLE_CODEX_AGENT, CODEX_AGENT_API_BASE, CODEX_AGENT_API_KEY   if codex-agent is chosen
 *   other variables of the configuration             as submitted
 *   HOME, CODEX_HOME, XDG_CONFIG_HOME, TZ, LANG      our own, if set
 *   POINTSMAN_CODEX_CATALOG                          our own: Codex's model metadata (cli/codex_catalog.h), if any */
#ifndef POINTSMAN_CGI_SPAWN_H
#define POINTSMAN_CGI_SPAWN_H

#include "cgi/keys.h"
#include "cgi/ports.h"
#include "cgi/settings.h"

struct spawn {
    const struct settings *settings;
    const struct keys *keys;
    const char *master;   /* the master key */
    const int *listeners; /* PORT_COUNT; the bound ones become the child's descriptors 3 and 4 */
};

/* Forks and executes `pointsman-proxy --config FILE --port N`, with --risk-port, --strategy and --allow-host as chosen.
 * Returns the pid and, in *log, the reading end of the child's standard error (non-blocking; the caller closes it); -1
 * with errno set. If execve() fails, the child writes why to its standard error and exits with 127. Our own copies of
 * the keys are overwritten before this returns. */
pid_t spawn_proxy(const struct spawn *spawn, int *log);

#endif
