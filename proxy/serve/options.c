/* main: the command line of pointsman-proxy. */
#include "proxy/serve/options.h"

#include "common/guard.h"
#include "common/log.h"
#include "common/url.h"
#include "proxy/serve/workers.h" /* SHARE_WORKERS_MAX */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define HOSTS_MAX 4096 /* bytes, all --allow-host names together */

static const char usage[] =
    "Usage: pointsman-proxy [--config FILE] [--host ADDRESS] [--port N] [--risk-port N]\n"
    "       pointsman-proxy --check-config [FILE]\n"
    "\n"
    "Serves the OpenAI API on http://127.0.0.1:4000/v1 and sends each request to a deployment of\n"
    "the model group that it names. FILE is in LiteLLM's format; provider keys and the master key\n"
    "(LITELLM_API_KEY) come from the environment.\n"
    "\n"
    "  -c, --config FILE     configuration (default: pointsman/" CONFIG_NAME " in\n"
    "                        $XDG_CONFIG_HOME, else the installed one)\n"
    "      --host ADDRESS    numeric address to listen on (default 127.0.0.1)\n"
    "      --allow-host NAME accept NAME in the Host header, besides this machine's own names;\n"
    "                        repeatable\n"
    "  -p, --port N          port to listen on (default 4000)\n"
    "      --risk-port N     also serve the risk router: the same models, ordered by\n"
    "                        router_settings.risk_router_strategy (default: off; 4001 is usual)\n"
    "      --strategy NAME   override the configuration's routing_strategy\n"
    "      --workers N       worker processes (default 1; auto: one per CPU); LiteLLM's name,\n"
    "                        num_workers, also works\n"
    "      --check-config    print model groups, their order and what is not ready; exit 1 on errors\n"
    "      --codex-catalog FILE\n"
    "                        output of 'codex debug models'; makes GET /v1/models usable as\n"
    "                        Codex's model_catalog_url (default: $POINTSMAN_CODEX_CATALOG)\n"
    "  -h, --help            print this\n"
    "  -V, --version         print the version\n"
    "\n"
    "A supervisor (systemd, the key-page server) can pass sockets with LISTEN_FDS and read the status\n"
    "from NOTIFY_SOCKET.\n"
    "\n"
    "Signals:\n"
    "  SIGHUP    reload the configuration; on error the old one stays in force\n"
    "  SIGUSR1   reopen the request log\n"
    "  SIGTERM   stop, after requests in flight are done or 5 s have passed\n"
    "\n"
    "Example:\n"
    "  LITELLM_API_KEY=sk-local-1 OPENAI_API_KEY=sk-... pointsman-proxy --config config.yaml --port 4000\n";

static bool add_host(struct options *options, const char *name)
{
    bool added = guard_is_host_name(slice_of(name)) && buf_add_format(&options->hosts, "%s ", name);
    if (!added)
        log_error("--allow-host %s: not a host name or address, or too many names: give a name without a port", name);
    return added;
}

static bool set_strategy(struct options *options, const char *name)
{
    options->has_strategy = strategy_find(name, &options->strategy);
    if (!options->has_strategy)
        log_error("--strategy %s: unknown strategy: choose one of %s", name, strategy_names());
    return options->has_strategy;
}

static bool set_port(const char *option, const char *text, unsigned *port)
{
    bool good = url_read_port(slice_of(text), port);
    if (!good)
        log_error("%s %s: not a port: give a number from 1 to 65535", option, text);
    return good;
}

static bool set_workers(const char *text, unsigned *workers)
{
    char *end;
    long number = sysconf(_SC_NPROCESSORS_ONLN);
    if (strcmp(text, "auto") == 0) {
        *workers = number < 1 ? 1 : number > SHARE_WORKERS_MAX ? SHARE_WORKERS_MAX : (unsigned)number;
        return true;
    }
    number = strtol(text, &end, 10);
    *workers = (unsigned)number;
    bool good = *text && !*end && number >= 1 && number <= SHARE_WORKERS_MAX;
    if (!good)
        log_error("--workers %s: give a number from 1 to %d, or auto", text, SHARE_WORKERS_MAX);
    return good;
}

int options_parse(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"host", required_argument, NULL, 'H'},
        {"port", required_argument, NULL, 'p'},
        {"check-config", no_argument, NULL, 'k'},
        {"codex-catalog", required_argument, NULL, 'm'},
        {"allow-host", required_argument, NULL, 'a'},
        {"strategy", required_argument, NULL, 's'},
        {"risk-port", required_argument, NULL, 'r'},
        {"workers", required_argument, NULL, 'w'},
        {"num_workers", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct options){.host = "127.0.0.1", .port = 4000, .workers = 1};
    buf_init(&options->hosts, HOSTS_MAX);
    for (int c; (c = getopt_long(argc, argv, "c:p:hV", names, NULL)) != -1;) {
        switch (c) {
        case 'c': options->config = optarg; break;
        case 'H': options->host = optarg; break;
        case 'k': options->check = true; break;
        case 'm': options->codex_catalog = optarg; break;
        case 'a':
            if (!add_host(options, optarg))
                return EXIT_USAGE;
            break;
        case 's':
            if (!set_strategy(options, optarg))
                return EXIT_USAGE;
            break;
        case 'p':
            if (!set_port("--port", optarg, &options->port))
                return EXIT_USAGE;
            break;
        case 'w':
            if (!set_workers(optarg, &options->workers))
                return EXIT_USAGE;
            break;
        case 'r':
            if (!set_port("--risk-port", optarg, &options->risk_port))
                return EXIT_USAGE;
            break;
        case 'h': return fputs(usage, stdout) < 0;
        case 'V': return puts("pointsman-proxy " PACKAGE_VERSION) < 0;
        default: (void)fputs("Try: pointsman-proxy --help\n", stderr); return EXIT_USAGE;
        }
    }
    if (options->check && optind < argc && !options->config)
        options->config = argv[optind++];
    if (optind < argc) {
        log_error("%s: unexpected argument: see --help", argv[optind]);
        return EXIT_USAGE;
    }
    return -1;
}
