/* Starts pointsman-proxy with an environment that inherits nothing by itself. */
#include "cgi/spawn.h"

#include "cgi/child_setup.h"
#include "common/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLES_MAX 112 /* FIELDS_MAX of the start, an alias, and our own */
#define LISTENER_FD 3     /* SD_LISTEN_FDS_START */

/* In locked memory, because it holds the keys. */
struct environment {
    char *list[VARIABLES_MAX + 1];
    size_t count;
    size_t used;
    bool failed;
    char *listen_pid; /* LISTEN_PID=…: the child fills in its pid after the fork */
    char text[32 * 1024];
};

static const char *const inherited[] = {"HOME", "CODEX_HOME", "XDG_CONFIG_HOME",
                                        "TZ",   "LANG",       "POINTSMAN_CODEX_CATALOG"};

static char *add(struct environment *env, const char *format, ...) PRINTF_LIKE(2, 3);

static char *add(struct environment *env, const char *format, ...)
{
    char *place = env->text + env->used;
    size_t room = sizeof env->text - env->used;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(place, room, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= room || env->count == VARIABLES_MAX) {
        env->failed = true;
        return place;
    }
    env->list[env->count++] = place;
    env->used += (size_t)len + 1;
    return place;
}

static bool has_variable(const struct keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->variable_count; i++)
        if (slice_is(keys->variables[i].name, name))
            return true;
    return false;
}

static void fill(struct environment *env, const struct spawn *spawn)
{
    env->listen_pid = add(env, "LISTEN_PID=%020d", 0);
    bool risk = spawn->listeners[PORT_RISK] >= 0;
    add(env, risk ? "LISTEN_FDS=2" : "LISTEN_FDS=1");
    add(env, risk ? "LISTEN_FDNAMES=proxy:risk" : "LISTEN_FDNAMES=proxy");
    add(env, "NOTIFY_SOCKET=%s", spawn->settings->notify_path);
    add(env, "POINTSMAN_PARENT=%d", (int)getpid());
    add(env, "POINTSMAN_KEY_FILE=%s", spawn->settings->key_file);
    add(env, "LITELLM_API_KEY=%s", spawn->master);
    for (unsigned key = 0; key < KEY_COUNT; key++) {
        struct slice value = spawn->keys->value[key];
        const char *alias = key_alias((enum key)key);
        if (value.len)
            add(env, "%s=%.*s", key_name((enum key)key), SLICE_ARGS(value));
        if (value.len && alias && !has_variable(spawn->keys, alias))
            add(env, "%s=%.*s", alias, SLICE_ARGS(value));
    }
    if (spawn->keys->agent_base.len)
        add(env, AGENT_BASE_NAME "=%.*s", SLICE_ARGS(spawn->keys->agent_base));
    for (unsigned choice = 0; choice < CHOICE_COUNT; choice++)
        if (spawn->keys->chosen[choice])
            add(env, "%s=1", choice_variable((enum choice)choice));
    for (size_t i = 0; i < spawn->keys->variable_count; i++)
        add(env, "%.*s=%.*s", SLICE_ARGS(spawn->keys->variables[i].name), SLICE_ARGS(spawn->keys->variables[i].value));
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++) {
        const char *value = getenv(inherited[i]);
        if (value && *value)
            add(env, "%s=%s", inherited[i], value);
    }
}

/* Moves the listeners to descriptors 3 and 4, as sd_listen_fds(3) requires: first to higher numbers, because either may
 * already be 3 or 4. */
static bool place_listeners(const int *listeners, int *count)
{
    int high[PORT_COUNT];
    *count = 0;
    for (unsigned i = 0; i < PORT_COUNT; i++)
        if (listeners[i] >= 0 &&
            (high[(*count)++] = fcntl(listeners[i], F_DUPFD_CLOEXEC, LISTENER_FD + PORT_COUNT)) < 0)
            return false;
    for (int i = 0; i < *count; i++)
        if (dup2(high[i], LISTENER_FD + i) < 0)
            return false;
    return true;
}

