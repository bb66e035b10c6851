/* options: main. The command line of pointsman-proxy. */
#ifndef POINTSMAN_PROXY_OPTIONS_H
#define POINTSMAN_PROXY_OPTIONS_H

#include "common/buf.h"
#include "proxy/terms/strategy_id.h"

#define CONFIG_NAME "litellm-cost-routing.yaml" /* the default configuration */

struct options {
    const char *config; /* NULL: the user's file, else the installed one */
    const char *host;
    struct buf hosts;         /* --allow-host names, separated by blanks */
    unsigned port, risk_port; /* risk_port 0: none */
    unsigned workers;
    bool quiet;        /* another process has logged the configuration's warnings */
    bool has_strategy; /* false: use the configuration's strategy */
    enum strategy_id strategy;
    const char *codex_catalog; /* NULL: $POINTSMAN_CODEX_CATALOG, if set */
    bool check;
};

/* Parses the command line into `options`; free options->hosts. Returns -1 to continue, else the exit status. */
MUST_CHECK int options_parse(int argc, char **argv, struct options *options);

#endif
