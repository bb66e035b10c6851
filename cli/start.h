/* start: brings pointsman up and takes it down: the page, the session app, and through it the proxy. */
#ifndef POINTSMAN_CLI_START_H
#define POINTSMAN_CLI_START_H

#include "cli/exit.h"
#include "cli/session.h"

struct start_options {
    unsigned web_port, proxy_port; /* 0: that of what runs, else 8787 and 4000 */
    const char *config;     /* the proxy's configuration; NULL: the user's, else the one that came with pointsman */
    bool page_only;         /* the proxy is left to the page */
    bool demo;              /* codex-echo, which needs no key */
    bool local_qwen;        /* USE_LOCAL_QWEN=1 */
    bool ask;               /* for each key that is not set, though there is enough to route to */
    bool no_input;          /* never ask */
    bool risk_router;       /* the second port, with the risk router's strategy */
    const char *strategy;   /* of the first port; NULL: the configuration's */
    const char *host;       /* NULL: 127.0.0.1 */
    const char *allow_host; /* commas between; NULL: none */
    int keys_fd;            /* -1: keys come from the environment */
};

#define START_DEFAULTS {.keys_fd = -1}

struct start_result {
    struct session session; /* both to be closed by start_result_free() */
    struct session_status status;
    bool page_was_up, proxy_was_up; /* before */
    struct buf names;               /* of the variables that went to the proxy: "OPENAI_API_KEY, HF_TOKEN" */
};

/* Starts what does not run. Says on standard error what went wrong, and asks at the terminal. Returns EXIT_OK, or
 * EXIT_NOT_READY (nothing to route to, a busy port, the proxy died), or EXIT_USAGE, or EXIT_FAULT. */
int start_up(const struct start_options *options, struct start_result *result);
void start_result_free(struct start_result *result);
/* Whether the configuration that a start would take can be loaded: EXIT_OK, else EXIT_NOT_READY, said on standard
 * error. */
int start_check(const struct start_options *options);

/* Stops the proxy, then the page; harmless when nothing runs (*was_up, which may be NULL). Says what went wrong. */
int stop_all(bool *was_up);

#endif
