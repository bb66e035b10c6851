/* loop: auth.json on disk: read, locked without waiting, and replaced atomically. */
#include "proxy/upstream/login_store.h"

#include "common/file.h"
#include "common/paths.h"
#include "common/replace.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool login_store_open(struct login_store *s, const char *codex_home)
{
    *s = (struct login_store){.path = paths_join(codex_home, "auth.json"), .lock = -1};
    return s->path != NULL;
}

void login_store_close(struct login_store *s)
{
    login_store_unlock(s);
    free(s->path);
    s->path = NULL;
}

static bool fail(const struct login_store *s, struct buf *why, const char *what)
{
    buf_add_format(why, "%s: %s: %s", s->path, what, strerror(errno));
    return false;
}

bool login_store_read(const struct login_store *s, struct buf *text, struct buf *why)
{
    /* All memory at once: a buffer that grows would leave copies of tokens in freed memory. */
    if (buf_reserve(text, LOGIN_STORE_MAX) && file_read(AT_FDCWD, s->path, 0, LOGIN_STORE_MAX - 1, text))
        return true;
    if (errno == EFBIG)
        buf_add_format(why, "%s: larger than %u KB", s->path, LOGIN_STORE_MAX >> 10);
    else
        buf_add_format(why, "%s: can't read it: %s", s->path, file_reason(errno));
    return false;
}

/* Returns the file's path, links resolved, with the suffix; free() it. NULL: it does not exist, or out of memory. */
static char *beside(const struct login_store *s, const char *suffix)
{
    char *path = realpath(s->path, NULL), *out = NULL;
    if (path && asprintf(&out, "%s%s", path, suffix) < 0)
        out = NULL;
    free(path);
    return out;
}

/* Returns whether the path may be written. A read-only mode counts, even if root could write the file. */
static bool writable(const char *path)
{
    struct stat now;
    if (stat(path, &now) != 0)
        return false;
    errno = EACCES;
    return (now.st_mode & S_IWUSR) && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static bool folder_writable(const char *path)
{
    char *copy = strdup(path);
    bool yes = copy && writable(dirname(copy));
    int error = errno;
    free(copy);
    errno = error;
    return yes;
}

enum login_lock login_store_lock(struct login_store *s)
{
    if (s->lock >= 0)
        return LOGIN_LOCK_HELD;
    char *path = beside(s, ".lock");
    int fd = path && folder_writable(path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    free(path);
    if (fd < 0)
        return LOGIN_LOCK_IMPOSSIBLE;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        s->lock = fd;
        return LOGIN_LOCK_HELD;
    }
    bool busy = errno == EWOULDBLOCK || errno == EINTR;
    (void)close(fd);
    return busy ? LOGIN_LOCK_BUSY : LOGIN_LOCK_IMPOSSIBLE;
}

void login_store_unlock(struct login_store *s)
{
    if (s->lock >= 0)
        (void)close(s->lock); /* the lock file stays: if it were removed, two processes could have the lock */
    s->lock = -1;
}

bool login_store_write(const struct login_store *s, struct slice text, struct buf *why)
{
    char *path = beside(s, "");
    struct stat old;
    bool ok = path && stat(path, &old) == 0 && writable(path) && folder_writable(path) &&
              replace_file(path, ".new", &(struct replace_owner){0600, old.st_uid, old.st_gid}, text);
    if (!ok)
        (void)fail(s, why, "can't replace it");
    free(path);
    return ok;
}
