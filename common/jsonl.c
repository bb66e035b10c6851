/* Appends lines of JSON to a private file and rotates it by size. */
#include "common/jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens PATH and reads its size and last byte. false: errno is set. */
static bool open_file(struct jsonl *j)
{
    struct stat info;
    char last = '\n';
    int fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return false;
    if (fstat(fd, &info) != 0)
        goto failed;
    if (!S_ISREG(info.st_mode)) {
        errno = EINVAL;
        goto failed;
    }
    if ((info.st_mode & 077) != 0 && fchmod(fd, 0600) != 0)
        goto failed;
    if (info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) != 1)
        goto failed;
    j->fd = fd;
    j->size = (size_t)info.st_size;
    j->torn = last != '\n';
    return true;
failed:
    (void)close(fd);
    return false;
}

struct jsonl *jsonl_open(const char *path, size_t max_bytes, size_t waiting_max, struct buf *error)
{
    size_t len = strlen(path);
    struct jsonl *j = calloc(1, sizeof *j);
    if (!j)
        goto no_memory;
    j->fd = -1;
    j->max_bytes = max_bytes;
    buf_init(&j->lines, waiting_max + 1);
    j->path = strdup(path);
    j->rotated = malloc(len + 3);
    if (!j->path || !j->rotated)
        goto no_memory;
    snprintf(j->rotated, len + 3, "%s.1", path);
    if (open_file(j))
        return j;
    buf_add_format(error, "%s: can't open the file: %s", path,
                   errno == ELOOP    ? "it is a symbolic link"
                   : errno == EINVAL ? "not a regular file"
                                     : strerror(errno));
    jsonl_close(j);
    return NULL;
no_memory:
    buf_add_format(error, "%s: out of memory", path);
    jsonl_close(j);
    return NULL;
}

void jsonl_close(struct jsonl *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        (void)close(j->fd);
    buf_free(&j->lines);
    free(j->rotated);
    free(j->path);
    free(j);
}

/* Starts a new file. If another process has rotated already, opens that process's new file. */
static void rotate(struct jsonl *j)
{
    struct stat ours, named;
    bool same = fstat(j->fd, &ours) == 0 && lstat(j->path, &named) == 0 && ours.st_ino == named.st_ino &&
                ours.st_dev == named.st_dev;
    if (same && rename(j->path, j->rotated) != 0)
        return; /* a file that is too long is better than none */
    (void)close(j->fd);
    j->fd = -1;
    (void)open_file(j);
}

/* false: errno is set; not all lines were written. */
static bool write_lines(struct jsonl *j)
{
    if (j->lines.failed) {
        errno = EMSGSIZE;
        return false;
    }
    if (j->fd >= 0 && j->size > 0 && j->size + j->lines.len > j->max_bytes)
        rotate(j);
    if (j->fd < 0 && !open_file(j))
        return false;
    /* If the file does not end with a newline, one is written first; the buffer starts with one for that. */
    size_t skip = j->torn ? 0 : 1;
    size_t len = j->lines.len - skip;
    ssize_t written;
    do
        written = write(j->fd, j->lines.data + skip, len);
    while (written < 0 && errno == EINTR);
    if (written <= 0)
        return false;
    j->size += (size_t)written;
    j->torn = (size_t)written < len;
    if (j->torn)
        errno = ENOSPC;
    return !j->torn;
}

struct buf *jsonl_lines(struct jsonl *j)
{
    if (!j->lines.len)
        BUF_ADD(&j->lines, "\n");
    return &j->lines;
}

bool jsonl_flush(struct jsonl *j)
{
    if (!j->lines.len)
        return true;
    bool written = write_lines(j);
    int saved = errno;
    buf_clear(&j->lines);
    errno = saved;
    return written;
}

bool jsonl_reopen(struct jsonl *j)
{
    if (j->fd >= 0)
        (void)close(j->fd);
    j->fd = -1;
    return open_file(j);
}
