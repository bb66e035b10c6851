/* pointsman-usage: the page's figures. Connects the parts, decides nothing. */
#include "cgi/usage/app.h"
#include "common/harden.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/sandbox.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "pointsman-usage is started by lighttpd, which `pointsman start` runs.\n"
                            "  --help     this text\n"
                            "  --version  print the version\n";

static int run_option(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("pointsman-usage " PACKAGE_VERSION) < 0;
    fputs(usage, argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
    return argc != 2 || strcmp(argv[1], "--help") != 0;
}

static bool read_number(const char *name, long highest, long otherwise, long *out)
{
    const char *text = getenv(name);
    char *end = NULL;
    *out = text && *text ? strtol(text, &end, 10) : otherwise;
    return !end || (!*end && *out > 0 && *out <= highest);
}

/* The request log's path; NULL: neither CODEX_HOME nor HOME is set. */
static char *find_log(void)
{
    char *home = paths_codex_home(), *folder = home ? paths_join(home, "logs") : NULL;
    char *path = folder ? paths_join(folder, LOG_REQUESTS) : NULL;
    free(home);
    free(folder);
    return path;
}

/* Enters the sandbox once the log folder exists: a rule of the sandbox needs it. Before that there is nothing to read.
 */
static void confine(const char *log, struct harden_status *harden)
{
    char *folder = log ? strdup(log) : NULL;
    if (harden->seccomp == HARDEN_UNUSED && folder && access(dirname(folder), F_OK) == 0)
        sandbox_enter(&(struct sandbox_path){folder, false}, 1, false, harden);
    free(folder);
}

static bool open_app(struct app *app, struct harden_status *harden, pid_t first_parent, struct buf *error)
{
    const char *www = getenv("POINTSMAN_WWW");
    long port, parent;
    if (!read_number("POINTSMAN_WEB_PORT", 65535, 8787, &port) ||
        !read_number("POINTSMAN_PARENT", INT32_MAX, first_parent, &parent)) {
        BUF_ADD(error, "POINTSMAN_WEB_PORT, POINTSMAN_PARENT: must be positive whole numbers");
        return false;
    }
    app->web_port = (unsigned)port;
    if (!harden_follow_parent(harden, (pid_t)parent)) {
        buf_add_format(error, "the web server (pid %ld) has ended", parent);
        return false;
    }
    if (!view_load(app, www && *www ? www : POINTSMAN_DATADIR "/www", error))
        return false;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&app->request.fcgi, 0, 0) != 0) {
        buf_add_format(error, "can't set up FastCGI: %s", strerror(errno));
        return false;
    }
    figures_init(&app->figures, find_log());
    figures_init(&app->filtered, find_log());
    figures_init(&app->sample, NULL);
    app->peer_fd = peer_open();
    return true;
}

int main(int argc, char **argv)
{
    pid_t first_parent = getppid();
    static struct app app;
    struct harden_status harden;
    harden_early(&harden);
    log_open("pointsman-usage", LOG_LEVEL_INFO);
    if (argc > 1 || FCGX_IsCGI())
        return run_option(argc, argv);
    struct buf error;
    buf_init(&error, 4096);
    (void)signal(SIGPIPE, SIG_IGN);
    if (!open_app(&app, &harden, first_parent, &error)) {
        log_error("%s", buf_message(&error));
        buf_free(&error);
        return EXIT_FAILURE;
    }
    buf_free(&error);
    harden_late(&harden);
    while (FCGX_Accept_r(&app.request.fcgi) == 0) {
        confine(app.figures.log, &harden);
        request_read(&app.request, app.body, app.peer_fd);
        answers_give(&app);
        request_finish(&app.request);
    }
    return EXIT_SUCCESS;
}
