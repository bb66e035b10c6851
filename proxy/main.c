/* main: hardens the process, loads the configuration, wires the rooms and runs; decides nothing. */
#include "common/file.h"
#include "common/guard.h"
#include "common/harden.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/secret.h"
#include "common/url.h"
#include "proxy/config/config.h"
#include "proxy/serve/confine.h"
#include "proxy/front/listener.h"
#include "proxy/serve/memory.h"
#include "proxy/serve/notify.h"
#include "proxy/terms/strategy_id.h"
#include "proxy/serve/server.h"
#include "proxy/serve/workers.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define CONFIG_NAME "litellm-cost-routing.yaml"
#define ERRORS_MAX (256u << 10) /* bytes of configuration errors */
#define FILES_WANTED 32768      /* open descriptors: two per client being served, plus idle upstream connections */
#define HOSTS_MAX 4096          /* bytes, all --allow-host names together */
#define JOURNAL_MAX (64u << 20) /* bytes; the file is rotated above this size */

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

/* Returns -1 to continue, else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
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

static const char *from_environment(const char *name, void *ctx)
{
    const char *value = getenv(name);
    (void)ctx;
    return value && *value ? value : NULL;
}

static void print_warning(const char *message, void *ctx)
{
    (void)ctx;
    log_warning("%s", message);
}

/* Logs each line as a separate message. */
static void print_errors(struct buf *errors)
{
    char *line = *buf_text(errors) ? errors->data : NULL;
    if (!line && errors->failed)
        log_error("out of memory: can't read the configuration");
    for (char *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        log_error("%s", line);
    }
}

static struct config *load(const struct options *options, struct buf *errors)
{
    struct config *config = NULL;
    char *found = options->config ? strdup(options->config) : paths_config_file(CONFIG_NAME, POINTSMAN_DATADIR);
    if (!found && options->config)
        buf_add_text(errors, "out of memory: can't read the configuration");
    else if (!found)
        buf_add_text(errors, "no configuration: " POINTSMAN_DATADIR "/" CONFIG_NAME
                             ": no such file: give one with --config FILE");
    else
        config = config_load(&(struct config_options){.path = found,
                                                      .env = from_environment,
                                                      .demo = from_environment("POINTSMAN_DEMO", NULL) != NULL,
                                                      .warn = options->quiet ? NULL : print_warning},
                             errors);
    if (config && options->has_strategy)
        config->strategy = options->strategy;
    free(found);
    return config;
}

static int check(const struct config *config)
{
    struct buf text;
    buf_init(&text, 4u << 20);
    bool ok = config && config_describe(config, &text) && fwrite(text.data, 1, text.len, stdout) == text.len;
    buf_free(&text);
    return ok ? 0 : 1;
}

static int bind_port(const struct options *options, unsigned port)
{
    struct buf error;
    buf_init(&error, 1024);
    int fd = listener_bind(options->host, port, &error);
    if (fd < 0)
        log_error("%s", buf_message(&error));
    buf_free(&error);
    return fd;
}

/* The usual soft limit is 1024 because select() can take no more. Nothing here calls select(). */
static void allow_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Takes inherited sockets; binds the others from the options. */
static bool get_sockets(const struct options *options, bool has_parent, int fds[ENTRANCES])
{
    fds[ENTRANCE_MAIN] = listener_inherited(!has_parent, &fds[ENTRANCE_RISK]);
    if (fds[ENTRANCE_MAIN] < 0 && (fds[ENTRANCE_MAIN] = bind_port(options, options->port)) < 0)
        return false;
    return fds[ENTRANCE_RISK] >= 0 || !options->risk_port ||
           (fds[ENTRANCE_RISK] = bind_port(options, options->risk_port)) >= 0;
}

static struct journal *get_journal(void)
{
    struct buf error;
    struct journal *journal = NULL;
    buf_init(&error, 4096);
    char *dir = paths_log_dir(&error), *path = dir ? paths_join(dir, "requests.jsonl") : NULL;
    if (path)
        journal = journal_open(path, JOURNAL_MAX, &error);
    if (!journal)
        log_warning("request log disabled: %s", buf_message(&error));
    free(dir);
    free(path);
    buf_free(&error);
    return journal;
}

/* The path of the saved state (keep_state); NULL: no log folder. Free it. */
static char *get_state_file(void)
{
    struct buf error;
    buf_init(&error, 4096);
    char *dir = paths_log_dir(&error), *path = dir ? paths_join(dir, "dispatch-state.json") : NULL;
    free(dir);
    buf_free(&error);
    return path;
}

/* Without a catalog, only Codex's model_catalog_url is missing. ./start writes the file that $POINTSMAN_CODEX_CATALOG
 * names if Codex is installed. */
