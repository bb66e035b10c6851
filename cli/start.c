/* Brings pointsman up and takes it down. */
#include "cli/start.h"

#include "cli/ask.h"
#include "cli/codex_catalog.h"
#include "cli/place.h"
#include "cli/server.h"
#include "cli/start_keys.h"
#include "cli/terminal.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define START_MS 20000
#define BODY_MAX (16u << 10)
#define WEB_PORT 8787u
#define PROXY_PORT 4000u

/* One line of talk for each line of the text. */
static void say_lines(struct buf *text)
{
    for (char *line = *buf_text(text) ? text->data : NULL, *next; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        (void)complain(0, "%s", line);
    }
}

/* Whether what runs has the configuration that was asked for, if any was. */
static bool same_config(const struct start_options *options, const struct session_status *status)
{
    char *wanted = options->config ? realpath(options->config, NULL) : NULL;
    bool same = !options->config ||
                (wanted && json_string_is(&status->json, json_get(&status->json, 0, "config"), wanted));
    free(wanted);
    return same;
}

/* lighttpd runs already: whether it is as the options want it. */
static bool check_running(const struct start_options *options, const struct start_result *result)
{
    unsigned web = url_port(result->session.url), proxy = url_port(result->status.base_url);
    if (options->web_port && options->web_port != web)
        (void)complain(0,
                       "pointsman already runs at %s with this runtime folder. Stop it (pointsman stop), or set "
                       "POINTSMAN_RUNTIME_DIR to another folder",
                       result->session.url);
    else if (options->proxy_port && options->proxy_port != proxy)
        (void)complain(0, "its proxy's port is %u, not %u. To change that, stop it first (pointsman stop)", proxy,
                       options->proxy_port);
    else if (!same_config(options, &result->status))
        (void)complain(0, "it runs with another configuration than %s; to change that: pointsman restart --config FILE",
                       options->config);
    else
        return true;
    return false;
}

static bool look(struct start_result *result, struct buf *error)
{
    return session_find(&result->session, error) && session_status(&result->session, &result->status, error);
}

/* Brings the page up where it does not run, and learns the session's status. */
static int page_up(const struct start_options *options, struct server *server, struct start_result *result,
                   struct buf *error)
{
    bool busy = false;
    result->page_was_up = server->found.up;
    if (!result->page_was_up) {
        int catalog = codex_catalog_begin(server->runtime);
        unsigned proxy_port = options->proxy_port ? options->proxy_port : PROXY_PORT;
        struct server_options wanted = {options->web_port ? options->web_port : WEB_PORT, proxy_port, proxy_port + 1,
                                        options->config};
        bool up = server_start(server, &wanted, &busy, error);
        codex_catalog_end(catalog);
        if (!up)
            return busy ? EXIT_NOT_READY : EXIT_FAULT;
    }
    if (!look(result, error))
        return EXIT_FAULT;
    return !result->page_was_up || check_running(options, result) ? EXIT_OK : EXIT_FAULT;
}

/* The configuration that the proxy will be started with: a session that runs has its own. */
static char *find_config(const struct start_options *options, const struct session_status *status)
{
    char *named = status ? json_strdup(&status->json, json_get(&status->json, 0, "config")) : NULL;
    if (named)
        return named;
    return options->config ? strdup(options->config) : place_config();
}

/* Gathers the keys; `status`: of the session that runs, or NULL. */
static int gather(const struct start_options *options, const struct session_status *status, struct start_keys *keys,
                  struct buf *error)
{
    char *found = find_config(options, status);
    int code = EXIT_OK;
    if (options->keys_fd >= 0 && !start_keys_read(keys, options->keys_fd, error))
        code = EXIT_USAGE;
    else if (options->local_qwen && !start_keys_set(keys, "USE_LOCAL_QWEN", SLICE("1")))
        code = EXIT_FAULT;
    else if (!found || !start_keys_learn(keys, found, error))
        code = EXIT_NOT_READY;
    if (code == EXIT_OK && !start_keys_fit(keys, error)) {
        buf_add_format(error, ": the configuration %s names no such variable", found);
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

static bool write_body(const struct start_options *options, const struct start_keys *keys, struct buf *body,
                       struct buf *names)
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
    add_flag(body, "risk_router", options->risk_router);
    add_flag(body, "DEMO", options->demo);
    return BUF_ADD(body, "}") && !body->failed;
}

/* Asks the session to start the proxy. */
static int post_start(const struct start_options *options, const struct start_keys *keys, struct start_result *result,
                      struct buf *error)
{
    struct local_http_reply reply = {0};
    struct session_status status = {0};
    struct buf body;
    int code = EXIT_FAULT;
    buf_init(&body, BODY_MAX);
    if (!buf_reserve(&body, BODY_MAX - 1) || !write_body(options, keys, &body, &result->names))
        BUF_ADD(error, "the keys are more than a start takes");
    else if (session_call(&result->session, "POST", "/api/start", buf_slice(&body), START_MS, &reply, error))
        code = session_read(&status, &reply, error, NULL) ? EXIT_OK : EXIT_NOT_READY;
    buf_wipe(&body);
    local_http_free(&reply);
    session_status_free(&result->status);
    result->status = status;
    return code;
}

/* Whether the proxy has to be started, and then with which keys. No lock is held: the user may take their time. */
static int prepare(const struct start_options *options, struct start_keys *keys, bool *wanted, struct buf *error)
{
    struct session session;
    struct session_status status = {0};
    struct buf unheard;
    buf_init(&unheard, 4096);
    bool up = session_find(&session, &unheard) && session_status(&session, &status, &unheard);
    *wanted = !options->page_only && !(up && status.running);
    int code = *wanted ? gather(options, up ? &status : NULL, keys, error) : EXIT_OK;
    session_status_free(&status);
    session_close(&session);
    buf_free(&unheard);
    return code;
}

/* With the runtime folder locked. All or nothing: what this start brought up goes again where it fails. */
static int bring_up(const struct start_options *options, const struct start_keys *keys, bool wanted,
                    struct start_result *result, struct buf *error)
{
    struct server server;
    struct buf more;
    int code = EXIT_FAULT;
    if (server_open(&server, false, error))
        code = page_up(options, &server, result, error);
    if (code == EXIT_OK) {
        result->proxy_was_up = result->status.running;
        if (wanted && !result->proxy_was_up)
            code = post_start(options, keys, result, error);
    }
    buf_init(&more, 4096);
    if (code != EXIT_OK && server.lock >= 0 && !result->page_was_up && !server_stop(&server, &more))
        buf_add_slice(error, buf_slice(&more));
    buf_free(&more);
    server_close(&server);
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
    /* It holds keys now. Programs that it executes are not bound by that. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    int code = prepare(options, &keys, &wanted, &error);
    if (code == EXIT_OK)
        code = bring_up(options, &keys, wanted, result, &error);
    start_keys_free(&keys);
    say_lines(&error);
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
    say_lines(&error);
    free(config);
    start_keys_free(&keys);
    buf_free(&error);
    return code;
}

void start_result_free(struct start_result *result)
{
    session_status_free(&result->status);
    session_close(&result->session);
    buf_free(&result->names);
}

int stop_all(bool *was_up)
{
    struct server server;
    struct buf error;
    buf_init(&error, 64u << 10);
    bool there = server_open(&server, true, &error), up = there && server.found.count;
    int code = there && server_stop(&server, &error) ? EXIT_OK : EXIT_FAULT;
    say_lines(&error);
    server_close(&server);
    buf_free(&error);
    if (was_up)
        *was_up = up;
    return code;
}
