/* The proxy's standard error: passed on, its end kept, keys blotted out. */
#include "cgi/words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void words_open(struct words *words, int fd)
{
    if (words->fd >= 0)
        close(words->fd);
    sodium_memzero(words, sizeof *words);
    words->fd = fd;
    randombytes_buf(words->salt, sizeof words->salt);
}

static void take_fingerprint(const struct words *words, const char *text, size_t len, unsigned char *hash)
{
    (void)crypto_generichash(hash, crypto_generichash_BYTES_MIN, (const unsigned char *)text, len, words->salt,
                             sizeof words->salt);
}

void words_hide(struct words *words, struct slice key)
{
    if (key.len < WORDS_KEY_MIN || words->key_count == WORDS_KEYS_MAX)
        return;
    struct fingerprint *print = &words->keys[words->key_count++];
    print->len = key.len;
    take_fingerprint(words, key.ptr, key.len, print->hash);
}

void words_blot(const struct words *words, char *text, size_t len)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    for (size_t i = 0; i < words->key_count; i++) {
        const struct fingerprint *print = &words->keys[i];
        for (size_t at = 0; at + print->len <= len; at++) {
            take_fingerprint(words, text + at, print->len, hash);
            if (sodium_memcmp(hash, print->hash, sizeof hash) == 0)
                memset(text + at, '*', print->len);
        }
    }
}

/* Keeps the line, dropping as many of the oldest lines as its place needs. */
static void keep(struct words *words, const char *line, size_t len)
{
    len = len < WORDS_KEPT ? len : WORDS_KEPT;
    while (words->kept_len + len > WORDS_KEPT) {
        const char *stop = memchr(words->kept, '\n', words->kept_len);
        size_t oldest = stop ? (size_t)(stop - words->kept) + 1 : words->kept_len;
        memmove(words->kept, words->kept + oldest, words->kept_len - oldest);
        words->kept_len -= oldest;
    }
    memcpy(words->kept + words->kept_len, line, len);
    words->kept_len += len;
}

static void end_line(struct words *words)
{
    if (words->line_len && !words->skipping) {
        words_blot(words, words->line, words->line_len);
        words->line[words->line_len++] = '\n';
        /* A log that can't be written must not stop the supervisor. */
        ssize_t ignored = write(STDERR_FILENO, words->line, words->line_len);
        (void)ignored;
        keep(words, words->line, words->line_len);
    }
    sodium_memzero(words->line, sizeof words->line);
    words->line_len = 0;
    words->skipping = false;
}

static void take(struct words *words, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(words);
        } else if (words->line_len == WORDS_LINE_MAX - 1) {
            /* Cut in two, a key might pass unseen: an overlong line is dropped whole. */
            words->skipping = true;
        } else {
            words->line[words->line_len++] = bytes[i];
        }
    }
}

void words_read(struct words *words)
{
    char bytes[4096];
    ssize_t len = 0;
    /* At most 64 KB in one go, so that a talkative child can't keep us from the other descriptors. */
    for (int turn = 0; turn < 16 && words->fd >= 0; turn++) {
        len = read(words->fd, bytes, sizeof bytes);
        if (len > 0) {
            take(words, bytes, (size_t)len);
        } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
            end_line(words);
            close(words->fd);
            words->fd = -1;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    sodium_memzero(bytes, sizeof bytes);
}

void words_close(struct words *words)
{
    words_read(words);
    end_line(words);
    if (words->fd >= 0)
        close(words->fd);
    words->fd = -1;
}

struct slice words_last(const struct words *words)
{
    size_t len = words->kept_len;
    while (len && words->kept[len - 1] == '\n')
        len--;
    return (struct slice){words->kept, len};
}