static struct catalog *get_catalog(const struct options *options, const struct config *config)
{
    const char *named = from_environment("POINTSMAN_CODEX_CATALOG", NULL);
    const char *path = options->codex_catalog ? options->codex_catalog : named;
    struct catalog *catalog = NULL;
    struct buf text, error;
    if (!path)
        return NULL;
    buf_init(&text, CATALOG_TEXT_MAX);
    buf_init(&error, 256);
    if (!file_read(AT_FDCWD, path, 0, CATALOG_TEXT_MAX - 1, &text)) {
        if (path == options->codex_catalog || errno != ENOENT)
            log_warning("%s: can't read Codex's model catalog: %s", path, file_reason(errno));
    } else if (!(catalog = catalog_read(buf_slice(&text), config, &error))) {
        log_warning("%s: ignored Codex's model catalog: %.*s", path, SLICE_ARGS(buf_slice(&error)));
    }
    buf_free(&error);
    buf_free(&text);
    return catalog;
}

/* server_options.load */
static bool load_setup(struct setup *setup, struct buf *error, void *ctx)
{
    const struct options *options = ctx;
    setup->config = load(options, error);
    setup->catalog = setup->config ? get_catalog(options, setup->config) : NULL;
    return setup->config != NULL;
}

/* Arguments of serve(), in a single process or in a worker. */
struct serving {
    struct options *options;
    struct setup *setup;
    struct harden_status *harden;
    pid_t parent; /* workers: their parent's pid */
    struct server_options server;
};

static int serve(struct serving *s)
{
    const char *catalog = s->options->codex_catalog ? s->options->codex_catalog : getenv("POINTSMAN_CODEX_CATALOG");
    struct server_options *server = &s->server;
    server->journal = get_journal();
    char *state_file = get_state_file();
    server->state_file = state_file;
    s->setup->catalog = get_catalog(s->options, s->setup->config);
    confine(s->setup->config, catalog, server->key_file, s->harden);
    int status = server_run(server, s->setup);
    free(state_file);
    journal_close(server->journal);
    return status;
}

/* workers_options.work. Reads the keys again because a child does not inherit locked memory. */
static int work(void *ctx, unsigned worker, struct share *share, int control)
{
    struct serving *s = ctx;
    struct buf errors;
    s->server.worker = worker;
    s->server.share = share;
    s->server.control = control;
    s->server.parent = s->parent;
    s->server.key_file = NULL; /* only the parent removes it */
    if (!harden_follow_parent(s->harden, s->server.parent))
        return 0;
    buf_init(&errors, ERRORS_MAX);
    s->options->quiet = true;
    bool loaded = load_setup(s->setup, &errors, s->options);
    s->options->quiet = worker > 0;
    print_errors(&errors);
    buf_free(&errors);
    return loaded ? serve(s) : 1;
}

static int serve_by_workers(struct serving *s)
{
    struct server_options *server = &s->server;
    struct workers_options workers = {.count = s->options->workers,
                                      .fds = server->fds,
                                      .parent = server->parent,
                                      .key_file = server->key_file,
                                      .harden = s->harden,
                                      .work = work,
                                      .ctx = s};
    s->parent = getpid();
    setup_free(s->setup);
    return workers_run(&workers);
}

static int start(struct options *options, struct setup *setup, struct harden_status *harden)
{
    const char *parent = getenv("POINTSMAN_PARENT");
    struct serving s = {options,
                        setup,
                        harden,
                        0,
                        {.load = load_setup,
                         .load_ctx = options,
                         .harden = harden,
                         .control = -1,
                         .key_file = getenv("POINTSMAN_KEY_FILE")}};
    s.server.memory = memory_of_machine("");
    s.server.parent = parent ? (pid_t)strtol(parent, NULL, 10) : 0;
    if (s.server.parent && !harden_follow_parent(harden, s.server.parent))
        return 0; /* the supervisor has already exited */
    allow_files();
    if (!get_sockets(options, s.server.parent != 0, s.server.fds))
        return 1;
    s.server.hosts = options->hosts.len ? buf_text(&options->hosts) : NULL;
    if (!s.server.hosts && url_loopback(slice_of(options->host), (struct url_address[URL_LOOPBACK_MAX]){0}) == 0)
        log_warning(
            "--host %s: other machines will get 403: add --allow-host NAME, with the name they use for this machine",
            options->host);
    return options->workers > 1 ? serve_by_workers(&s) : serve(&s);
}

int main(int argc, char **argv)
{
    struct harden_status harden;
    struct options options;
    harden_early(&harden);
    harden_environment();
    memory_set_up();
    log_open("pointsman-proxy", getenv("POINTSMAN_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* report a file at its size limit (ulimit -f) as a write error, like a full disk */
    if (!secret_init()) {
        log_error("can't get random bytes from the system");
        return 1;
    }
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    notify_open();
    struct setup setup = {NULL, NULL};
    struct buf errors;
    buf_init(&errors, ERRORS_MAX);
    setup.config = load(&options, &errors);
    print_errors(&errors);
    buf_free(&errors);
    if (!setup.config)
        return 1;
    status = options.check ? check(setup.config) : start(&options, &setup, &harden);
    setup_free(&setup);
    buf_free(&options.hosts);
    return status;
}
