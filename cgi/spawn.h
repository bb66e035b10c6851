/* spawn: starts pointsman-proxy with an environment of its own:
 *
 *   variable                                         value
 *   LISTEN_PID, LISTEN_FDS=1, LISTEN_FDNAMES=proxy   descriptor 3 is the listening socket (sd_listen_fds(3));
 *                                                    with the risk router 2 and proxy:risk, whose socket is 4
 *   NOTIFY_SOCKET                                    where READY=1 goes (sd_notify(3))
 *   POINTSMAN_PARENT                                 our pid; the proxy ends when this process ends
 *   POINTSMAN_KEY_FILE                               the file that the proxy then unlinks
 *   LITELLM_API_KEY                                  the master key
 *   OPENAI_API_KEY, GEMINI_API_KEY, HF_TOKEN         as submitted; HF_TOKEN also as HUGGINGFACE_API_KEY
 *   USE_LOCAL_QWEN, USE_CHATGPT_LOGIN, POINTSMAN_DEMO   1 if chosen
 *   LITELLM_ENABLE_CODEX_AGENT, CODEX_AGENT_API_BASE, CODEX_AGENT_API_KEY   if codex-agent is chosen
 *   other variables of the configuration             as submitted
 *   HOME, CODEX_HOME, XDG_CONFIG_HOME, TZ, LANG      our own, if set
 *   POINTSMAN_CODEX_CATALOG                          our own: the catalog that ./start had Codex write, if any */
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
 * Returns the pid, or -1 with errno set; *log is then the reading end of the child's standard error (non-blocking),
 * to be closed by the caller. An exec that fails says so there and ends with status 127. Our own copies of the keys are
 * overwritten before it returns. */
pid_t spawn_proxy(const struct spawn *spawn, int *log);

#endif
