/* main: hardens the process, loads the configuration, wires the rooms and runs; decides nothing. */
#include "common/file.h"
#include "common/harden.h"
#include "common/install_key.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/secret.h"
#include "common/url.h"
#include "proxy/config/price_table.h"
#include "proxy/serve/confine.h"
#include "proxy/front/listener.h"
#include "proxy/serve/keys.h"
#include "proxy/serve/options.h"
#include "proxy/serve/memory.h"
#include "proxy/serve/notify.h"
#include "proxy/serve/server.h"
#include "proxy/serve/workers.h"
#include "usage/sums_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ERRORS_MAX (256u << 10) /* bytes of configuration errors */
#define FILES_WANTED 32768      /* open descriptors: two per client being served, plus idle upstream connections */

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
    char *prices = price_table_path();
    char *found = options->config ? strdup(options->config) : paths_config_file(CONFIG_NAME, POINTSMAN_DATADIR);
    if (!prices || (!found && options->config))
        buf_add_text(errors, "out of memory: can't read the configuration");
    else if (!found)
        buf_add_text(errors, "no configuration: " POINTSMAN_DATADIR "/" CONFIG_NAME
                             ": no such file: give one with --config FILE");
    else
        config = config_load(&(struct config_options){.path = found,
                                                      .price_table = prices,
                                                      .env = from_environment,
                                                      .demo = from_environment("POINTSMAN_DEMO", NULL) != NULL,
                                                      .warn = options->quiet ? NULL : print_warning},
                             errors);
    if (config && options->has_strategy)
        config->strategy = options->strategy;
    free(found);
    free(prices);
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

/* Opens another log beside the request log. */
static void open_log(struct journal *journal, enum journal_log log, const char *dir, const char *name,
                     const struct log_limits *limits)
{
    struct buf error;
    buf_init(&error, 4096);
    char *path = paths_join(dir, name);
    if (!path || !journal_open_log(journal, log, path, limits, &error))
        log_warning("%s: not written: %s", name, path ? buf_message(&error) : "out of memory");
    free(path);
    buf_free(&error);
}

static struct journal *get_journal(const struct config *config)
{
    struct log_limits limits = {(uint64_t)config->log_total_bytes, (unsigned)config->log_files, sums_file_add, ""};
    struct buf error;
    struct journal *journal = NULL;
    buf_init(&error, 4096);
    memcpy(limits.session, config->session_file, sizeof limits.session);
    char *dir = paths_log_dir(&error), *path = dir ? paths_join(dir, LOG_REQUESTS) : NULL;
    if (path)
        journal = journal_open(path, &limits, &error);
    if (!journal)
        log_warning("request log disabled: %s", buf_message(&error));
    if (journal && *config->session_file)
        open_log(journal, JOURNAL_SESSION, dir, config->session_file, &limits);
    if (journal && config->debug_log)
        open_log(journal, JOURNAL_DEBUG, dir, LOG_DEBUG, &limits);
    free(dir);
    free(path);
    buf_free(&error);
    return journal;
}

/* The folder of the request log and of the saved state also has the installation's key. Its absence is reported with
 * the request log. */
static void load_install_key(void)
{
    struct buf error;
    buf_init(&error, 4096);
    char *dir = paths_log_dir(&error);
    (void)install_key_load(dir);
    free(dir);
    buf_free(&error);
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
    struct keys keys;
    struct server_options server;
};

static int serve(struct serving *s)
{
    const char *catalog = s->options->codex_catalog ? s->options->codex_catalog : getenv("POINTSMAN_CODEX_CATALOG");
    struct server_options *server = &s->server;
    server->journal = get_journal(s->setup->config);
    if (server->journal && server->share)
        journal_share_dropped(server->journal, share_log_dropped(server->share));
    char *state_file = get_state_file();
    server->state_file = state_file;
    load_install_key();
    s->setup->catalog = get_catalog(s->options, s->setup->config);
    confine(s->setup->config, catalog, server->key_file, s->harden);
    int status = server_run(server, s->setup);
    free(state_file);
    journal_close(server->journal);
    return status;
}

/* workers_options.work. Reads the keys again because a child does not inherit locked memory. */
static int work(void *ctx, unsigned worker, struct share *share, int control, int keeper)
{
    struct serving *s = ctx;
    struct buf errors;
    s->server.worker = worker;
    s->server.share = share;
    s->server.control = control;
    s->server.gate = s->keys.path ? &s->keys.gate : NULL;
    s->server.keeper = keeper;
    s->server.wake_fd = s->keys.wake_fd;
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

/* workers_options.keep */
static int keep(void *ctx, const int *channels, unsigned count, int control)
{
    struct serving *s = ctx;
    return keys_keep(&s->keys, channels, count, control, s->harden);
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
                                      .keep = s->setup->config->key_store ? keep : NULL,
                                      .ctx = s};
    if (workers.keep && !keys_set_up(&s->keys, s->setup->config))
        return 1;
    s->parent = getpid();
    setup_free(s->setup);
    load_install_key(); /* before fork(2): if it is random, the workers have the same */
    return workers_run(&workers);
}

static int start(struct options *options, struct setup *setup, struct harden_status *harden)
{
    const char *parent = getenv("POINTSMAN_PARENT");
    struct serving s = {options,
                        setup,
                        harden,
                        0,
                        {.path = NULL},
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
    return options->workers > 1 || setup->config->key_store ? serve_by_workers(&s) : serve(&s);
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
    int status = options_parse(argc, argv, &options);
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
