/* settings: the session app's settings, which lighttpd passes in the environment. */
#ifndef POINTSMAN_CGI_SETTINGS_H
#define POINTSMAN_CGI_SETTINGS_H

#include "common/buf.h"

#include <sys/types.h>

#define SETTINGS_NOTIFY "notify.sock" /* the notify socket's name in the runtime folder */

/* Why this configuration is in force. */
enum config_from {
    CONFIG_GIVEN,   /* by `pointsman start --config`, or POINTSMAN_CONFIG */
    CONFIG_OWN,     /* found in the user's configuration folder */
    CONFIG_SHIPPED, /* comes with pointsman: none of the above */
};

struct settings {
    unsigned web_port;   /* POINTSMAN_WEB_PORT, 8787 */
    unsigned proxy_port; /* POINTSMAN_PROXY_PORT, 4000 */
    unsigned risk_port;  /* POINTSMAN_RISK_PORT: the risk router's; default: the one after the proxy's */
    const char *proxy;   /* POINTSMAN_PROXY: the proxy's program */
    const char *command; /* POINTSMAN_COMMAND: the command `pointsman`, which tests a model */
    const char *config;  /* POINTSMAN_CONFIG: the proxy's configuration file */
    enum config_from config_from;
    char *own_config; /* path of the user's own, whether it exists or not; NULL without XDG_CONFIG_HOME and HOME */
    const char *www;  /* POINTSMAN_WWW: the folder of page.html */
    pid_t parent;     /* POINTSMAN_PARENT: lighttpd's pid */
    int server;       /* lighttpd's pidfd (pidfd_open(2)); -1: session_open() could not open it */
    int localhost; /* holds the page's port of ::1 (common/localhost.h), from session_open() on; -1: there is no ::1 */
    char *runtime_dir; /* path of the runtime folder */
    int runtime_fd;    /* its descriptor */
    char *key_file;    /* path of the master key file */
    char *notify_path; /* path of the notify socket */
    char *login_file;  /* path of Codex's login, whether it exists or not; NULL without CODEX_HOME and HOME */
    char base_url[64]; /* "http://127.0.0.1:4000/v1" */
};

/* Reads the environment and opens the runtime folder. `first_parent`: getppid() at the start of main(), used if
 * POINTSMAN_PARENT is not set. The strings live as long as the process. false: one line in `error`. */
MUST_CHECK bool settings_read(struct settings *settings, pid_t first_parent, struct buf *error);
/* Returns "given", "own" or "shipped". */
const char *settings_config_from(const struct settings *settings);
/* Returns whether Codex's login file exists now. Does not read it. */
bool settings_has_login(const struct settings *settings);

#endif
