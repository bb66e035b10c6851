/* start: starts and stops pointsman: lighttpd, the key-page server and, through it, the proxy. */
#ifndef POINTSMAN_CLI_START_H
#define POINTSMAN_CLI_START_H

#include "cli/exit.h"
#include "cli/session_client.h"

struct start_options {
    unsigned web_port, proxy_port; /* 0: the running session's, else 8787 and 4000 */
    const char *config;            /* the proxy's configuration; NULL: the user's, else the installed one */
    bool page_only;                /* the user starts the proxy on the key page */
    bool demo;                     /* add codex-echo, which needs no key */
    bool local_qwen;               /* USE_LOCAL_QWEN=1 */
    bool ask;                      /* prompt for every unset key */
    bool no_input;                 /* never prompt */
    bool risk_router;              /* also serve the second port, with the risk router's strategy */
    const char *strategy;          /* of the first port; NULL: the configuration's */
    const char *host;              /* listen address; NULL: 127.0.0.1 */
    const char *allow_host;        /* comma-separated; NULL: none */
    int keys_fd;                   /* -1: keys come only from the environment */
};

#define START_DEFAULTS {.keys_fd = -1}

struct start_result {
    struct session_client session;
    struct session_status status;
    bool page_was_up, proxy_was_up; /* before the start */
    struct buf names;               /* variables sent to the proxy: "OPENAI_API_KEY, HF_TOKEN" */
};

/* Starts what is not running; may prompt for keys. Prints errors. Returns EXIT_OK, EXIT_NOT_READY (no usable key, port
 * in use, or the proxy crashed), EXIT_USAGE or EXIT_FAULT. Free with start_result_free() in any case. */
int start_up(const struct start_options *options, struct start_result *result);
void start_result_free(struct start_result *result);
/* Checks that the configuration can be loaded. Returns EXIT_OK, or EXIT_NOT_READY after printing the errors. */
int start_check(const struct start_options *options);

/* Stops the proxy, then the key page; does nothing if neither runs. *was_up (may be NULL): something ran. Prints
 * errors; returns EXIT_OK or EXIT_FAULT. */
int stop_all(bool *was_up);

#endif
