/* Copies the proxy's standard error, keeps its last lines, and overwrites keys in it. */
#include "cgi/child_log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void child_log_open(struct child_log *log, int fd)
{
    if (log->fd >= 0)
        close(log->fd);
    sodium_memzero(log, sizeof *log);
    log->fd = fd;
    randombytes_buf(log->salt, sizeof log->salt);
}

static void take_fingerprint(const struct child_log *log, const char *text, size_t len, unsigned char *hash)
{
    (void)crypto_generichash(hash, crypto_generichash_BYTES_MIN, (const unsigned char *)text, len, log->salt,
                             sizeof log->salt);
}

void child_log_hide(struct child_log *log, struct slice key)
{
    if (key.len < CHILD_LOG_KEY_MIN || log->key_count == CHILD_LOG_KEYS_MAX)
        return;
    struct fingerprint *print = &log->keys[log->key_count++];
    print->len = key.len;
    take_fingerprint(log, key.ptr, key.len, print->hash);
}

void child_log_redact(const struct child_log *log, char *text, size_t len)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    for (size_t i = 0; i < log->key_count; i++) {
        const struct fingerprint *print = &log->keys[i];
        for (size_t at = 0; at + print->len <= len; at++) {
            take_fingerprint(log, text + at, print->len, hash);
            if (sodium_memcmp(hash, print->hash, sizeof hash) == 0)
                memset(text + at, '*', print->len);
        }
    }
}

/* Keeps the line, and drops the oldest lines to make room. */
static void keep(struct child_log *log, const char *line, size_t len)
{
    len = len < CHILD_LOG_KEPT ? len : CHILD_LOG_KEPT;
    while (log->kept_len + len > CHILD_LOG_KEPT) {
        const char *stop = memchr(log->kept, '\n', log->kept_len);
        size_t oldest = stop ? (size_t)(stop - log->kept) + 1 : log->kept_len;
        memmove(log->kept, log->kept + oldest, log->kept_len - oldest);
        log->kept_len -= oldest;
    }
    memcpy(log->kept + log->kept_len, line, len);
    log->kept_len += len;
}

static void end_line(struct child_log *log)
{
    if (log->line_len && !log->skipping) {
        child_log_redact(log, log->line, log->line_len);
        log->line[log->line_len++] = '\n';
        /* A log that can't be written must not stop the supervisor. */
        ssize_t ignored = write(STDERR_FILENO, log->line, log->line_len);
        (void)ignored;
        keep(log, log->line, log->line_len);
    }
    sodium_memzero(log->line, sizeof log->line);
    log->line_len = 0;
    log->skipping = false;
}

static void take(struct child_log *log, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(log);
        } else if (log->line_len == CHILD_LOG_LINE_MAX - 1) {
            /* A key that is split between two pieces would not be found, so drop the whole line. */
            log->skipping = true;
        } else {
            log->line[log->line_len++] = bytes[i];
        }
    }
}

void child_log_read(struct child_log *log)
{
    char bytes[4096];
    ssize_t len = 0;
    /* At most 64 KB per call, so that a child that writes a lot does not delay the other descriptors. */
    for (int turn = 0; turn < 16 && log->fd >= 0; turn++) {
        len = read(log->fd, bytes, sizeof bytes);
        if (len > 0) {
            take(log, bytes, (size_t)len);
        } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
            end_line(log);
            close(log->fd);
            log->fd = -1;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    sodium_memzero(bytes, sizeof bytes);
}

void child_log_close(struct child_log *log)
{
    child_log_read(log);
    end_line(log);
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

struct slice child_log_last(const struct child_log *log)
{
    size_t len = log->kept_len;
    while (len && log->kept[len - 1] == '\n')
        len--;
    return (struct slice){log->kept, len};
}
