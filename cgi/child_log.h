/* child_log: reads the proxy's standard error line by line, copies it to our own, and keeps the last lines in case the
 * proxy dies.
 *
 * The session keeps no key, and must not log one either. So it keeps a fingerprint of each key that the proxy got (a
 * keyed BLAKE2b hash with a random salt of this process), and overwrites any part of a line that has the same
 * fingerprint. */
#ifndef POINTSMAN_CHILD_LOG_H
#define POINTSMAN_CHILD_LOG_H

#include "common/buf.h"

#include <sodium.h>

#define CHILD_LOG_LINE_MAX 2048 /* bytes of a line, with its line break */
#define CHILD_LOG_KEPT 1024     /* bytes of the last lines */
#define CHILD_LOG_KEYS_MAX 88   /* the master key, and a start's fields */
#define CHILD_LOG_KEY_MIN 8     /* bytes; shorter values are not keys, and hiding them would hide ordinary words */

struct fingerprint {
    size_t len;
    unsigned char hash[crypto_generichash_BYTES_MIN];
};

struct child_log {
    int fd;                        /* the pipe's reading end, owned, non-blocking; -1: closed */
    bool skipping;                 /* the line is too long: drops it up to its end */
    char line[CHILD_LOG_LINE_MAX]; /* the line that is being read */
    size_t line_len;
    char kept[CHILD_LOG_KEPT]; /* the last complete lines */
    size_t kept_len;
    unsigned char salt[crypto_generichash_KEYBYTES_MIN];
    struct fingerprint keys[CHILD_LOG_KEYS_MAX];
    size_t key_count;
};

/* Removes all lines and fingerprints, closes the old pipe and takes ownership of a new child's. */
void child_log_open(struct child_log *log, int fd);
/* Keeps the fingerprint of a key that the child gets. Ignores keys shorter than CHILD_LOG_KEY_MIN. */
void child_log_hide(struct child_log *log, struct slice key);
/* Reads what is available; closes the pipe at its end. */
void child_log_read(struct child_log *log);
/* Reads the rest and closes the pipe, after the child has ended. */
void child_log_close(struct child_log *log);
/* Returns the last lines, without the final line break. */
struct slice child_log_last(const struct child_log *log);
/* Replaces each hidden key in the `len` bytes at `text` by asterisks of the same length. */
void child_log_redact(const struct child_log *log, char *text, size_t len);

#endif
