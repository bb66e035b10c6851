/* Starts and stops pointsman. */
#include "cli/start.h"

#include "cli/ask.h"
#include "cli/codex_catalog.h"
#include "cli/locate.h"
#include "cli/lighttpd.h"
#include "cli/start_keys.h"
#include "cli/terminal.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define START_MS 20000       /* timeout of /api/start */
#define BODY_MAX (16u << 10) /* bytes of its request, with all keys */
#define SOURCES_MAX 4096     /* bytes of the names of all variables and where they came from */
#define WEB_PORT 8787u
#define PROXY_PORT 4000u

/* Prints each line of the text as an error message. */
static void complain_lines(struct buf *text)
{
    for (char *line = *buf_text(text) ? text->data : NULL, *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        (void)complain(0, "%s", line);
    }
}

/* Whether the running session has the requested configuration, if one was requested. */
static bool same_config(const struct start_options *options, const struct session_status *status)
{
    char *wanted = options->config ? realpath(options->config, NULL) : NULL;
    bool same = !options->config ||
                (wanted && json_string_is(&status->json, json_get(&status->json, 0, "config"), wanted));
    free(wanted);
    return same;
}

/* Checks that the running session matches the options. false: an error is printed. */
static bool check_running(const struct start_options *options, const struct start_result *result)
{
    unsigned web = url_port(result->session.url), proxy = url_port(result->status.base_url);
    if (options->web_port && options->web_port != web)
        (void)complain(0,
                       "pointsman is already running at %s: stop it (pointsman stop), or set POINTSMAN_RUNTIME_DIR to "
                       "another folder",
                       result->session.url);
    else if (options->proxy_port && options->proxy_port != proxy)
        (void)complain(0, "the running proxy's port is %u, not %u: to change it, run pointsman stop first", proxy,
                       options->proxy_port);
    else if (!same_config(options, &result->status))
        (void)complain(
            0, "the running proxy has another configuration than %s: to change it, run pointsman restart --config FILE",
            options->config);
    else
        return true;
    return false;
}

static bool get_status(struct start_result *result, struct buf *error)
{
    return session_client_find(&result->session, error) &&
           session_client_status(&result->session, &result->status, error);
}

/* Starts the key page if needed, and gets the session's status. */
static int page_up(const struct start_options *options, struct lighttpd *server, struct start_result *result,
                   struct buf *error)
{
    bool busy = false;
    result->page_was_up = server->found.up;
    if (!result->page_was_up) {
        int catalog = codex_catalog_begin(server->runtime);
        unsigned proxy_port = options->proxy_port ? options->proxy_port : PROXY_PORT;
        struct lighttpd_options wanted = {options->web_port ? options->web_port : WEB_PORT, proxy_port, proxy_port + 1,
                                          options->config};
        bool up = lighttpd_start(server, &wanted, &busy, error);
        codex_catalog_end(catalog);
        if (!up)
            return busy ? EXIT_NOT_READY : EXIT_FAULT;
    }
    if (!get_status(result, error))
        return EXIT_FAULT;
    return !result->page_was_up || check_running(options, result) ? EXIT_OK : EXIT_FAULT;
}

/* The configuration for the proxy: the running session's, else the one in the options or the default. Free with free().
 */
static char *find_config(const struct start_options *options, const struct session_status *status)
{
    char *named = status ? json_strdup(&status->json, json_get(&status->json, 0, "config")) : NULL;
    if (named)
        return named;
    return options->config ? strdup(options->config) : locate_config();
}

/* Collects the keys. `status`: the running session's; NULL: none. */
static int gather(const struct start_options *options, const struct session_status *status, struct start_keys *keys,
                  struct buf *error)
{
    char *found = find_config(options, status);
    int code = EXIT_OK;
    if (options->keys_fd >= 0 && !start_keys_read(keys, options->keys_fd, error))
        code = EXIT_USAGE;
    else if (options->local_qwen && !start_keys_set(keys, START_FROM_OPTION, "USE_LOCAL_QWEN", SLICE("1")))
        code = EXIT_FAULT;
    else if (!found || !start_keys_learn(keys, found, error))
        code = EXIT_NOT_READY;
    if (code == EXIT_OK && !start_keys_fit(keys, error)) {
        buf_add_format(error, ": not a variable of the configuration %s", found);
        code = EXIT_USAGE;
    }
    free(found);
    if (code == EXIT_OK && !options->no_input && (options->ask || (!keys->enough && !options->demo)) && ask_possible())
        start_keys_ask(keys);
    return code;
}

static void add_flag(struct buf *body, const char *key, bool value)
{
    json_add_key(body, key);
    buf_add_text(body, value ? "true" : "false");
}