/* In the child: leaves descriptors 0 to 3 (or 4) open and no others, and resets the signals. */
static bool tidy(const struct spawn *spawn, int log)
{
    int count;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    return nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
           dup2(log, STDERR_FILENO) >= 0 && place_listeners(spawn->listeners, &count) &&
           close_range((unsigned)(LISTENER_FD + count), ~0U, 0) == 0 && signals_reset();
}

#define ARGUMENTS_MAX (12 + 2 * SERVE_HOSTS_MAX)

struct command_line {
    char *list[ARGUMENTS_MAX];
    size_t count;
    char text[4096];
    size_t used;
};

static void add_argument(struct command_line *line, const char *option, struct slice value)
{
    int len = snprintf(line->text + line->used, sizeof line->text - line->used, "%.*s", SLICE_ARGS(value));
    if (len < 0 || (size_t)len >= sizeof line->text - line->used || line->count + 3 > ARGUMENTS_MAX)
        return;
    line->list[line->count++] = (char *)option;
    line->list[line->count++] = line->text + line->used;
    line->used += (size_t)len + 1;
}

static void fill_arguments(struct command_line *line, const struct spawn *spawn)
{
    const struct serve_options *serving = &spawn->keys->serving;
    char number[16];
    line->list[line->count++] = (char *)spawn->settings->proxy;
    line->list[line->count++] = "--config";
    line->list[line->count++] = (char *)spawn->settings->config;
    (void)snprintf(number, sizeof number, "%u", spawn->settings->proxy_port);
    add_argument(line, "--port", slice_of(number));
    (void)snprintf(number, sizeof number, "%u", spawn->settings->risk_port);
    if (spawn->listeners[PORT_RISK] >= 0)
        add_argument(line, "--risk-port", slice_of(number));
    if (serving->strategy.len)
        add_argument(line, "--strategy", serving->strategy);
    for (unsigned i = 0; i < SERVE_HOSTS_MAX && serving->allow_host[i].len; i++)
        add_argument(line, "--allow-host", serving->allow_host[i]);
}

static _Noreturn void become_proxy(const struct spawn *spawn, struct environment *env, pid_t parent, int log)
{
    const char *program = spawn->settings->proxy;
    struct command_line line = {.count = 0};
    /* The proxy sets PR_SET_PDEATHSIG itself; set here too, so that it also ends if we die before its first statement.
     */
    if (!child_setup(spawn->settings, parent))
        _exit(127);
    fill_arguments(&line, spawn);
    (void)snprintf(env->listen_pid, sizeof "LISTEN_PID=" + 20, "LISTEN_PID=%d", (int)getpid());
    if (tidy(spawn, log))
        execve(program, line.list, env->list);
    dprintf(STDERR_FILENO, "%s: can't be started: %s\n", program, strerror(errno));
    _exit(127);
}

pid_t spawn_proxy(const struct spawn *spawn, int *log)
{
    pid_t parent = getpid(), child = -1;
    int pipe_fds[2];
    struct environment *env = sodium_malloc(sizeof *env);
    if (!env) {
        errno = ENOMEM;
        return -1;
    }
    sodium_memzero(env, sizeof *env);
    fill(env, spawn);
    if (env->failed) {
        errno = E2BIG;
    } else if (pipe2(pipe_fds, O_CLOEXEC) == 0) {
        child = fork();
        if (child == 0)
            become_proxy(spawn, env, parent, pipe_fds[1]);
        int error = errno;
        close(pipe_fds[1]);
        if (child < 0 || fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK) != 0)
            close(pipe_fds[0]);
        else
            *log = pipe_fds[0];
        errno = error;
    }
    int error = errno;
    sodium_free(env); /* overwrites it */
    errno = error;
    return child;
}
