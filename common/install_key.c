/* The secret of this installation. */
#include "common/install_key.h"

#include "common/file.h"
#include "common/log.h"
#include "common/paths.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096 /* bytes; madvise(2), which sodium_mlock() calls, takes whole pages only */

/* A page of its own, because locking and excluding from core dumps work by page. */
static struct {
    _Alignas(PAGE) unsigned char bytes[INSTALL_KEY_BYTES];
    bool is_set, is_of_file;
} key;

/* Why the open file is not used; NULL: it is. */
static const char *refusal(const struct stat *st)
{
    if (st->st_uid != geteuid())
        return "owned by another user: remove it";
    if (st->st_mode & 077)
        return "accessible to others: remove it, so that a new key is created";
    return st->st_size != INSTALL_KEY_BYTES ? "not a key of 32 bytes: remove it, so that a new one is created" : NULL;
}

/* *reason: why the file is not used; NULL: it is missing. */
static bool read_key(const char *path, const char **reason)
{
    struct stat st;
    struct buf text;
    int fd = file_open(AT_FDCWD, path, O_NOFOLLOW);
    *reason = fd >= 0 || errno == ENOENT ? NULL : errno == ELOOP ? "a symbolic link: remove it" : file_reason(errno);
    if (fd < 0)
        return false;
    buf_init(&text, INSTALL_KEY_BYTES + 1);
    if (fstat(fd, &st) != 0)
        *reason = strerror(errno);
    else if (!(*reason = refusal(&st)) && !file_read_open(fd, INSTALL_KEY_BYTES, &text))
        *reason = file_reason(errno);
    else if (!*reason && text.len != INSTALL_KEY_BYTES)
        *reason = "truncated while it was read";
    if (!*reason)
        memcpy(key.bytes, text.data, INSTALL_KEY_BYTES);
    close(fd);
    if (text.data)
        sodium_memzero(text.data, text.len);
    buf_free(&text);
    return !*reason;
}

/* Writes a new file of the key in memory. */
static bool write_key(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    ssize_t done = write(fd, key.bytes, INSTALL_KEY_BYTES);
    bool ok = done == INSTALL_KEY_BYTES && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
    int error = done >= 0 && done < INSTALL_KEY_BYTES ? ENOSPC : errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    errno = error;
    return ok;
}

/* link(2) fails if another process has created the file meanwhile. Its key counts then. */
static bool create_key(const char *path, const char **reason)
{
    char *fresh = NULL;
    if (asprintf(&fresh, "%s.%08x.new", path, (unsigned)randombytes_random()) < 0) {
        *reason = strerror(ENOMEM);
        return false;
    }
    bool written = write_key(fresh), created = written && link(fresh, path) == 0;
    int error = errno;
    if (written || error != EEXIST)
        (void)unlink(fresh);
    free(fresh);
    *reason = created ? NULL : strerror(error);
    return created || (written && error == EEXIST && read_key(path, reason));
}

static void make_random(void)
{
    (void)sodium_mlock(key.bytes, sizeof key.bytes); /* fails above RLIMIT_MEMLOCK */
    randombytes_buf(key.bytes, sizeof key.bytes);
    key.is_set = true;
}

bool install_key_load(const char *folder)
{
    char *path = folder ? paths_join(folder, INSTALL_KEY_FILE) : NULL;
    const char *reason = folder && !path ? strerror(ENOMEM) : NULL;
    if (key.is_set) {
        (void)sodium_mlock(key.bytes, sizeof key.bytes); /* fork(2) does not pass locks on */
    } else {
        make_random();
        key.is_of_file = path && (read_key(path, &reason) || (!reason && create_key(path, &reason)));
        if (folder && !key.is_of_file)
            log_warning("%s/%s: can't use the installation's key, so hashes of conversations differ after a restart: "
                        "%s",
                        folder, INSTALL_KEY_FILE, reason);
    }
    free(path);
    return key.is_of_file;
}

void install_key_derive(const char *purpose, unsigned char out[INSTALL_KEY_BYTES])
{
    if (!key.is_set)
        make_random();
    (void)crypto_generichash(out, INSTALL_KEY_BYTES, (const unsigned char *)purpose, strlen(purpose), key.bytes,
                             sizeof key.bytes);
}

void install_key_forget(void)
{
    (void)sodium_munlock(key.bytes, sizeof key.bytes); /* overwrites */
    key.is_set = key.is_of_file = false;
}
