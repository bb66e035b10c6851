/* pointsman web: opens the key page. */
#include "cli/command.h"
#include "cli/session_client.h"
#include "cli/terminal.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

enum { PRINT };

static const struct command_option options[] = {
    [PRINT] = {.name = "print", .summary = "print the URL only"},
    {0},
};

/* Hands the URL to the desktop. Its output is discarded. */
static void open_browser(const char *url)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnp(&pid, "xdg-open", &actions, NULL, (char *[]){"xdg-open", (char *)url, NULL}, environ);
    posix_spawn_file_actions_destroy(&actions);
}

static bool has_desktop(void)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x && *x) || (wayland && *wayland);
}

static int run(const struct arguments *arguments)
{
    struct session_client session;
    struct session_status status = {0};
    struct buf error;
    int code = EXIT_ABSENT;
    buf_init(&error, 4096);
    if (!session_client_find(&session, &error) || !session_client_status(&session, &status, &error)) {
        say("%s", buf_message(&error));
    } else {
        code = EXIT_OK;
        printf("%s/\n", session.url);
        if (!arguments->values[PRINT] && has_desktop())
            open_browser(session.url);
    }
    session_status_free(&status);
    session_client_close(&session);
    buf_free(&error);
    return code;
}

const struct command command_web = {
    .name = "web",
    .summary = "Open the key page in a browser and print its URL",
    .examples = "pointsman web           # open it\n"
                "pointsman web --print   # print the URL only\n",
    .options = options,
    .run = run,
};
