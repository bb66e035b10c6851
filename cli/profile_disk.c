/* The managed profiles' files in CODEX_HOME. */
#include "cli/profile_disk.h"

#include "common/file.h"
#include "common/json.h"
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNDO_FILE "pointsman-profiles.json"
#define UNDO_MAX (2 * PROFILE_FILE_COUNT * PROFILE_FILE_MAX)
#define SUFFIX ".pointsman-new"

static bool fail(struct buf *why, const char *path, const char *what)
{
    buf_add_format(why, "%s: %s: %s", path, what, file_reason(errno));
    return false;
}

/* Some network file systems can't lock a folder; then there is no lock. Two commands at the same time are rare. */
static bool lock_folder(int fd)
{
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return errno != EWOULDBLOCK;
    return true;
}

bool profile_home_open(struct profile_home *home, bool make, struct buf *why)
{
    *home = (struct profile_home){.lock = -1};
    char *path = paths_codex_home();
    if (!path) {
        BUF_ADD(why, "neither CODEX_HOME nor HOME is set");
        return false;
    }
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST) {
        (void)fail(why, path, "can't create the folder");
        free(path);
        return false;
    }
    home->path = realpath(path, NULL);
    home->lock = home->path ? open(home->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool ok = home->lock >= 0 && lock_folder(home->lock);
    if (!ok && (make || errno != ENOENT))
        (void)fail(why, path, "can't open the folder");
    free(path);
    return ok;
}

void profile_home_close(struct profile_home *home)
{
    if (home->lock >= 0)
        (void)close(home->lock);
    free(home->path);
    *home = (struct profile_home){.lock = -1};
}

static bool read_open(int fd, struct profile_bytes *now, size_t most)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    now->exists = true;
    now->owner = (struct replace_owner){st.st_mode & 07777, st.st_uid, st.st_gid};
    return file_read_open(fd, most, &now->text);
}