/* `sources`: where the variables came from; empty: not said. */
static bool write_body(const struct start_options *options, const struct start_keys *keys, const struct buf *sources,
                       struct buf *body, struct buf *names)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"strategy", options->strategy}, {"host", options->host}, {"allow_host", options->allow_host}};
    BUF_ADD(body, "{");
    if (!start_keys_json(keys, body, names))
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].value)
            continue;
        json_add_key(body, texts[i].name);
        json_add_string(body, slice_of(texts[i].value));
    }
    if (sources->len) {
        json_add_key(body, "sources");
        json_add_string(body, buf_slice(sources));
    }
    add_flag(body, "risk_router", options->risk_router);
    add_flag(body, "DEMO", options->demo);
    return BUF_ADD(body, "}") && !body->failed;
}

/* Makes the key-page server start the proxy. */
static int post_start(const struct start_options *options, const struct start_keys *keys, struct start_result *result,
                      struct buf *error)
{
    struct local_http_reply reply = {0};
    struct session_status status = {0};
    struct buf body, sources;
    int code = EXIT_FAULT;
    buf_init(&body, BODY_MAX);
    buf_init(&sources, SOURCES_MAX);
    /* A session app of before an update refuses a field that it does not know. */
    if (json_get(&result->status.json, 0, "variables") != JSON_NONE)
        start_keys_sources(keys, &sources);
    if (!buf_reserve(&body, BODY_MAX - 1) || !write_body(options, keys, &sources, &body, &result->names))
        BUF_ADD(error, "the keys are too long");
    else if (session_client_call(&result->session, "POST", "/api/start", buf_slice(&body), START_MS, &reply, error))
        code = session_client_read(&status, &reply, error, NULL) ? EXIT_OK : EXIT_NOT_READY;
    buf_wipe(&body);
    buf_free(&sources);
    local_http_free(&reply);
    session_status_free(&result->status);
    result->status = status;
    return code;
}

/* Decides whether the proxy must be started (*wanted), and collects its keys. Holds no lock, because it may wait for
 * the user. */
static int prepare(const struct start_options *options, struct start_keys *keys, bool *wanted, struct buf *error)
{
    struct session_client session;
    struct session_status status = {0};
    struct buf ignored;
    buf_init(&ignored, 4096);
    bool up = session_client_find(&session, &ignored) && session_client_status(&session, &status, &ignored);
    *wanted = !options->page_only && !(up && status.running);
    int code = *wanted ? gather(options, up ? &status : NULL, keys, error) : EXIT_OK;
    session_status_free(&status);
    session_client_close(&session);
    buf_free(&ignored);
    return code;
}

/* Starts the key page and the proxy under the runtime folder's lock. If the proxy can't start, stops the key page
 * again. */
static int bring_up(const struct start_options *options, const struct start_keys *keys, bool wanted,
                    struct start_result *result, struct buf *error)
{
    struct lighttpd server;
    struct buf more;
    int code = EXIT_FAULT;
    if (lighttpd_open(&server, false, error))
        code = page_up(options, &server, result, error);
    if (code == EXIT_OK) {
        result->proxy_was_up = result->status.running;
        if (wanted && !result->proxy_was_up)
            code = post_start(options, keys, result, error);
    }
    buf_init(&more, 4096);
    if (code != EXIT_OK && server.lock >= 0 && !result->page_was_up && !lighttpd_stop(&server, &more))
        buf_add_slice(error, buf_slice(&more));
    buf_free(&more);
    lighttpd_close(&server);
    return code;
}

int start_up(const struct start_options *options, struct start_result *result)
{
    struct start_keys keys;
    struct buf error;
    bool wanted;
    *result = (struct start_result){0};
    buf_init(&result->names, 8192);
    buf_init(&error, 64u << 10);
    start_keys_init(&keys);
    /* This process holds keys now. The setting does not survive execve(). */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    int code = prepare(options, &keys, &wanted, &error);
    if (code == EXIT_OK)
        code = bring_up(options, &keys, wanted, result, &error);
    start_keys_free(&keys);
    complain_lines(&error);
    buf_free(&error);
    return code;
}

int start_check(const struct start_options *options)
{
    struct start_keys keys;
    struct buf error;
    buf_init(&error, 64u << 10);
    start_keys_init(&keys);
    char *config = find_config(options, NULL);
    int code = config && start_keys_learn(&keys, config, &error) ? EXIT_OK : EXIT_NOT_READY;
    complain_lines(&error);
    free(config);
    start_keys_free(&keys);
    buf_free(&error);
    return code;
}

void start_result_free(struct start_result *result)
{
    session_status_free(&result->status);
    session_client_close(&result->session);
    buf_free(&result->names);
}

int stop_all(bool *was_up)
{
    struct lighttpd server;
    struct buf error;
    buf_init(&error, 64u << 10);
    bool there = lighttpd_open(&server, true, &error), up = there && server.found.count;
    int code = there && lighttpd_stop(&server, &error) ? EXIT_OK : EXIT_FAULT;
    complain_lines(&error);
    lighttpd_close(&server);
    buf_free(&error);
    if (was_up)
        *was_up = up;
    return code;
}
