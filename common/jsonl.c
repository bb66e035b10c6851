/* Appends lines of JSON to a private file and rotates it by size. */
#include "common/jsonl.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_AFTER_MS 1000 /* ms between two looks at what other processes did to the file */
/* A file is rotated at 6/8 of its greatest size. While another process has the lock, lines are written up to 7/8. The
 * rest is for what other processes write between this one's look and its write. */
#define ROTATE_AT(most) ((most) / 8 * 6)
#define REFUSE_AT(most) ((most) / 8 * 7)
#define LOOK_AFTER(most) ((most) / 64) /* bytes written between two looks */

/* A rotation in its own thread, which owns `fd`, a duplicate. */
struct rotation {
    pthread_t thread;
    char *path;
    struct log_limits limits;
    int fd;
    atomic_bool done;
};

static void *run_rotation(void *context)
{
    struct rotation *r = context;
    (void)!log_files_rotate(r->path, r->fd, &r->limits); /* if it fails, the next flush tries again */
    (void)close(r->fd);
    atomic_store_explicit(&r->done, true, memory_order_release);
    return NULL;
}

/* Waits for the rotation and frees it. */
static void end_rotation(struct jsonl *j)
{
    if (!j->rotation)
        return;
    (void)pthread_join(j->rotation->thread, NULL);
    free(j->rotation->path);
    free(j->rotation);
    j->rotation = NULL;
}

/* Starts a rotation unless one runs. Signals go to the other threads. */
static void start_rotation(struct jsonl *j)
{
    sigset_t all, before;
    if (j->rotation && !atomic_load_explicit(&j->rotation->done, memory_order_acquire))
        return;
    end_rotation(j);
    struct rotation *r = calloc(1, sizeof *r);
    if (!r)
        return;
    *r = (struct rotation){.path = strdup(j->path), .limits = j->limits, .fd = fcntl(j->fd, F_DUPFD_CLOEXEC, 0)};
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (r->path && r->fd >= 0 && pthread_create(&r->thread, NULL, run_rotation, r) == 0) {
        j->rotation = r;
    } else {
        if (r->fd >= 0)
            (void)close(r->fd);
        free(r->path);
        free(r);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Reads the file's size and last byte. false: errno is set. */
static bool look(struct jsonl *j, uint64_t now_ms)
{
    struct stat info;
    char last = '\n';
    if (fstat(j->fd, &info) != 0)
        return false;
    if (!S_ISREG(info.st_mode)) {
        errno = EINVAL;
        return false;
    }
    if ((info.st_mode & 077) != 0 && fchmod(j->fd, 0600) != 0)
        return false;
    if (info.st_nlink == 0) {
        errno = ENOENT;
        return false;
    }
    /* Without other writers, the size and the last byte are known. */
    if (!j->looked_ms || (size_t)info.st_size != j->size) {
        if (info.st_size > 0 && pread(j->fd, &last, 1, info.st_size - 1) != 1)
            return false;
        j->torn = last != '\n';
    }
    j->size = (size_t)info.st_size;
    size_t most = log_files_size(&j->limits), soon = j->size + LOOK_AFTER(most);
    j->look_at = soon < ROTATE_AT(most) ? soon : ROTATE_AT(most);
    j->looked_ms = now_ms;
    return true;
}

static void close_file(struct jsonl *j)
{
    if (j->fd >= 0)
        (void)close(j->fd);
    j->fd = -1;
    j->look_at = 0;
}

/* Opens PATH. false: errno is set. */
static bool open_file(struct jsonl *j)
{
    j->fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    j->looked_ms = 0;
    if (j->fd < 0)
        return false;
    if (look(j, clock_monotonic_ms()))
        return true;
    int reason = errno;
    close_file(j);
    errno = reason;
    return false;
}

struct jsonl *jsonl_open(const char *path, const struct log_limits *limits, size_t waiting_max, struct buf *error)
{
    struct jsonl *j = calloc(1, sizeof *j);
    if (!j)
        goto no_memory;
    j->fd = -1;
    j->limits = *limits;
    buf_init(&j->lines, waiting_max + 1);
    j->path = strdup(path);
    if (!j->path)
        goto no_memory;
    if (open_file(j)) {
        log_files_trim(path, limits);
        return j;
    }
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
    end_rotation(j);
    close_file(j);
    buf_free(&j->lines);
    free(j->path);
    free(j);
}

/* Looks at the file, opens it or rotates it, whichever is due. false: no room for `len` bytes; errno is set. */
static bool make_room(struct jsonl *j, size_t len)
{
    size_t most = log_files_size(&j->limits);
    int reason = EFBIG;
    if (j->fd >= 0 && !look(j, clock_monotonic_ms()))
        close_file(j);
    if (j->fd < 0 && !open_file(j))
        return false;
    /* Several times, because a file that another process has begun may be full, too. */
    for (unsigned i = 0; i < 3 && j->size > 0 && j->size + len > ROTATE_AT(most); i++) {
        if (j->limits.retire && j->size + len <= REFUSE_AT(most) && !log_files_moved(j->path, j->fd)) {
            start_rotation(j);
            reason = EWOULDBLOCK;
            break;
        }
        end_rotation(j); /* there is no room until it ends */
        if (!log_files_rotate(j->path, j->fd, &j->limits)) {
            reason = errno;
            break;
        }
        close_file(j);
        if (!open_file(j))
            return false;
    }
    errno = reason;
    return j->size + len <= REFUSE_AT(most);
}

static bool has_room(struct jsonl *j, size_t len)
{
    return j->size + len <= j->look_at && clock_monotonic_ms() - j->looked_ms < LOOK_AFTER_MS;
}

/* Counts the lines that are not whole in the file. */
static void count_dropped(struct jsonl *j, const char *written, size_t len)
{
    unsigned whole = 0;
    for (size_t i = 0; i < len; i++)
        whole += written[i] == '\n';
    j->dropped += j->waiting - (whole < j->waiting ? whole : j->waiting);
}

/* false: errno is set; not all lines were written. */
static bool write_lines(struct jsonl *j)
{
    errno = EMSGSIZE;
    if (j->lines.failed || (!has_room(j, j->lines.len) && !make_room(j, j->lines.len))) {
        j->dropped += j->waiting;
        return false;
    }
    /* If the file does not end with a newline, one is written first; the buffer starts with one for that. */
    size_t skip = j->torn ? 0 : 1;
    size_t len = j->lines.len - skip;
    ssize_t written;
    do
        written = write(j->fd, j->lines.data + skip, len);
    while (written < 0 && errno == EINTR);
    if (written <= 0) {
        j->dropped += j->waiting;
        return false;
    }
    j->size += (size_t)written;
    j->torn = j->lines.data[skip + (size_t)written - 1] != '\n';
    if ((size_t)written == len)
        return true;
    count_dropped(j, j->lines.data + 1, (size_t)written - (1 - skip));
    errno = ENOSPC;
    return false;
}

struct buf *jsonl_line(struct jsonl *j)
{
    if (!j->lines.len)
        BUF_ADD(&j->lines, "\n");
    j->waiting++;
    return &j->lines;
}

bool jsonl_flush(struct jsonl *j)
{
    if (!j->waiting)
        return true;
    bool written = write_lines(j);
    int saved = errno;
    buf_clear(&j->lines);
    j->waiting = 0;
    errno = saved;
    return written;
}

bool jsonl_reopen(struct jsonl *j)
{
    close_file(j);
    return open_file(j);
}
