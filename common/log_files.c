/* Names, caps and rotates the files of the logs. */
#include "common/log_files.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const LOGS[] = {LOG_REQUESTS, LOG_RUNS, LOG_DEBUG};
#define LOG_COUNT (sizeof LOGS / sizeof *LOGS)

/* The name of a log; NULL: there is no such log. */
static const char *log_name(unsigned log, const struct log_limits *limits)
{
    return log < LOG_COUNT ? LOGS[log] : *limits->session ? limits->session : NULL;
}

bool log_files_session_name(const char *name)
{
    static const char END[] = ".jsonl";
    size_t len = strlen(name);
    bool plain = len >= sizeof END && len < LOG_NAME_SIZE && *name != '.' &&
                 strcmp(name + len - (sizeof END - 1), END) == 0;
    for (size_t i = 0; i < LOG_COUNT; i++)
        plain = plain && strcmp(name, LOGS[i]) != 0;
    return plain && strcmp(name, LOG_SUMS) != 0 &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

/* What is in the folder. */
struct census {
    unsigned units;        /* files, each counted by the greatest size that it may have */
    bool any;              /* there is a rotated file; the oldest one: */
    unsigned log, number;  /* log_name(), NUMBER */
    struct timespec mtime; /* last written */
};

size_t log_files_size(const struct log_limits *limits)
{
    return (size_t)(limits->total / limits->files);
}

/* "FOLDER/NAME", "FOLDER/NAME.N" with a number above 0. false: too long. */
static bool name_file(char out[PATH_MAX], struct slice folder, const char *name, unsigned number)
{
    int len = number ? snprintf(out, PATH_MAX, "%.*s/%s.%u", SLICE_ARGS(folder), name, number)
                     : snprintf(out, PATH_MAX, "%.*s/%s", SLICE_ARGS(folder), name);
    errno = ENAMETOOLONG;
    return len > 0 && len < PATH_MAX;
}

static void split(const char *path, struct slice *folder, const char **name)
{
    const char *slash = strrchr(path, '/');
    *folder = slash ? (struct slice){path, (size_t)(slash - path)} : SLICE(".");
    *name = slash ? slash + 1 : path;
}

static bool is_older(const struct stat *info, unsigned number, const struct census *than)
{
    if (info->st_mtim.tv_sec != than->mtime.tv_sec)
        return info->st_mtim.tv_sec < than->mtime.tv_sec;
    if (info->st_mtim.tv_nsec != than->mtime.tv_nsec)
        return info->st_mtim.tv_nsec < than->mtime.tv_nsec;
    return number > than->number;
}

static void take_census(struct slice folder, const struct log_limits *limits, struct census *c)
{
    char path[PATH_MAX];
    struct stat info;
    uint64_t most = log_files_size(limits);
    *c = (struct census){0};
    for (unsigned log = 0; log <= LOG_COUNT && log_name(log, limits); log++) {
        for (unsigned n = 0; n < LOG_FILES_MAX; n++) {
            bool there = name_file(path, folder, log_name(log, limits), n) && lstat(path, &info) == 0 &&
                         S_ISREG(info.st_mode);
            if (!there && n > 0)
                continue;
            uint64_t size = there ? (uint64_t)info.st_size : 0;
            c->units += size > most ? (unsigned)((size + most - 1) / most) : 1;
            if (n > 0 && (!c->any || is_older(&info, n, c))) {
                c->any = true;
                c->log = log;
                c->number = n;
                c->mtime = info.st_mtim;
            }
        }
    }
}

/* Removes the oldest rotated files until `fresh` more files have room. false: they have none, and errno is set. */
static bool make_room(struct slice folder, const struct log_limits *limits, unsigned fresh)
{
    char path[PATH_MAX];
    struct census census;
    for (take_census(folder, limits, &census); census.units + fresh > limits->files;
         take_census(folder, limits, &census)) {
        errno = EDQUOT;
        if (!census.any || !name_file(path, folder, log_name(census.log, limits), census.number))
            return false;
        if (limits->retire && strcmp(log_name(census.log, limits), LOG_REQUESTS) == 0)
            limits->retire(path);
        if (unlink(path) != 0)
            return false;
    }
    return true;
}

/* Locks the folder for this process's rotation. -1: errno is set. */
static int lock_folder(struct slice folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%.*s/", SLICE_ARGS(folder)) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int reason = errno;
        (void)close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

void log_files_trim(const char *path, const struct log_limits *limits)
{
    struct slice folder;
    const char *name;
    split(path, &folder, &name);
    int lock = lock_folder(folder);
    if (lock < 0)
        return;
    (void)make_room(folder, limits, 0);
    (void)close(lock);
}

/* Renames from the first missing number down, so that a killed process leaves a gap at most, which the next one fills.
 */
static bool shift(struct slice folder, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX];
    struct stat info;
    unsigned gap = 1;
    while (gap < LOG_FILES_MAX && name_file(to, folder, name, gap) && lstat(to, &info) == 0)
        gap++;
    for (; gap > 0; gap--)
        if (!name_file(from, folder, name, gap - 1) || !name_file(to, folder, name, gap) || rename(from, to) != 0)
            return false;
    return true;
}

bool log_files_moved(const char *path, int fd)
{
    struct stat ours, named;
    return fstat(fd, &ours) != 0 || lstat(path, &named) != 0 || ours.st_ino != named.st_ino ||
           ours.st_dev != named.st_dev;
}

static bool rotate_locked(const char *path, int fd, const struct log_limits *limits)
{
    struct slice folder;
    const char *name;
    split(path, &folder, &name);
    if (log_files_moved(path, fd))
        return true;
    if (make_room(folder, limits, 1))
        return shift(folder, name);
    return errno == EDQUOT && unlink(path) == 0; /* larger than all files may be together: the limits were lowered */
}

bool log_files_rotate(const char *path, int fd, const struct log_limits *limits)
{
    struct slice folder;
    const char *name;
    split(path, &folder, &name);
    int lock = lock_folder(folder);
    if (lock < 0)
        return false;
    bool done = rotate_locked(path, fd, limits);
    int reason = errno;
    (void)close(lock);
    errno = reason;
    return done;
}

/* Whether the file is open already: a rotation has given it the next number meanwhile. */
static bool is_open(int fd, const struct stat *files, unsigned count, struct stat *info)
{
    if (fstat(fd, info) != 0)
        return true;
    for (unsigned i = 0; i < count; i++)
        if (files[i].st_ino == info->st_ino && files[i].st_dev == info->st_dev)
            return true;
    return false;
}

unsigned log_files_open(const char *path, int fds[LOG_FILES_MAX], int *reason)
{
    struct slice folder;
    const char *name;
    char file[PATH_MAX];
    struct stat files[LOG_FILES_MAX];
    unsigned count = 0;
    int failed = 0;
    split(path, &folder, &name);
    for (unsigned n = 0; n < LOG_FILES_MAX && name_file(file, folder, name, n); n++) {
        int fd = file_open(AT_FDCWD, file, 0);
        if (fd >= 0 && is_open(fd, files, count, &files[count]))
            (void)close(fd);
        else if (fd >= 0)
            fds[count++] = fd;
        else if (errno != ENOENT)
            failed = errno;
    }
    if (reason)
        *reason = failed;
    return count;
}
