/* The session app's settings, from the environment that conf/lighttpd.conf.in sets. */
#include "cgi/settings.h"

#include "cgi/keyfile.h"
#include "common/data_file.h"
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_NAME "litellm-cost-routing.yaml"

static const char *variable(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static bool read_number(const char *name, long lowest, long highest, long otherwise, long *out, struct buf *error)
{
    const char *text = variable(name, NULL);
    char *end = NULL;
    *out = text ? strtol(text, &end, 10) : otherwise;
    if (text && (*end || *out < lowest || *out > highest)) {
        buf_add_format(error, "%s=%s: must be a whole number from %ld to %ld", name, text, lowest, highest);
        return false;
    }
    return true;
}

static bool open_runtime_dir(struct settings *settings, struct buf *error)
{
    settings->runtime_dir = paths_runtime_dir(error);
    if (!settings->runtime_dir)
        return false;
    settings->runtime_fd = open(settings->runtime_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    settings->key_file = paths_join(settings->runtime_dir, KEYFILE_MASTER);
    settings->notify_path = paths_join(settings->runtime_dir, SETTINGS_NOTIFY);
    if (settings->runtime_fd < 0 || !settings->key_file || !settings->notify_path) {
        buf_add_format(error, "%s: %s", settings->runtime_dir, strerror(errno));
        return false;
    }
    return true;
}

/* Returns NULL if there is no home: everything but the ChatGPT login works without it. */
static char *find_login_file(void)
{
    char *home = paths_codex_home();
    char *file = home ? paths_join(home, "auth.json") : NULL;
    free(home);
    return file;
}

/* Whether both paths lead to the same file. */
static bool is_same_file(const char *a, const char *b)
{
    char *full_a = a ? realpath(a, NULL) : NULL, *full_b = b ? realpath(b, NULL) : NULL;
    bool same = full_a && full_b && strcmp(full_a, full_b) == 0;
    free(full_a);
    free(full_b);
    return same;
}

/* The command passes on only the path (locate_config() of cli/ finds it), from which the reason follows. */
static void find_config_from(struct settings *settings)
{
    char *shipped = data_file(CONFIG_NAME);
    settings->own_config = paths_own_config(CONFIG_NAME);
    settings->config_from = is_same_file(settings->config, settings->own_config) ? CONFIG_OWN
                            : is_same_file(settings->config, shipped)            ? CONFIG_SHIPPED
                                                                                 : CONFIG_GIVEN;
    free(shipped);
}

const char *settings_config_from(const struct settings *settings)
{
    static const char *const names[] = {[CONFIG_GIVEN] = "given", [CONFIG_OWN] = "own", [CONFIG_SHIPPED] = "shipped"};
    return names[settings->config_from];
}

bool settings_has_login(const struct settings *settings)
{
    return settings->login_file && access(settings->login_file, F_OK) == 0;
}

bool settings_read(struct settings *settings, pid_t first_parent, struct buf *error)
{
    long web_port, proxy_port, risk_port, parent;
    *settings = (struct settings){
        .proxy = variable("POINTSMAN_PROXY", POINTSMAN_BINDIR "/pointsman-proxy"),
        .command = variable("POINTSMAN_COMMAND", POINTSMAN_BINDIR "/pointsman"),
        .config = variable("POINTSMAN_CONFIG", POINTSMAN_DATADIR "/" CONFIG_NAME),
        .www = variable("POINTSMAN_WWW", POINTSMAN_DATADIR "/www"),
        .runtime_fd = -1,
        .server = -1,
        .localhost = -1,
        .login_file = find_login_file(),
    };
    if (!read_number("POINTSMAN_WEB_PORT", 1, 65535, 8787, &web_port, error) ||
        !read_number("POINTSMAN_PROXY_PORT", 1, 65535, 4000, &proxy_port, error) ||
        !read_number("POINTSMAN_RISK_PORT", 1, 65535, proxy_port < 65535 ? proxy_port + 1 : 1, &risk_port, error) ||
        !read_number("POINTSMAN_PARENT", 1, INT_MAX, first_parent, &parent, error))
        return false;
    settings->web_port = (unsigned)web_port;
    settings->proxy_port = (unsigned)proxy_port;
    settings->risk_port = (unsigned)risk_port;
    settings->parent = (pid_t)parent;
    (void)snprintf(settings->base_url, sizeof settings->base_url, "http://127.0.0.1:%u/v1", settings->proxy_port);
    find_config_from(settings);
    return open_runtime_dir(settings, error);
}
