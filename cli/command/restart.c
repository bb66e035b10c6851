/* pointsman restart: a stop and a start. */
#include "cli/start_arguments.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>

/* What runs keeps its ports and its configuration where the command line names no others. */
static void keep(struct start_options *options, char **config)
{
    struct session session;
    struct session_status status = {0};
    struct buf error;
    buf_init(&error, 4096);
    if (session_find(&session, &error) && session_status(&session, &status, &error)) {
        options->web_port = options->web_port ? options->web_port : url_port(session.url);
        options->proxy_port = options->proxy_port ? options->proxy_port : url_port(status.base_url);
        *config = json_strdup(&status.json, json_get(&status.json, 0, "config"));
        options->config = options->config ? options->config : *config;
    }
    session_status_free(&status);
    session_close(&session);
    buf_free(&error);
}

static int run(const struct arguments *arguments)
{
    struct start_options options;
    char *config = NULL;
    if (!start_arguments_read(arguments, &options))
        return EXIT_USAGE;
    keep(&options, &config);
    /* What runs goes on when its successor could not start. */
    int code = start_check(&options);
    if (code == EXIT_OK)
        code = stop_all(NULL);
    if (code == EXIT_OK)
        code = start_and_tell(&options);
    free(config);
    return code;
}

const struct command command_restart = {
    .name = "restart",
    .summary = "Stop what runs, and start it with the keys of now, on the same ports",
    .about =
        "Ports and configuration stay where no others are given; keys and the other options are those of now, as for\n"
        "`pointsman start`. A configuration with faults stops nothing.",
    .examples = "pointsman restart\n"
                "pointsman restart --ask   # with other keys\n",
    .options = start_arguments,
    .run = run,
};
