/* Files for lighttpd and the key-page server in the runtime folder. */
#include "cli/lighttpd_files.h"

#include "cli/locate.h"
#include "common/file.h"
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEMPLATE_MAX (256u << 10) /* bytes */

static const char *const files[] = {
    LIGHTTPD_PID,        LIGHTTPD_CONF,       LIGHTTPD_LOG,       "url",
    "session-token",     "notify.sock",       "session.sock",     "session.sock-0",
    "pointsman-session", "usage.sock",        "usage.sock-0",     "pointsman-usage",
    SERVER_WEB_GUARD,    "codex-models.json", "codex-models.new", "codex-litellm-proxy.key",
};

void lighttpd_files_remove(const struct lighttpd *server)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlinkat(server->lock, files[i], 0);
    (void)rmdir(server->runtime);
}

static bool add_quoted(struct buf *out, const char *value)
{
    for (; *value; value++) {
        if ((unsigned char)*value < ' ' || *value == 0x7f)
            return false;
        if (*value == '"' || *value == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *value);
    }
    return true;
}

static bool add_value(struct slice name, const char *const *values, struct buf *out, struct buf *error)
{
    for (; *values; values += 2) {
        if (!slice_is(name, values[0]))
            continue;
        if (values[1] && add_quoted(out, values[1]))
            return true;
        buf_add_format(error, "%s: control characters are not allowed in paths of lighttpd's configuration", values[1]);
        return false;
    }
    buf_add_format(error, "lighttpd.conf.in: unknown name @%.*s@", SLICE_ARGS(name));
    return false;
}

/* A name is capital letters and underscores; any other @ is literal. */
static size_t name_length(const char *at, const char *end)
{
    size_t len = 0;
    while (at + len < end && ((at[len] >= 'A' && at[len] <= 'Z') || at[len] == '_'))
        len++;
    return at + len < end && at[len] == '@' ? len : 0;
}

bool lighttpd_files_fill(struct slice template, const char *const *values, struct buf *out, struct buf *error)
{
    const char *at = template.ptr, *end = template.ptr + template.len;
    while (at < end) {
        const char *mark = memchr(at, '@', (size_t)(end - at));
        size_t len = mark ? name_length(mark + 1, end) : 0;
        const char *stop = len ? mark : mark ? mark + 1 : end;
        buf_add(out, at, (size_t)(stop - at));
        if (len && !add_value((struct slice){mark + 1, len}, values, out, error))
            return false;
        at = len ? mark + len + 2 : stop;
    }
    return !out->failed;
}

static bool fault(struct buf *error, const char *path)
{
    buf_add_format(error, "%s: %s", path ? path : "a path", strerror(errno));
    return false;
}

static bool read_template(struct buf *out, struct buf *error)
{
    char *path = locate_data("lighttpd.conf.in");
    bool read = path && file_read(AT_FDCWD, path, 0, TEMPLATE_MAX - 1, out);
    if (!read)
        buf_add_format(error, "%s: %s", path ? path : "lighttpd.conf.in", path ? file_reason(errno) : "out of memory");
    free(path);
    return read;
}

/* Creates a file of mode 0600 in the folder. */
static bool write_file(const struct lighttpd *server, const char *name, struct slice text, struct buf *error)
{
    (void)unlinkat(server->lock, name, 0);
    int fd = openat(server->lock, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    if (!written)
        buf_add_format(error, "%s/%s: %s", server->runtime, name, strerror(errno ? errno : ENOSPC));
    if (fd >= 0)
        close(fd);
    return written;
}

bool lighttpd_files_write_pid(const struct lighttpd *server, int pid, struct buf *error)
{
    char text[16];
    int len = snprintf(text, sizeof text, "%d\n", pid);
    return write_file(server, LIGHTTPD_PID, (struct slice){text, (size_t)len}, error);
}

static bool write_conf(const struct lighttpd *server, const struct lighttpd_options *options, const char *proxy,
                       const char *config, struct buf *error)
{
    struct buf template, conf;
    char web_port[16], proxy_port[16], risk_port[16], *www = locate_data("www"),
                                                      *command = locate_program(LOCATE_COMMAND);
    (void)snprintf(web_port, sizeof web_port, "%u", options->web_port);
    (void)snprintf(proxy_port, sizeof proxy_port, "%u", options->proxy_port);
    (void)snprintf(risk_port, sizeof risk_port, "%u", options->risk_port);
    const char *const values[] = {
        "WEB_PORT",    web_port,        "PROXY_PORT", proxy_port, "RISK_PORT", risk_port,
        "RUNTIME_DIR", server->runtime, "WWW",        www,        "PROXY",     proxy,
        "CONFIG",      config,          "COMMAND",    command,    NULL,
    };
    buf_init(&template, TEMPLATE_MAX);
    buf_init(&conf, 2 * TEMPLATE_MAX);
    bool written = read_template(&template, error) && lighttpd_files_fill(buf_slice(&template), values, &conf, error) &&
                   write_file(server, LIGHTTPD_CONF, buf_slice(&conf), error);
    buf_free(&template);
    buf_free(&conf);
    free(www);
    free(command);
    return written;
}

/* The absolute path of the configuration: the proxy starts in another folder. Free with free(). */
static char *find_config(const struct lighttpd_options *options, struct buf *error)
{
    char *given = options->config ? strdup(options->config) : locate_config();
    char *full = given ? realpath(given, NULL) : NULL;
    if (!full && given)
        (void)fault(error, given);
    else if (!full)
        BUF_ADD(error, LOCATE_CONFIG ": not found: reinstall pointsman");
    free(given);
    return full;
}

/* Links the program under a fixed name, because its path may contain spaces: lighttpd splits bin-path at spaces, and
 * the loader splits LD_PRELOAD. false: one line in `error`. */
static bool link_program(const struct lighttpd *server, const char *program, const char *name, struct buf *error)
{
    char *path = locate_program(program);
    (void)unlinkat(server->lock, name, 0);
    bool linked = path && access(path, R_OK) == 0 && symlinkat(path, server->lock, name) == 0;
    if (!linked)
        (void)fault(error, path ? path : name);
    free(path);
    return linked;
}

bool lighttpd_files_write(const struct lighttpd *server, const struct lighttpd_options *options, struct buf *error)
{
    char url[64], *proxy = locate_program(LOCATE_PROXY);
    char *config = find_config(options, error);
    int len = snprintf(url, sizeof url, "http://127.0.0.1:%u\n", options->web_port);
    (void)unlinkat(server->lock, "session-token", 0);
    bool written = config && proxy && write_conf(server, options, proxy, config, error) &&
                   link_program(server, LOCATE_SESSION, "pointsman-session", error) &&
                   link_program(server, LOCATE_USAGE, "pointsman-usage", error) &&
                   link_program(server, LOCATE_WEB_GUARD, SERVER_WEB_GUARD, error) &&
                   write_file(server, "url", (struct slice){url, (size_t)len}, error);
    free(proxy);
    free(config);
    return written;
}