static bool read_file(const char *path, struct profile_bytes *now, size_t most, struct buf *why)
{
    *now = (struct profile_bytes){0};
    buf_init(&now->text, most + 1);
    int fd = file_open(AT_FDCWD, path, O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || fail(why, path, "can't open");
    bool ok = read_open(fd, now, most) || fail(why, path, "can't read");
    (void)close(fd);
    return ok;
}

bool profile_read(const char *path, struct profile_bytes *now, struct buf *why)
{
    return read_file(path, now, PROFILE_FILE_MAX, why);
}

static bool is_utf8(struct slice text)
{
    while (text.len) {
        size_t len = json_utf8_length(text);
        if (!len)
            return false;
        text.ptr += len;
        text.len -= len;
    }
    return true;
}

char *profile_resolve(const struct profile_home *home, const char *name, struct buf *why)
{
    struct stat st;
    char *path = paths_join(home->path, name), *real = path ? realpath(path, NULL) : NULL;
    if (!real && path && errno == ENOENT && lstat(path, &st) != 0 && errno == ENOENT) {
        real = path;
        path = NULL;
    } else if (!real) {
        (void)fail(why, path ? path : name, "can't resolve the path");
    }
    free(path);
    if (real && !is_utf8(slice_of(real))) { /* the undo file stores it as JSON */
        buf_add_format(why, "%s: the path is not UTF-8", real);
        free(real);
        return NULL;
    }
    return real;
}

bool profile_undo_load(const char *home, struct profile_undo *u, bool *there, struct buf *why)
{
    struct profile_bytes now;
    char *path = paths_join(home, UNDO_FILE);
    bool ok = path && read_file(path, &now, UNDO_MAX, why);
    *there = ok && now.exists;
    if (*there) {
        buf_add_format(why, "%s: ", path);
        ok = profile_undo_parse(u, buf_slice(&now.text), why);
        if (ok)
            buf_clear(why);
        else
            profile_undo_free(u);
    }
    if (path)
        buf_free(&now.text);
    free(path);
    return ok;
}

bool profile_undo_store(const struct profile_home *home, const struct profile_undo *u, struct buf *why)
{
    struct buf text;
    char *path = paths_join(home->path, UNDO_FILE);
    buf_init(&text, UNDO_MAX);
    errno = ENOMEM;
    bool ok = path && profile_undo_print(u, &text) &&
              replace_file(path, SUFFIX, &(struct replace_owner){0600, geteuid(), getegid()}, buf_slice(&text));
    if (!ok)
        (void)fail(why, path ? path : UNDO_FILE, "can't write");
    buf_free(&text);
    free(path);
    return ok;
}

bool profile_undo_remove(const struct profile_home *home, struct buf *why)
{
    char *path = paths_join(home->path, UNDO_FILE), *fresh = paths_join(home->path, UNDO_FILE SUFFIX);
    errno = ENOMEM;
    bool ok = path && fresh && replace_with_nothing(path);
    if (!ok)
        (void)fail(why, path ? path : UNDO_FILE, "can't remove");
    else
        (void)unlink(fresh);
    free(path);
    free(fresh);
    return ok;
}

bool profile_write(const struct profile_change *change, struct slice text, struct buf *why)
{
    struct profile_bytes now;
    char hash[PROFILE_HASH_SIZE];
    bool ok = profile_read(change->path, &now, why);
    profile_hash(buf_slice(&now.text), hash);
    if (ok && (now.exists != change->is_there || strcmp(hash, change->found) != 0)) {
        buf_add_format(why, "%s: changed by another program meanwhile: try again", change->path);
        ok = false;
    }
    if (ok && !replace_file(change->path, SUFFIX, &change->owner, text))
        ok = fail(why, change->path, "can't write");
    buf_free(&now.text);
    return ok;
}

static bool is_blank(struct slice text)
{
    while (text.len && memchr(" \t\r\n", *text.ptr, 4)) {
        text.ptr++;
        text.len--;
    }
    return !text.len;
}

/* The file was changed by another program: removes only our part. */
static bool take_out(const struct profile_spec *spec, enum profile_file file, const struct profile_change *change,
                     const struct profile_bytes *now, struct buf *why)
{
    struct buf rest;
    buf_init(&rest, PROFILE_FILE_MAX);
    bool ok = profile_text_remove(spec, file, buf_slice(&now->text), &rest, why);
    if (ok && !change->existed && is_blank(buf_slice(&rest)))
        ok = replace_with_nothing(change->path) || fail(why, change->path, "can't remove");
    else if (ok && !slice_equal(buf_slice(&rest), buf_slice(&now->text)))
        ok = replace_file(change->path, SUFFIX, &now->owner, buf_slice(&rest)) ||
             fail(why, change->path, "can't write");
    buf_free(&rest);
    return ok;
}

static void remove_leftover(const char *path)
{
    struct buf fresh;
    buf_init(&fresh, 8192);
    if (buf_add_text(&fresh, path) && BUF_ADD(&fresh, SUFFIX))
        (void)unlink(buf_text(&fresh));
    buf_free(&fresh);
}

bool profile_restore(const struct profile_spec *spec, enum profile_file file, const struct profile_change *change,
                     struct buf *why)
{
    struct profile_bytes now;
    char hash[PROFILE_HASH_SIZE];
    remove_leftover(change->path);
    bool ok = profile_read(change->path, &now, why);
    profile_hash(buf_slice(&now.text), hash);
    if (!ok || !now.exists || (change->existed && slice_equal(buf_slice(&now.text), buf_slice(&change->before)))) {
        /* Never changed, already restored, or removed by the user. */
    } else if (strcmp(hash, change->after) != 0) {
        ok = !profile_file_is_toml(file) || take_out(spec, file, change, &now, why);
    } else if (change->existed) {
        /* Keep the current mode and owner: they are the original ones, unless the user changed them. */
        ok = replace_file(change->path, SUFFIX, &now.owner, buf_slice(&change->before)) ||
             fail(why, change->path, "can't write");
    } else {
        ok = replace_with_nothing(change->path) || fail(why, change->path, "can't remove");
    }
    buf_free(&now.text);
    return ok;
}
