/* pointsman restart: stop, then start. */
#include "cli/start_arguments.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>

/* Fills in the ports and the configuration of the running session for options that are not given. `*config` owns the
 * path; free with free(). */
static void keep_current(struct start_options *options, char **config)
{
    struct session_client session;
    struct session_status status = {0};
    struct buf error;
    buf_init(&error, 4096);
    if (session_client_find(&session, &error) && session_client_status(&session, &status, &error)) {
        options->web_port = options->web_port ? options->web_port : url_port(session.url);
        options->proxy_port = options->proxy_port ? options->proxy_port : url_port(status.base_url);
        *config = json_strdup(&status.json, json_get(&status.json, 0, "config"));
        options->config = options->config ? options->config : *config;
    }
    session_status_free(&status);
    session_client_close(&session);
    buf_free(&error);
}

static int run(const struct arguments *arguments)
{
    struct start_options options;
    char *config = NULL;
    if (!start_arguments_read(arguments, &options))
        return EXIT_USAGE;
    keep_current(&options, &config);
    /* A start that would fail must not stop the running proxy. */
    int code = start_check(&options);
    if (code == EXIT_OK)
        code = stop_all(NULL);
    if (code == EXIT_OK)
        code = start_and_report(&options);
    free(config);
    return code;
}

const struct command command_restart = {
    .name = "restart",
    .summary = "Restart with the current keys, on the same ports",
    .about =
        "Keeps the ports and the configuration unless the options name others. Keys are read again, and all other\n"
        "options apply, as for `pointsman start`. If the configuration has an error, nothing is stopped.",
    .examples = "pointsman restart\n"
                "pointsman restart --ask   # prompt for keys\n",
    .options = start_arguments,
    .run = run,
};
