/* Run-time files and folders, by the XDG rules and CODEX_HOME. */
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *format_path(const char *format, const char *a, const char *b)
{
    size_t size = strlen(format) + strlen(a) + strlen(b) + 1;
    char *path = malloc(size);
    if (path) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(path, size, format, a, b);
#pragma GCC diagnostic pop
    }
    return path;
}

/* An empty variable counts as unset (XDG Base Directory Specification). */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

char *paths_join(const char *dir, const char *name)
{
    return format_path("%s/%s", dir, name);
}

/* Whether the folder belongs to this user and no other user can enter it. */
static bool own_folder(const char *path, struct buf *error)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        buf_add_format(error, "%s: can't open the folder: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    close(fd);
    if (st.st_uid != geteuid()) {
        buf_add_format(error, "%s: owned by user %u; remove it, or set POINTSMAN_RUNTIME_DIR", path,
                       (unsigned)st.st_uid);
        return false;
    }
    if (st.st_mode & 077) {
        buf_add_format(error, "%s: accessible to others (mode %03o); run: chmod 700 '%s'", path,
                       (unsigned)(st.st_mode & 0777), path);
        return false;
    }
    return true;
}

/* The runtime folder's path, whether or not it exists. */
static char *runtime_path(struct buf *error)
{
    char *path, uid[24];
    const char *base = variable("POINTSMAN_RUNTIME_DIR");
    if (base) {
        path = strdup(base);
    } else if ((base = variable("XDG_RUNTIME_DIR"))) {
        path = paths_join(base, "pointsman");
    } else {
        (void)snprintf(uid, sizeof uid, "%u", (unsigned)geteuid());
        base = variable("TMPDIR");
        path = format_path("%s/pointsman-%s", base ? base : "/tmp", uid);
    }
    if (!path)
        BUF_ADD(error, "out of memory");
    return path;
}

char *paths_runtime_dir(struct buf *error)
{
    char *path = runtime_path(error);
    if (!path)
        return NULL;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        buf_add_format(error, "%s: can't create the folder: %s", path, strerror(errno));
    else if (own_folder(path, error))
        return path;
    free(path);
    return NULL;
}

char *paths_find_runtime_dir(struct buf *error)
{
    char *path = runtime_path(error);
    if (path && access(path, F_OK) == 0 && own_folder(path, error))
        return path;
    free(path);
    return NULL;
}

/* The path with its first `len` bytes resolved; NULL: they do not exist. */
static char *resolve_start(const char *path, size_t len)
{
    char *start = len ? strndup(path, len) : strdup(*path == '/' ? "/" : ".");
    char *real = start ? realpath(start, NULL) : NULL, *whole = NULL;
    const char *rest = path + len + (path[len] == '/');
    if (real)
        whole = *rest ? format_path("%s/%s", strcmp(real, "/") == 0 ? "" : real, rest) : strdup(real);
    free(start);
    free(real);
    return whole;
}

char *paths_runtime_name(struct buf *error)
{
    char *path = runtime_path(error), *name = NULL;
    size_t len = path ? strlen(path) : 0;
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    while (path && !(name = resolve_start(path, len)) && len)
        do
            len--;
        while (len && path[len] != '/');
    free(path);
    if (!name && !error->len)
        BUF_ADD(error, "out of memory");
    return name;
}

char *paths_codex_home(void)
{
    const char *home = variable("CODEX_HOME");
    if (home)
        return strdup(home);
    home = variable("HOME");
    return home ? paths_join(home, ".codex") : NULL;
}

char *paths_log_dir(struct buf *error)
{
    char *home = paths_codex_home();
    char *logs = home ? paths_join(home, "logs") : NULL;
    if (!logs && (variable("CODEX_HOME") || variable("HOME")))
        BUF_ADD(error, "out of memory");
    else if (!logs)
        BUF_ADD(error, "no folder for logs: set CODEX_HOME or HOME");
    else if ((mkdir(home, 0700) != 0 && errno != EEXIST) || (mkdir(logs, 0700) != 0 && errno != EEXIST)) {
        buf_add_format(error, "%s: can't create the folder: %s", logs, strerror(errno));
        free(logs);
        logs = NULL;
    }
    free(home);
    return logs;
}

char *paths_own_config(const char *name)
{
    const char *base = variable("XDG_CONFIG_HOME"), *home = variable("HOME");
    char *dir = base ? paths_join(base, "pointsman") : home ? paths_join(home, ".config/pointsman") : NULL;
    char *path = dir ? paths_join(dir, name) : NULL;
    free(dir);
    return path;
}

char *paths_config_file(const char *name, const char *installed_dir)
{
    char *path = paths_own_config(name);
    if (path && access(path, F_OK) == 0)
        return path;
    free(path);
    path = paths_join(installed_dir, name);
    if (path && access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}
