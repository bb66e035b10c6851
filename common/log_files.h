/* log_files: the files of pointsman's logs in one folder: their names, one cap over all of them, and rotation.
 *
 *   requests.jsonl ──rotate──▶ requests.jsonl.1 ──▶ requests.jsonl.2 ──▶ … the oldest file of all logs is removed
 *
 * Each file has at most total / files bytes, and there are at most `files` files, counting one current file for each
 * log of the table even if it is missing. So the cap holds in every state that a killed process can leave. */
#ifndef POINTSMAN_LOG_FILES_H
#define POINTSMAN_LOG_FILES_H

#include "common/buf.h"

#define LOG_REQUESTS "requests.jsonl"
#define LOG_RUNS "cost_router.jsonl"
#define LOG_DEBUG "debug.jsonl"
#define LOG_SUMS "usage-sums.jsonl" /* not a log: see usage/sums_file.h */
#define LOG_NAME_SIZE 65            /* bytes of the session log's name, with its NUL */
#define LOG_FILES_MIN                                                                                                  \
    4                    /* lowest `files`: a current file of each log, and a rotated one; one more with a session log \
                          */
#define LOG_FILES_MAX 64 /* highest `files` */
#define LOG_TOTAL_MIN (8u << 20)
#define LOG_TOTAL_DEFAULT (100u << 20)
#define LOG_FILES_DEFAULT 16

struct log_limits {
    uint64_t total; /* bytes, all files of all logs together */
    unsigned files; /* of all logs together; 1 to LOG_FILES_MAX */
    /* Called before a rotated file of LOG_REQUESTS is removed, while the folder is locked, and possibly by another
     * thread; keeps what must outlast the file (usage/sums_file.h). NULL: nothing. */
    void (*retire)(const char *path);
    char session[LOG_NAME_SIZE]; /* name of the session log in the same folder, which counts too; "": there is none */
};

#define LOG_LIMITS_DEFAULT ((struct log_limits){LOG_TOTAL_DEFAULT, LOG_FILES_DEFAULT, NULL, ""})

/* Returns whether a session log may have this name: a plain file name that ends in ".jsonl", and of no other log. */
bool log_files_session_name(const char *name);
/* Returns the greatest size of one file, bytes. */
size_t log_files_size(const struct log_limits *limits);
/* Removes the oldest rotated files in PATH's folder until the limits hold, for example because they are lower than
 * before. Does nothing while another process rotates. */
void log_files_trim(const char *path, const struct log_limits *limits);
/* Renames PATH, open as `fd`, to PATH.1 and PATH.1 to PATH.2, …, after room is made. The caller then opens PATH.
 * Returns true, too, if PATH is not this file: another process has rotated. false: errno is set; EWOULDBLOCK: another
 * process rotates now. */
MUST_CHECK bool log_files_rotate(const char *path, int fd, const struct log_limits *limits);
/* Returns whether PATH is no longer the file that is open as `fd`: it was rotated. */
bool log_files_moved(const char *path, int fd);
/* Opens the files of a log for reading: PATH, PATH.1, …, newest first, each once even if a rotation runs meanwhile.
 * Files that are missing or can't be opened are left out; *reason (may be NULL): errno of one that is there, or 0.
 * Returns how many are in `fds`; close them. */
unsigned log_files_open(const char *path, int fds[LOG_FILES_MAX], int *reason);

#endif
